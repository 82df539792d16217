//! Dead letters under one lease: which are tried again, when, and what comes of that.

use std::sync::Arc;

use domain::subscription::{DeadLetter, NewDeadLetter};
use domain::{RecordedEvent, Sequence};

use super::Tenure;
use crate::delivery::second_chance::Look;
use crate::delivery::steps::Outcome;

impl Tenure {
    /// Takes in what a look has found. What is after the cursor, as after a rewind, is handed out with
    /// everything else anyway.
    pub(super) fn looked(&mut self, look: Look, mut letters: Vec<DeadLetter>) {
        let cursor = self.noting.as_ref().map_or(self.window.noted(), |noting| noting.cursor);
        letters.retain(|letter| letter.sequence <= cursor);
        self.second.ask(look, letters);
    }

    /// Has nothing of its key handed out until a dead letter has been tried.
    pub(super) fn found(&mut self, event: Arc<RecordedEvent>) {
        self.window.hold(Some(self.work.subscription.order.of(&event)));
        self.second.found(event);
    }

    /// Tries a dead letter again, in the order of its key and as one of the width: it has waited for
    /// longest.
    pub(super) fn hand_out_letter(&mut self) {
        if let Some(sequence) = self.second.next() {
            self.steps.push(self.work.find(sequence));
        }
        if self.second.has_found()
            && self.at_work() < self.work.subscription.width
            && !self.window.holds_up()
            && let Some(event) = self.second.hand_out()
        {
            self.steps.push(self.work.retry(event));
        }
    }

    /// How many handlers are at work.
    pub(super) fn at_work(&self) -> usize {
        self.window.running() + usize::from(self.second.is_at_work())
    }

    /// Of these, which were handled, those that may be dead letters from before a rewind.
    pub(super) fn resolved(&self, handled: Vec<Sequence>) -> Vec<Sequence> {
        let mut resolved = handled;
        resolved.retain(|sequence| *sequence <= self.letters_through);
        resolved
    }

    pub(super) fn retried(&mut self, sequence: Sequence, outcome: Outcome) {
        self.window.hold(None);
        match outcome {
            Some(Ok(effects)) => {
                self.work.measures.handled();
                self.second.handled(sequence, effects);
            }
            Some(Err(errors)) => self.dead_again(sequence, errors),
            None => {
                self.given_up += 1;
                self.second.given_up();
            }
        }
    }

    pub(super) fn dead_again(&mut self, sequence: Sequence, errors: Vec<String>) {
        tracing::warn!(
            subscription = self.work.name.as_str(),
            sequence = sequence.0,
            error = errors.join(": "),
            "a dead letter was tried again and could not be handled"
        );
        let failed_at = self.work.ports.clock.now();
        self.second.failed(NewDeadLetter { sequence, attempts: 1, errors, failed_at });
    }
}
