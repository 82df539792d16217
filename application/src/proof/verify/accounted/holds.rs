//! Whether the legal holds that a record tells of are in force.
//!
//! Deliberately absent: a verdict. A hold is put on record first and in force after that: where a program
//! ends in between, nobody has changed anything.

use std::collections::BTreeSet;

use domain::audit::legal_hold::LegalHold;
use domain::events::{AuditHoldPlaced, AuditHoldReleased};
use domain::{RecordedEvent, Sequence};

/// The holds that were placed and not released.
#[derive(Default)]
pub(super) struct Holds(BTreeSet<Sequence>);

impl Holds {
    /// Takes what may say that one was placed or released.
    pub(super) fn take(&mut self, event: &RecordedEvent) {
        if event.is::<AuditHoldPlaced>() {
            self.0.insert(event.sequence);
        } else if let Ok(released) = event.decode::<AuditHoldReleased>() {
            self.0.remove(&Sequence(released.hold));
        }
    }

    /// Takes those that are in force.
    pub(super) fn in_force(&mut self, holds: Vec<LegalHold>) {
        for hold in holds {
            self.0.remove(&hold.id.0);
        }
    }

    /// The others.
    pub(super) fn left(self) -> Vec<Sequence> {
        self.0.into_iter().collect()
    }

    /// What is to be said of the others.
    pub(super) fn notes(self) -> impl Iterator<Item = String> {
        self.0.into_iter().map(|hold| {
            format!(
                "legal hold {hold} is on record, and neither in force nor released: it is just being \
                 placed, was never put in force, was removed from outside, or is another record's; should it stay \
                 so, place it again, and release this one"
            )
        })
    }
}
