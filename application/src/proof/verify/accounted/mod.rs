//! Whether what is no longer in a record went as the record itself says: removed by retention, or erased
//! on request; and whether the legal holds that it tells of are in force.
//!
//! Deliberately absent: what the entries and values were. The tree still has their hashes.

mod erased;
mod holds;
mod removed;

use std::sync::Arc;

use domain::audit::{AuditFilter, Page, TypePattern};
use domain::events::{
    AuditErased, AuditErasureRefused, AuditErasureStarted, AuditHoldPlaced, AuditHoldReleased,
    AuditPruneStarted, AuditPruned,
};
use domain::ports::QueryError;
use domain::{AuditLog, AuditTree, DomainEvent, LegalHolds, RecordedEvent, Sequence};

use super::finding::Finding;
use super::{VerifyError, oldest};
use crate::causes::causes;
use erased::Requests;
use holds::Holds;
use removed::Runs;

/// How many entries are read at a time.
const PAGE: u32 = 5000;

/// What a record is asked for.
pub(super) struct Asked {
    pub(super) log: Arc<dyn AuditLog>,
    pub(super) holds: Arc<dyn LegalHolds>,
}

/// What it says of itself.
pub(super) struct Account {
    /// What it does not account for.
    pub(super) findings: Vec<Finding>,
    /// What is worth knowing, though nothing is wrong.
    pub(super) notes: Vec<String>,
}

impl Asked {
    /// Asked once all entries were looked at: what is gone by then was announced before. `erased` are the
    /// entries that values are gone of, by sequence.
    pub(super) async fn account(
        &self,
        tree: &dyn AuditTree,
        genesis: Sequence,
        erased: &[Sequence],
    ) -> Result<Account, VerifyError> {
        let first = oldest(tree).await?;
        let removed = first.map(|first| Sequence(first.0.saturating_sub(1)));
        let removed = removed.filter(|removed| *removed > genesis);
        let in_force = self.holds.in_force().await;
        let (mut runs, mut requests, mut holds) =
            (Runs::since(genesis), Requests::default(), Holds::default());
        let take = |event: &RecordedEvent| {
            runs.take(event);
            requests.take(event);
            holds.take(event);
        };
        let read = each(&*self.log, take).await;
        if let Err(error) = read {
            if removed.is_some() || !erased.is_empty() {
                return Err(VerifyError::Account(error));
            }
            // As where an index is damaged, and no entry is.
            return Ok(Account { findings: Vec::new(), notes: vec![unknown_holds(&error)] });
        }
        let mut notes = Vec::new();
        // Twice, since one may be placed or released while the record is read.
        match (in_force, self.holds.in_force().await) {
            (Ok(before), Ok(now)) => {
                holds.in_force(before);
                holds.in_force(now);
                notes.extend(holds.notes());
            }
            (Err(error), _) | (_, Err(error)) => notes.push(unknown_holds(&error)),
        }
        // A request may have been removed since its entries were looked at, and they with it.
        let first = oldest(tree).await?;
        let erased =
            &erased[erased.partition_point(|entry| first.is_none_or(|first| *entry < first))..];
        let mut findings: Vec<Finding> =
            removed.and_then(|through| runs.unaccounted(through)).into_iter().collect();
        findings.extend(requests.unaccounted(erased));
        if removed.is_some() {
            notes.extend(runs.notes());
        }
        if !erased.is_empty() {
            notes.extend(requests.note());
        }
        Ok(Account { findings, notes })
    }
}

fn unknown_holds(error: &(dyn std::error::Error + 'static)) -> String {
    format!("what is said of legal holds cannot be looked up: {}", causes(error).join(": "))
}

/// What of everything up to an entry was removed by no run of retention that is on record.
///
/// # Errors
/// When the record cannot be asked.
pub(super) async fn removed(
    log: &dyn AuditLog,
    genesis: Sequence,
    through: Sequence,
) -> Result<Option<Finding>, QueryError> {
    let mut runs = Runs::since(genesis);
    each(log, |event| runs.take(event)).await?;
    Ok(runs.unaccounted(through))
}

/// The legal holds that are on record, and neither in force nor released. None where that cannot be looked up,
/// which whoever asks for the entries is told.
pub(super) async fn dangling(log: &dyn AuditLog, in_force: &dyn LegalHolds) -> Vec<Sequence> {
    let mut holds = Holds::default();
    let before = in_force.in_force().await;
    let read = each(log, |event| holds.take(event)).await;
    let (Ok(before), Ok(()), Ok(now)) = (before, read, in_force.in_force().await) else {
        return Vec::new();
    };
    holds.in_force(before);
    holds.in_force(now);
    holds.left()
}

/// Shows everything that the record says of its own retention, erasures and holds, in its order.
async fn each(log: &dyn AuditLog, mut show: impl FnMut(&RecordedEvent)) -> Result<(), QueryError> {
    let types = [
        AuditPruneStarted::DESCRIPTOR,
        AuditPruned::DESCRIPTOR,
        AuditErasureStarted::DESCRIPTOR,
        AuditErased::DESCRIPTOR,
        AuditErasureRefused::DESCRIPTOR,
        AuditHoldPlaced::DESCRIPTOR,
        AuditHoldReleased::DESCRIPTOR,
    ];
    let types = types.map(|one| TypePattern::new(one.event_type)).to_vec();
    let filter = AuditFilter { types, ..AuditFilter::default() };
    let mut after = Sequence(0);
    loop {
        let page = log.page(&filter, Page::after(after, PAGE)).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.sequence;
        page.iter().for_each(&mut show);
    }
}
