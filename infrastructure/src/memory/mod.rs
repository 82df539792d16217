//! The audit log, its tree and the durable subscriptions in memory, for tests and demonstrations.
//!
//! They make the same promises as those on disk and are held to them by the same suites, but for
//! the ones they cannot keep: what they hold goes with the process, and there is no database in which a
//! handler could change something.

mod erasure;
mod holds;
mod record;
mod subscriptions;
mod tree;

pub use holds::InMemoryLegalHolds;
pub use record::InMemoryRecord;
pub use subscriptions::InMemorySubscriptionStore;
pub use tree::InMemoryAuditTree;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::audit::retention::Prefix;
use domain::audit::{Page, Tally, TallyBy};
use domain::ports::{Fact, Inspection};
use domain::{
    AppendError, AuditAppend, AuditEntry, AuditFilter, AuditInspect, AuditLog, AuditQuery,
    AuditRetention, Clock, LogSpan, QueryError, Receipt, RecordedEvent, RetentionError, Sequence,
};
use shaku::{Component, HasComponent, Module, ModuleBuildContext};

use crate::moment::{self, UnwritableMoment};
use record::NewRow;

/// The audit log in memory. See [`domain::ports`] for what it promises.
pub struct InMemoryAuditLog {
    clock: Arc<dyn Clock>,
    record: InMemoryRecord,
}

impl InMemoryAuditLog {
    /// An empty log; `clock` says when entries are recorded.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::over(InMemoryRecord::default(), clock)
    }

    /// The log over a record, which its tree is given as well; `clock` says when entries are recorded.
    #[must_use]
    pub fn over(record: InMemoryRecord, clock: Arc<dyn Clock>) -> Self {
        Self { clock, record }
    }

    /// The tree over what this log holds.
    #[must_use]
    pub fn tree(&self) -> InMemoryAuditTree {
        InMemoryAuditTree::over(self.record.clone())
    }
}

#[async_trait]
impl AuditAppend for InMemoryAuditLog {
    async fn append(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, AppendError> {
        let now = self.clock.now();
        // Refused as on disk, before the first is placed.
        let rows = NewRow::of(batch).map_err(|error| AppendError::Storage(Arc::new(error)))?;
        moment::text(now).map_err(unwritable)?;
        let mut record = self.record.write();
        let receipts: Result<Vec<_>, _> =
            rows.into_iter().map(|row| record.place(row, now)).collect();
        let newest = record.newest();
        drop(record);
        // Of two appends, the second may come by here first.
        self.record.newest().send_if_modified(|known| {
            let grown = newest > *known;
            *known = newest.max(*known);
            grown
        });
        receipts.map_err(unwritable)
    }
}

fn unwritable(moment: UnwritableMoment) -> AppendError {
    AppendError::Storage(Arc::new(moment))
}

#[async_trait]
impl AuditQuery for InMemoryAuditLog {
    async fn page(
        &self,
        filter: &AuditFilter,
        page: Page,
    ) -> Result<Vec<RecordedEvent>, QueryError> {
        let record = self.record.read();
        let wanted = |entry: &&RecordedEvent| page.admits(entry.sequence) && filter.matches(entry);
        let limit = page.limit as usize;
        let entries = record.events();
        Ok(if page.reverse {
            entries.rev().filter(wanted).take(limit).cloned().collect()
        } else {
            entries.filter(wanted).take(limit).cloned().collect()
        })
    }

    async fn by_sequence(&self, sequence: Sequence) -> Result<Option<RecordedEvent>, QueryError> {
        Ok(self.record.read().at(sequence).cloned())
    }

    async fn by_event_id(&self, event_id: &str) -> Result<Vec<RecordedEvent>, QueryError> {
        let record = self.record.read();
        let wanted = record.events().filter(|entry| entry.envelope.event_id == event_id);
        Ok(wanted.cloned().collect())
    }

    async fn span(&self) -> Result<LogSpan, QueryError> {
        let record = self.record.read();
        let end = |entry: &RecordedEvent| (entry.sequence, entry.recorded_at);
        Ok(LogSpan {
            first: record.events().next().map(end),
            last: record.events().next_back().map(end),
            entries: record.entries.len() as u64,
        })
    }

    async fn tally(&self, filter: &AuditFilter, by: TallyBy) -> Result<Vec<Tally>, QueryError> {
        let mut counts: BTreeMap<Option<String>, u64> = BTreeMap::new();
        for entry in self.record.read().events().filter(|entry| filter.matches(entry)) {
            *counts.entry(by.key(entry)).or_default() += 1;
        }
        let mut tallies: Vec<Tally> =
            counts.into_iter().map(|(key, entries)| Tally { key, entries }).collect();
        // The sort is stable: equal counts stay in the order of their keys.
        tallies.sort_by_key(|tally| (std::cmp::Reverse(tally.entries), tally.key.is_none()));
        Ok(tallies)
    }

    async fn last_recorded_before(
        &self,
        moment: DateTime<Utc>,
    ) -> Result<Option<Sequence>, QueryError> {
        let record = self.record.read();
        let later = record.entries.partition_point(|row| row.event.recorded_at < moment);
        Ok(later.checked_sub(1).map(|last| record.entries[last].event.sequence))
    }

    async fn newer_than(&self, sequence: Sequence) -> Result<Sequence, QueryError> {
        let mut newest = self.record.newest().subscribe();
        // The sender is this record's own, so that waiting ends only when there is something.
        let newest = newest.wait_for(|newest| *newest > sequence).await;
        Ok(newest.map_or(sequence, |newest| *newest))
    }
}

#[async_trait]
impl AuditRetention for InMemoryAuditLog {
    async fn remove_oldest(
        &self,
        through: Sequence,
        limit: u32,
    ) -> Result<Option<Prefix>, RetentionError> {
        let mut record = self.record.write();
        let mut removed = None;
        let mut left = limit;
        while left > 0
            // The newest entry stays: the next sequence is counted from it.
            && record.entries.len() > 1
            && record.first().is_some_and(|first| first <= through)
        {
            if let Some(sequence) = record.remove_first() {
                let from = removed.map_or(sequence, |prefix: Prefix| prefix.from);
                removed = Some(Prefix { from, through: sequence });
            }
            left -= 1;
        }
        Ok(removed)
    }
}

#[async_trait]
impl AuditInspect for InMemoryAuditLog {
    async fn inspect(&self) -> Result<Inspection, QueryError> {
        let span = self.span().await?;
        let mut facts =
            vec![Fact::fine("storage", "in memory"), Fact::fine("entries", span.entries)];
        if let (Some((first, _)), Some((last, _))) = (span.first, span.last) {
            facts.push(Fact::fine("sequences", format!("{first} to {last}")));
            // Entries are only ever added after the newest and removed at the start.
            facts.push(Fact::fine("gaps", "none"));
        }
        Ok(Inspection { facts })
    }
}

impl<M: Module + HasComponent<dyn Clock>> Component<M> for InMemoryAuditLog {
    type Interface = dyn AuditLog;
    /// The record; give a tree the same one.
    type Parameters = InMemoryRecord;

    fn build(context: &mut ModuleBuildContext<M>, record: InMemoryRecord) -> Box<Self::Interface> {
        Box::new(Self::over(record, M::build_component(context)))
    }
}
