//! The audit log and the durable subscriptions in memory, for tests and demonstrations.
//!
//! They make the same promises as those on disk and are held to them by the same suites, but for
//! the ones they cannot keep: what they hold goes with the process, and there is no database in which a
//! handler could change something.

mod holds;
mod subscriptions;

pub use holds::InMemoryLegalHolds;
pub use subscriptions::InMemorySubscriptionStore;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::audit::retention::Prefix;
use domain::audit::{Page, Tally, TallyBy};
use domain::ports::{Fact, Inspection};
use domain::{
    AppendError, AuditAppend, AuditEntry, AuditFilter, AuditInspect, AuditLog, AuditQuery,
    AuditRetention, Clock, LogSpan, QueryError, Receipt, ReceiptStatus, RecordedEvent,
    RetentionError, Sequence,
};
use shaku::{Component, HasComponent, Module, ModuleBuildContext};
use tokio::sync::watch;

use crate::moment;

/// The audit log in memory. See [`domain::ports`] for what it promises.
pub struct InMemoryAuditLog {
    clock: Arc<dyn Clock>,
    record: RwLock<Record>,
    /// The newest entry's place.
    newest: watch::Sender<Sequence>,
}

impl InMemoryAuditLog {
    /// An empty log; `clock` says when entries are recorded.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, record: RwLock::default(), newest: watch::Sender::default() }
    }

    fn read(&self) -> RwLockReadGuard<'_, Record> {
        // Nothing that can panic runs while the record is half changed.
        self.record.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Record> {
        self.record.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A contiguous range of entries, and where the events are that were ever identified in it.
#[derive(Default)]
struct Record {
    entries: VecDeque<RecordedEvent>,
    places: HashMap<(String, String), Sequence>,
}

impl Record {
    fn first(&self) -> Option<Sequence> {
        self.entries.front().map(|entry| entry.sequence)
    }

    fn at(&self, sequence: Sequence) -> Option<&RecordedEvent> {
        let place = sequence.0.checked_sub(self.first()?.0)?;
        self.entries.get(usize::try_from(place).ok()?)
    }

    /// Appends an entry, or finds it on record.
    fn place(&mut self, entry: &AuditEntry, now: DateTime<Utc>) -> Receipt {
        let envelope = entry.envelope();
        let identity = (envelope.source.clone(), envelope.event_id.clone());
        let known = self.places.get(&identity).and_then(|place| self.at(*place));
        let receipt = |place: &RecordedEvent, status| Receipt {
            event_id: envelope.event_id.clone(),
            sequence: place.sequence,
            recorded_at: place.recorded_at,
            status,
        };
        if let Some(known) = known {
            return receipt(known, ReceiptStatus::AlreadyOnRecord);
        }
        let newest = self.entries.back();
        let new = RecordedEvent {
            sequence: newest.map_or(Sequence(1), |newest| newest.sequence.next()),
            recorded_at: newest.map_or(now, |newest| newest.recorded_at.max(now)),
            envelope: envelope.clone(),
        };
        let receipt = receipt(&new, ReceiptStatus::Recorded);
        self.places.insert(identity, new.sequence);
        self.entries.push_back(new);
        receipt
    }
}

#[async_trait]
impl AuditAppend for InMemoryAuditLog {
    async fn append(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, AppendError> {
        let now = self.clock.now();
        // Refused as on disk, before the first is placed.
        for time in batch.iter().map(|entry| entry.envelope().occurred_at).chain([now]) {
            moment::text(time).map_err(|error| AppendError::Storage(Arc::new(error)))?;
        }
        let mut record = self.write();
        let receipts = batch.iter().map(|entry| record.place(entry, now)).collect();
        let newest = record.entries.back().map_or(Sequence(0), |entry| entry.sequence);
        drop(record);
        // Of two appends, the second may come by here first.
        self.newest.send_if_modified(|known| {
            let grown = newest > *known;
            *known = newest.max(*known);
            grown
        });
        Ok(receipts)
    }
}

#[async_trait]
impl AuditQuery for InMemoryAuditLog {
    async fn page(
        &self,
        filter: &AuditFilter,
        page: Page,
    ) -> Result<Vec<RecordedEvent>, QueryError> {
        let record = self.read();
        let wanted = |entry: &&RecordedEvent| page.admits(entry.sequence) && filter.matches(entry);
        let limit = page.limit as usize;
        let entries = record.entries.iter();
        Ok(if page.reverse {
            entries.rev().filter(wanted).take(limit).cloned().collect()
        } else {
            entries.filter(wanted).take(limit).cloned().collect()
        })
    }

    async fn by_sequence(&self, sequence: Sequence) -> Result<Option<RecordedEvent>, QueryError> {
        Ok(self.read().at(sequence).cloned())
    }

    async fn by_event_id(&self, event_id: &str) -> Result<Vec<RecordedEvent>, QueryError> {
        let record = self.read();
        let wanted = record.entries.iter().filter(|entry| entry.envelope.event_id == event_id);
        Ok(wanted.cloned().collect())
    }

    async fn span(&self) -> Result<LogSpan, QueryError> {
        let record = self.read();
        let end = |entry: &RecordedEvent| (entry.sequence, entry.recorded_at);
        Ok(LogSpan {
            first: record.entries.front().map(end),
            last: record.entries.back().map(end),
            entries: record.entries.len() as u64,
        })
    }

    async fn tally(&self, filter: &AuditFilter, by: TallyBy) -> Result<Vec<Tally>, QueryError> {
        let mut counts: BTreeMap<Option<String>, u64> = BTreeMap::new();
        for entry in self.read().entries.iter().filter(|entry| filter.matches(entry)) {
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
        let record = self.read();
        let later = record.entries.partition_point(|entry| entry.recorded_at < moment);
        Ok(later.checked_sub(1).map(|last| record.entries[last].sequence))
    }

    async fn newer_than(&self, sequence: Sequence) -> Result<Sequence, QueryError> {
        let mut newest = self.newest.subscribe();
        // The sender is this log's own, so that waiting ends only when there is something.
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
        let mut record = self.write();
        let mut removed = None;
        let mut left = limit;
        while left > 0
            // The newest entry stays: the next sequence is counted from it.
            && record.entries.len() > 1
            && record.first().is_some_and(|first| first <= through)
        {
            if let Some(RecordedEvent { sequence, envelope, .. }) = record.entries.pop_front() {
                let from = removed.map_or(sequence, |prefix: Prefix| prefix.from);
                removed = Some(Prefix { from, through: sequence });
                record.places.remove(&(envelope.source, envelope.event_id));
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
    type Parameters = ();

    fn build(context: &mut ModuleBuildContext<M>, (): ()) -> Box<Self::Interface> {
        Box::new(Self::new(M::build_component(context)))
    }
}
