//! Whether what is gone from the beginning of a record was removed by retention: its runs say so on the
//! record, before they begin and when they are over.
//!
//! Deliberately absent: whether the rules let it go. What it was is gone.

use domain::events::{AuditPruneStarted, AuditPruned};
use domain::proof::CommittedField;
use domain::{RecordedEvent, Sequence};

use super::super::finding::{Finding, FindingKind};
use crate::retention;

/// The runs of retention that are on record. One that has begun accounts for all that it said it would
/// remove until it is over; from then on what it says it removed counts alone.
pub(super) struct Runs {
    accounted: Sequence,
    begun: Vec<Sequence>,
    /// How many are over, and where the last of them says so.
    over: u64,
    last: Sequence,
}

impl Runs {
    /// None yet, of a record whose tree begins after this entry.
    pub(super) const fn since(genesis: Sequence) -> Self {
        Self { accounted: genesis, begun: Vec::new(), over: 0, last: Sequence(0) }
    }

    /// Takes what may be a run's announcement.
    pub(super) fn take(&mut self, event: &RecordedEvent) {
        let (begins, ends) = (event.is::<AuditPruneStarted>(), event.is::<AuditPruned>());
        if !(begins || ends) || !by_retention(event) {
            return;
        }
        // What it said may have been erased. None has removed itself.
        let before = Sequence(event.sequence.0.saturating_sub(1));
        if begins {
            let to = event.decode::<AuditPruneStarted>();
            self.begun.push(to.map_or(before, |run| Sequence(run.to_sequence)).min(before));
        } else {
            let to = event.decode::<AuditPruned>().map_or(before, |run| Sequence(run.to_sequence));
            self.accounted = self.accounted.max(to.min(before));
            // Where several were at work, it may be another one that is over, and this one that goes on.
            self.begun.pop();
            self.over += 1;
            self.last = event.sequence;
        }
    }

    /// What of everything up to an entry was removed by none of them.
    pub(super) fn unaccounted(&self, through: Sequence) -> Option<Finding> {
        let accounted = self.begun.iter().copied().fold(self.accounted, Ord::max);
        let message = "removed, and no run of retention on record says that it did so";
        (accounted < through)
            .then(|| Finding::at(FindingKind::Gap, accounted.next(), message).through(through))
    }

    /// Where a reader finds who says so.
    pub(super) fn note(&self) -> Option<String> {
        let what = match self.over {
            0 => return None,
            1 => "a run of retention that is on record".to_owned(),
            runs => format!("{runs} runs of retention that are on record"),
        };
        Some(format!("removed by {what}; the last is entry {}", self.last))
    }
}

/// Whether retention says so. Whoever else does has put that on record under a name of their own, or
/// this one; whose name was erased may have been anybody.
fn by_retention(event: &RecordedEvent) -> bool {
    event.envelope.actor.as_ref().map_or_else(
        || event.erased.contains(CommittedField::Actor),
        |actor| *actor == retention::actor(),
    )
}
