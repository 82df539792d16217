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
    begun: Vec<Begun>,
    /// How many are over, and where the last of them says so.
    over: u64,
    last: Sequence,
}

/// A run that is not over, as far as is known.
struct Begun {
    event_id: String,
    at: Sequence,
    from: Sequence,
    to: Sequence,
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
            let (from, to) =
                event.decode::<AuditPruneStarted>().map_or((Sequence(0), before), |run| {
                    (Sequence(run.from_sequence), Sequence(run.to_sequence))
                });
            let event_id = event.envelope.event_id.clone();
            self.begun.push(Begun { event_id, at: event.sequence, from, to: to.min(before) });
        } else {
            let run = event.decode::<AuditPruned>().ok();
            let to = run.as_ref().map_or(before, |run| Sequence(run.to_sequence));
            self.accounted = self.accounted.max(to.min(before));
            self.end(
                event.envelope.causation_id.as_deref(),
                run.map(|run| Sequence(run.from_sequence)),
            );
            self.over += 1;
            self.last = event.sequence;
        }
    }

    /// Takes a run off those that are not over. Several may be at work at once: it is the one that is named as
    /// the cause, or, where an earlier version named none, the newest one that the range lies in.
    fn end(&mut self, cause: Option<&str>, from: Option<Sequence>) {
        let it = match cause {
            Some(cause) => self.begun.iter().rposition(|run| run.event_id == cause),
            None => self.begun.iter().rposition(|run| {
                from.is_some_and(|from| run.from <= from && from <= run.to.next())
            }),
        };
        if let Some(it) = it {
            self.begun.remove(it);
        }
    }

    /// What of everything up to an entry was removed by none of them.
    pub(super) fn unaccounted(&self, through: Sequence) -> Option<Finding> {
        let accounted = self.begun.iter().map(|run| run.to).fold(self.accounted, Ord::max);
        let message = "removed, and no run of retention on record says that it did so";
        (accounted < through)
            .then(|| Finding::at(FindingKind::Gap, accounted.next(), message).through(through))
    }

    /// Where a reader finds who says so.
    pub(super) fn notes(&self) -> Vec<String> {
        let over = match self.over {
            0 => None,
            1 => Some("a run of retention that is on record".to_owned()),
            runs => Some(format!("{runs} runs of retention that are on record")),
        };
        let over = over.map(|what| format!("removed by {what}; the last is entry {}", self.last));
        let begun = self.begun.last().map(|run| {
            format!(
                "entry {} says that retention is about to remove entries up to {}, and none that it is over",
                run.at, run.to
            )
        });
        over.into_iter().chain(begun).collect()
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
