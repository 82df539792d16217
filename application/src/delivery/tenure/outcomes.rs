//! What follows from an attempt: progress, another attempt, a dead letter, or a halt.

use domain::Sequence;
use domain::ports::SubscriptionStoreError;
use domain::subscription::{NewDeadLetter, SubscriptionFailure};

use super::{Closing, Step, Tenure};
use crate::delivery::secrets::harmless;
use crate::delivery::steps::Outcome;
use crate::delivery::window::Verdict;
use crate::delivery::{OnExhausted, causes};

impl Tenure {
    pub(super) fn attempted(&mut self, sequence: Sequence, outcome: Outcome) {
        match outcome {
            Some(Ok(effects)) => {
                self.work.measures.handled();
                self.window.handled(sequence, effects);
                self.went_well(sequence);
            }
            Some(Err(errors)) => self.failed(sequence, errors),
            None => {
                self.given_up += 1;
                self.window.given_up(sequence);
            }
        }
    }

    /// What went wrong is no longer the last word once that very event is handled, or another while
    /// that one is out of the way.
    pub(super) fn went_well(&mut self, sequence: Sequence) {
        let about = self.failure.as_ref().and_then(|failure| failure.sequence);
        if about.is_none_or(|about| about <= sequence && !self.window.is_open(about)) {
            self.failure = None;
        }
    }

    pub(super) fn failed(&mut self, sequence: Sequence, errors: Vec<String>) {
        let at = self.work.ports.clock.now();
        let name = self.work.name.as_str();
        let failure = SubscriptionFailure { sequence: Some(sequence), errors, at };
        let said = failure.errors.join(": ");
        self.failure = Some(failure.clone());
        match self.window.failed(sequence) {
            Verdict::Again(pause) => {
                self.work.measures.tries_again();
                tracing::warn!(
                    subscription = name,
                    sequence = sequence.0,
                    pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                    error = said,
                    "an event was not handled; trying again after a pause"
                );
                self.steps.push(self.work.after(pause, Step::PauseOver(sequence)));
            }
            Verdict::Exhausted(attempts) => {
                tracing::error!(
                    subscription = name,
                    sequence = sequence.0,
                    attempts,
                    error = said,
                    "an event could not be handled and is not tried again"
                );
                match self.work.subscription.on_exhausted {
                    OnExhausted::DeadLetter => {
                        self.work.measures.dead_letter();
                        let errors = failure.errors;
                        let letter = NewDeadLetter { sequence, attempts, errors, failed_at: at };
                        self.window.dead(letter);
                    }
                    OnExhausted::Halt => {
                        self.closing.get_or_insert(Closing::Halt(failure));
                    }
                }
            }
        }
    }

    /// What a handler wanted changed was refused: as good as if the handler itself had failed.
    pub(super) fn refused(&mut self, sequence: Sequence, error: &SubscriptionStoreError) {
        if self.second.has_effects(sequence) {
            self.dead_again(sequence, self.refusal(error));
        } else if self.window.has_effects(sequence) {
            self.failed(sequence, self.refusal(error));
        }
    }

    /// What the database said of a statement, which may quote its values.
    fn refusal(&self, error: &SubscriptionStoreError) -> Vec<String> {
        harmless(&*self.work.ports.redactor, causes(error))
    }

    pub(super) fn warn(&self, error: &(dyn std::error::Error + 'static), what: &str) {
        let subscription = self.work.name.as_str();
        tracing::warn!(subscription, error, "{what}");
    }
}
