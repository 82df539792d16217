//! Dead letters that somebody wants tried again: one at a time, once each time it is asked for.

use std::collections::VecDeque;

use domain::Sequence;
use domain::subscription::{DeadLetter, Effect, EventEffects, NewDeadLetter};

/// Dead letters to be tried again, and what came of those that were.
#[derive(Default)]
pub(super) struct SecondChances {
    waiting: VecDeque<Sequence>,
    trying: Option<Sequence>,
    handled: Vec<EventEffects>,
    failed: Vec<NewDeadLetter>,
}

impl SecondChances {
    /// Takes in what was asked for, but for what is under way already.
    pub(super) fn ask(&mut self, letters: Vec<DeadLetter>) {
        for letter in letters.into_iter().filter(|letter| letter.retry_requested) {
            if !self.knows(letter.sequence) {
                self.waiting.push_back(letter.sequence);
            }
        }
    }

    fn knows(&self, sequence: Sequence) -> bool {
        self.trying == Some(sequence)
            || self.waiting.contains(&sequence)
            || self.handled.iter().any(|it| it.sequence == sequence)
            || self.failed.iter().any(|it| it.sequence == sequence)
    }

    /// The next one to be tried, unless one is being tried.
    pub(super) fn next(&mut self) -> Option<Sequence> {
        if self.trying.is_some() {
            return None;
        }
        self.trying = self.waiting.pop_front();
        self.trying
    }

    /// Whether one is being tried.
    pub(super) fn is_trying(&self) -> bool {
        self.trying.is_some()
    }

    /// How many are under way.
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + usize::from(self.trying.is_some()) + self.outcomes()
    }

    /// How many outcomes wait to be noted.
    pub(super) fn outcomes(&self) -> usize {
        self.handled.len() + self.failed.len()
    }

    /// Notes that the one that was being tried is handled.
    pub(super) fn handled(&mut self, sequence: Sequence, effects: Vec<Effect>) {
        self.trying = None;
        self.handled.push(EventEffects { sequence, effects });
    }

    /// Notes that the one that was being tried has failed.
    pub(super) fn failed(&mut self, letter: NewDeadLetter) {
        self.trying = None;
        self.failed.push(letter);
    }

    /// Notes that the attempt was given up, as if it had not been made.
    pub(super) fn given_up(&mut self) {
        self.trying = None;
    }

    /// Takes back what was handled, since its effects were refused; whether there was such a one.
    pub(super) fn refused(&mut self, sequence: Sequence) -> bool {
        let before = self.handled.len();
        self.handled.retain(|it| it.sequence != sequence);
        self.handled.len() < before
    }

    /// The first one that has effects to be noted.
    pub(super) fn with_effects(&self) -> Option<Sequence> {
        self.handled.iter().find(|it| !it.effects.is_empty()).map(|it| it.sequence)
    }

    /// What is to be noted: effects, dead letters, and those that are so no more.
    pub(super) fn to_note(&self) -> (Vec<EventEffects>, Vec<NewDeadLetter>, Vec<Sequence>) {
        let mut handled: Vec<&EventEffects> = self.handled.iter().collect();
        handled.sort_by_key(|it| it.sequence);
        let resolved = handled.iter().map(|it| it.sequence).collect();
        let effects = handled.into_iter().filter(|it| !it.effects.is_empty()).cloned().collect();
        (effects, self.failed.clone(), resolved)
    }

    /// Forgets what is noted now.
    pub(super) fn note(&mut self, resolved: &[Sequence], failed: &[Sequence]) {
        self.handled.retain(|it| !resolved.contains(&it.sequence));
        self.failed.retain(|it| !failed.contains(&it.sequence));
    }
}
