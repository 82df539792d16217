//! Whether what is gone from the beginning of a record was removed by retention: its runs say so on the
//! record, before they begin and when they are over.
//!
//! Deliberately absent: what the entries were. The tree still has their hashes.

use domain::audit::{AuditFilter, Page, TypePattern};
use domain::events::{AuditPruneStarted, AuditPruned};
use domain::ports::QueryError;
use domain::proof::CommittedField;
use domain::{AuditLog, DomainEvent, RecordedEvent, Sequence};

use super::finding::{Finding, FindingKind};

/// Who says so. Whoever else does has put that on record under a name of their own, or this one.
const RETENTION: &str = "system:retention";

/// How many runs are read at a time.
const PAGE: u32 = 500;

/// Looks for the runs that removed everything up to an entry. One that has begun accounts for all that it
/// said it would remove until it is over; from then on what it says it removed counts alone.
///
/// # Errors
/// When the record cannot be asked.
pub(super) async fn removed(
    log: &dyn AuditLog,
    genesis: Sequence,
    through: Sequence,
) -> Result<Option<Finding>, QueryError> {
    let runs = [AuditPruneStarted::DESCRIPTOR.event_type, AuditPruned::DESCRIPTOR.event_type];
    let types = runs.map(TypePattern::new).to_vec();
    let runs = AuditFilter { types, ..AuditFilter::default() };
    let (mut after, mut accounted, mut begun) = (Sequence(0), genesis, Vec::new());
    loop {
        let page = log.page(&runs, Page::after(after, PAGE)).await?;
        let Some(last) = page.last() else { break };
        after = last.sequence;
        // Whose name was erased may have been anybody.
        let named = |run: &&RecordedEvent| {
            let actor = run.envelope.actor.as_ref();
            actor.map_or_else(
                || run.erased.contains(CommittedField::Actor),
                |actor| actor.to_string() == RETENTION,
            )
        };
        for run in page.iter().filter(named) {
            // What it said may have been erased. None has removed itself.
            let before = Sequence(run.sequence.0.saturating_sub(1));
            if run.envelope.event_type.as_str() == AuditPruned::DESCRIPTOR.event_type {
                let to =
                    run.decode::<AuditPruned>().map_or(before, |run| Sequence(run.to_sequence));
                accounted = accounted.max(to.min(before));
                // Where several were at work, it may be another one that is over, and this one that goes on.
                begun.pop();
            } else {
                let to = run.decode::<AuditPruneStarted>();
                begun.push(to.map_or(before, |run| Sequence(run.to_sequence)).min(before));
            }
        }
    }
    let accounted = begun.into_iter().fold(accounted, Ord::max);
    let message = "removed, and no run of retention on record says that it did so";
    Ok((accounted < through)
        .then(|| Finding::at(FindingKind::Gap, accounted.next(), message).through(through)))
}
