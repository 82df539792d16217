//! Dead letters that somebody wants tried again: one at a time, once each time it is asked for.
//!
//! What is asked for is found out by looking at the store, which takes a while; what is noted
//! meanwhile, such a look may not have seen.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use domain::subscription::{DeadLetter, Effect, EventEffects, NewDeadLetter, RetriedLetter};
use domain::{RecordedEvent, Sequence};

/// Dead letters to be tried again, and what came of those that were.
#[derive(Default)]
pub(super) struct SecondChances {
    waiting: BTreeSet<Sequence>,
    turn: Option<Turn>,
    /// What waits to be noted.
    outcomes: BTreeMap<Sequence, RetriedLetter>,
    /// How often something has been noted.
    notes: u64,
    /// What has been noted while somebody looked, and the how many-th note it was.
    noted: HashMap<Sequence, u64>,
    looking: usize,
}

/// How far the one has come whose turn it is.
enum Turn {
    /// Its event is looked up.
    Sought(Sequence),
    /// Its event waits to be handed out.
    Found(Arc<RecordedEvent>),
    /// It is being handled.
    AtWork(Sequence),
}

impl Turn {
    fn sequence(&self) -> Sequence {
        match self {
            Self::Sought(sequence) | Self::AtWork(sequence) => *sequence,
            Self::Found(event) => event.sequence,
        }
    }
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
        self.has_turn(sequence) || self.outcomes.contains_key(&sequence)
    }

    fn has_turn(&self, sequence: Sequence) -> bool {
        self.turn.as_ref().is_some_and(|turn| turn.sequence() == sequence)
    }

    /// The next one whose event is to be looked up, unless it is another's turn.
    pub(super) fn next(&mut self) -> Option<Sequence> {
        if self.turn.is_some() {
            return None;
        }
        let next = self.waiting.pop_first()?;
        self.turn = Some(Turn::Sought(next));
        Some(next)
    }

    /// Notes that the event was found of the one whose turn it is.
    pub(super) fn found(&mut self, event: Arc<RecordedEvent>) {
        self.turn = Some(Turn::Found(event));
    }

    /// Whether there is an event to be handed out.
    pub(super) fn has_found(&self) -> bool {
        matches!(self.turn, Some(Turn::Found(_)))
    }

    /// The event to be handed out, if there is one.
    pub(super) fn hand_out(&mut self) -> Option<Arc<RecordedEvent>> {
        match self.turn.take() {
            Some(Turn::Found(event)) => {
                self.turn = Some(Turn::AtWork(event.sequence));
                Some(event)
            }
            other => {
                self.turn = other;
                None
            }
        }
    }

    /// Whether one is being handled.
    pub(super) fn is_at_work(&self) -> bool {
        matches!(self.turn, Some(Turn::AtWork(_)))
    }

    /// How many are under way.
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + usize::from(self.turn.is_some()) + self.outcomes.len()
    }

    /// How many outcomes wait to be noted.
    pub(super) fn outcomes(&self) -> usize {
        self.outcomes.len()
    }

    /// Notes that the one whose turn it was is handled.
    pub(super) fn handled(&mut self, sequence: Sequence, effects: Vec<Effect>) {
        self.turn = None;
        let handled = RetriedLetter::Handled(EventEffects { sequence, effects });
        self.outcomes.insert(sequence, handled);
    }

    /// Notes that one has failed, or that its effects were refused, which may be long after its turn.
    pub(super) fn failed(&mut self, letter: NewDeadLetter) {
        self.turn.take_if(|turn| turn.sequence() == letter.sequence);
        self.outcomes.insert(letter.sequence, RetriedLetter::Failed(letter));
    }

    /// Notes that the attempt was given up, as if it had not been made.
    pub(super) fn given_up(&mut self) {
        self.turn = None;
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

    /// Of how many it is remembered when they were noted.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.noted.len()
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
