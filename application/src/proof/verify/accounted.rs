//! Whether what is gone from the beginning of a record was removed by retention: its runs say so on the
//! record, before they begin and when they are over.
//!
//! Deliberately absent: what the entries were. The tree still has their hashes.

use domain::audit::{AuditFilter, Page, TypePattern};
use domain::events::{AuditPruneStarted, AuditPruned};
use domain::{AuditLog, DomainEvent, Sequence};

use super::finding::{Finding, FindingKind};

/// How many runs are read at a time.
const PAGE: u32 = 500;

/// Looks for the run that removed everything up to an entry. Where runs cannot be read, that has been found
/// already.
pub(super) async fn removed(
    log: &dyn AuditLog,
    genesis: Sequence,
    through: Sequence,
) -> Option<Finding> {
    let runs = [AuditPruneStarted::DESCRIPTOR.event_type, AuditPruned::DESCRIPTOR.event_type];
    let types = runs.map(TypePattern::new).to_vec();
    let runs = AuditFilter { types, ..AuditFilter::default() };
    // A run that removed an entry came after it.
    let (mut after, mut accounted) = (Sequence(0), genesis);
    loop {
        let page = log.page(&runs, Page::after(after, PAGE)).await.ok()?;
        let Some(last) = page.last() else { break };
        after = last.sequence;
        for run in &page {
            let started = run.decode::<AuditPruneStarted>().map(|run| run.to_sequence);
            let to = started.or_else(|_| run.decode::<AuditPruned>().map(|run| run.to_sequence));
            // What it said may have been erased. None has removed itself.
            let before = Sequence(run.sequence.0.saturating_sub(1));
            accounted = accounted.max(to.map_or(before, Sequence).min(before));
        }
    }
    let message = "removed, and no run of retention on record says that it did so";
    (accounted < through)
        .then(|| Finding::at(FindingKind::Gap, accounted.next(), message).through(through))
}
