//! Dead letters that somebody wants tried again: one at a time, once each time it is asked for.
//!
//! What is asked for is found out by looking at the store, which takes a while; what is noted
//! meanwhile, such a look may not have seen.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::Sequence;
use domain::subscription::{DeadLetter, Effect, EventEffects, NewDeadLetter, RetriedLetter};

/// Dead letters to be tried again, and what came of those that were.
#[derive(Default)]
pub(super) struct SecondChances {
    waiting: BTreeSet<Sequence>,
    trying: Option<Sequence>,
    /// What waits to be noted.
    outcomes: BTreeMap<Sequence, RetriedLetter>,
    /// How often something has been noted.
    notes: u64,
    /// What has been noted while somebody looked, and the how many-th note it was.
    noted: HashMap<Sequence, u64>,
    looking: usize,
}

/// A look at the dead letters, from its beginning: what had been noted by then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look(u64);

impl SecondChances {
    /// Begins a look at the dead letters, which must be ended.
    pub(super) fn look(&mut self) -> Look {
        self.looking += 1;
        Look(self.notes)
    }

    /// Ends a look, and takes in what it has found asked for: but for what is under way already, and
    /// what has been noted since the look began.
    pub(super) fn ask(&mut self, look: Look, letters: Vec<DeadLetter>) {
        for letter in letters.into_iter().filter(|letter| letter.retry_requested) {
            let sequence = letter.sequence;
            let noted_since = self.noted.get(&sequence).is_some_and(|note| *note > look.0);
            if !noted_since && !self.is_under_way(sequence) {
                self.waiting.insert(sequence);
            }
        }
        self.looking -= 1;
        if self.looking == 0 {
            self.noted.clear();
        }
    }

    fn is_under_way(&self, sequence: Sequence) -> bool {
        self.trying == Some(sequence) || self.outcomes.contains_key(&sequence)
    }

    /// The next one to be tried, unless one is being tried.
    pub(super) fn next(&mut self) -> Option<Sequence> {
        if self.trying.is_some() {
            return None;
        }
        self.trying = self.waiting.pop_first();
        self.trying
    }

    /// Whether one is being tried.
    pub(super) fn is_trying(&self) -> bool {
        self.trying.is_some()
    }

    /// How many are under way.
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + usize::from(self.trying.is_some()) + self.outcomes.len()
    }

    /// How many outcomes wait to be noted.
    pub(super) fn outcomes(&self) -> usize {
        self.outcomes.len()
    }

    /// Notes that the one that was being tried is handled.
    pub(super) fn handled(&mut self, sequence: Sequence, effects: Vec<Effect>) {
        self.trying = None;
        let handled = RetriedLetter::Handled(EventEffects { sequence, effects });
        self.outcomes.insert(sequence, handled);
    }

    /// Notes that the one that was being tried has failed, or that its effects were refused.
    pub(super) fn failed(&mut self, letter: NewDeadLetter) {
        self.trying.take_if(|trying| *trying == letter.sequence);
        self.outcomes.insert(letter.sequence, RetriedLetter::Failed(letter));
    }

    /// Notes that the attempt was given up, as if it had not been made.
    pub(super) fn given_up(&mut self) {
        self.trying = None;
    }

    /// Whether one was handled whose effects wait to be noted.
    pub(super) fn has_effects(&self, sequence: Sequence) -> bool {
        self.outcomes.get(&sequence).is_some_and(changes_something)
    }

    /// The first one that has effects to be noted.
    pub(super) fn with_effects(&self) -> Option<Sequence> {
        self.outcomes.values().find(|it| changes_something(it)).map(RetriedLetter::sequence)
    }

    /// What is to be noted, in the order of the record.
    pub(super) fn to_note(&self) -> Vec<RetriedLetter> {
        self.outcomes.values().cloned().collect()
    }

    /// Forgets what is noted now.
    pub(super) fn note(&mut self, noted: &[Sequence]) {
        self.notes += 1;
        for sequence in noted {
            self.outcomes.remove(sequence);
            if self.looking > 0 {
                self.noted.insert(*sequence, self.notes);
            }
        }
    }
}

fn changes_something(outcome: &RetriedLetter) -> bool {
    matches!(outcome, RetriedLetter::Handled(event) if !event.effects.is_empty())
}
