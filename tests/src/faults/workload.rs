//! What is done to a log while its disk fails: emits, alone and together, removals, and the log's
//! own housekeeping.
//!
//! Deliberately absent: chance and time. The same workload makes the same operations each time, so
//! that the n-th of them means something.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use domain::events::PlanCreated;
use domain::{EventDraft, EventEnvelope};

use crate::contract::audit_log::start;
use crate::expect::must;

/// Something that is done once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// So many emits at the same time, of so many events each.
    Emit { emits: usize, events: usize },
    /// The oldest are removed but for so many.
    Prune { keep: u64 },
    /// The tree is grown, and a checkpoint of it is kept.
    Checkpoint,
    /// The log is kept as its adapter keeps it now and then.
    Housekeep,
    /// The bus shuts down, the log is closed and opened again.
    Reopen,
}

/// What is done to a log, step by step.
///
/// ```
/// use indelible_tests::faults::Workload;
/// let workload = Workload::empty().emit(1, 3).prune(2).housekeep().reopen().emit(2, 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a workload does nothing until `torture` runs it"]
pub struct Workload {
    pub(super) steps: Vec<Step>,
}

impl Workload {
    /// One to add to.
    pub const fn empty() -> Self {
        Self { steps: Vec::new() }
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// So many emits at the same time, of so many events each. The bus commits those together that
    /// wait together.
    pub fn emit(self, emits: usize, events: usize) -> Self {
        self.then(Step::Emit { emits, events })
    }

    /// Removes the oldest entries, but for `keep` of them.
    pub fn prune(self, keep: u64) -> Self {
        self.then(Step::Prune { keep })
    }

    /// Grows the tree and keeps a checkpoint of it; nothing where there is none: see
    /// [`OpenLog::treed`](super::OpenLog::treed).
    pub fn checkpoint(self) -> Self {
        self.then(Step::Checkpoint)
    }

    /// Does what [`OpenLog::kept_by`](super::OpenLog::kept_by) says; nothing where it says nothing.
    pub fn housekeep(self) -> Self {
        self.then(Step::Housekeep)
    }

    /// Shuts the bus down, closes the log and opens it again.
    pub fn reopen(self) -> Self {
        self.then(Step::Reopen)
    }
}

impl Default for Workload {
    /// A bit of everything: single events and batches, emits that are committed together, a batch of
    /// several statements, removals of what is in the tree and of what is not, checkpoints of the tree, and
    /// folding the journal back between writes and at the close.
    fn default() -> Self {
        Self::empty()
            .emit(1, 1)
            .emit(3, 4)
            .emit(1, 24)
            .checkpoint()
            .prune(10)
            .emit(2, 3)
            .housekeep()
            .emit(1, 6)
            .checkpoint()
            .reopen()
            .emit(1, 3)
            .prune(5)
            .emit(1, 1)
    }
}

/// When the clock of a run stands at a step.
pub(super) fn moment(step: usize) -> DateTime<Utc> {
    start() + TimeDelta::seconds(i64::try_from(step).unwrap_or(i64::MAX))
}

/// The `number`-th event of a run: enough text to fill a few sectors, and different everywhere, so
/// that a piece of another one would show.
pub(super) fn event(number: usize) -> EventDraft {
    let mut goal = String::new();
    for word in 0..60 {
        // Writing into a text does not fail.
        let _ = write!(goal, "{number}-{word} ");
    }
    let event = PlanCreated { name: format!("plan {number}"), goal, automation_profile: None };
    EventDraft::from(event)
        .with_id(format!("event-{number:06}"))
        .from_source("urn:tests:faults")
        .occurred_at(start())
        .in_plan(format!("p{}", number % 5))
}

/// The event as it must be on record.
pub(super) fn sealed(draft: EventDraft) -> EventEnvelope {
    // What it lacks besides was given above.
    must(draft.seal(start(), String::new, ""))
}
