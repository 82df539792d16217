//! The audit log as a plain list: what every adapter's answers are compared with.
//!
//! Deliberately absent: storing anything, cleverness, and code that an adapter uses as well, but
//! for the pure rules that the ports name as the measure.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::audit::{Page, Tally, TallyBy};
use domain::{
    AuditEntry, AuditFilter, ErasedFields, EventEnvelope, LogSpan, Receipt, ReceiptStatus,
    RecordedEvent, Sequence,
};

/// Everything on record, oldest first.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) record: Vec<RecordedEvent>,
}

impl Model {
    /// What appending a batch at this time should leave and tell.
    pub(super) fn append(&mut self, batch: &[AuditEntry], now: DateTime<Utc>) -> Vec<Receipt> {
        batch.iter().map(|entry| self.place(entry.envelope(), now)).collect()
    }

    fn place(&mut self, envelope: &EventEnvelope, now: DateTime<Utc>) -> Receipt {
        let same = |event: &&RecordedEvent| {
            (&event.envelope.source, &event.envelope.event_id)
                == (&envelope.source, &envelope.event_id)
        };
        let known = self.record.iter().find(same);
        let status = match known {
            Some(_) => ReceiptStatus::AlreadyOnRecord,
            None => ReceiptStatus::Recorded,
        };
        let (sequence, recorded_at) = known.map_or_else(
            || {
                let newest = self.record.last();
                let sequence = newest.map_or(Sequence(1), |newest| newest.sequence.next());
                (sequence, newest.map_or(now, |newest| now.max(newest.recorded_at)))
            },
            |known| (known.sequence, known.recorded_at),
        );
        if status == ReceiptStatus::Recorded {
            self.record.push(RecordedEvent {
                sequence,
                recorded_at,
                envelope: envelope.clone(),
                erased: ErasedFields::NONE,
            });
        }
        Receipt { event_id: envelope.event_id.clone(), sequence, recorded_at, status }
    }

    /// What removing the oldest should leave and tell.
    pub(super) fn remove_oldest(&mut self, through: u64, limit: u32) -> Option<(u64, u64)> {
        let may_go = self.record.len().saturating_sub(1).min(limit as usize);
        let expired = self.record.iter().take_while(|event| event.sequence.0 <= through).count();
        let removed: Vec<_> = self.record.drain(..may_go.min(expired)).collect();
        Some((removed.first()?.sequence.0, removed.last()?.sequence.0))
    }

    pub(super) fn page(&self, filter: &AuditFilter, page: Page) -> Vec<RecordedEvent> {
        let wanted = |event: &&RecordedEvent| filter.matches(event) && page.admits(event.sequence);
        let mut found: Vec<_> = self.record.iter().filter(wanted).cloned().collect();
        if page.reverse {
            found.reverse();
        }
        found.truncate(page.limit as usize);
        found
    }

    pub(super) fn by_sequence(&self, sequence: u64) -> Option<RecordedEvent> {
        self.record.iter().find(|event| event.sequence.0 == sequence).cloned()
    }

    pub(super) fn by_event_id(&self, event_id: &str) -> Vec<RecordedEvent> {
        let wanted = self.record.iter().filter(|event| event.envelope.event_id == event_id);
        wanted.cloned().collect()
    }

    pub(super) fn span(&self) -> LogSpan {
        let end = |event: &RecordedEvent| (event.sequence, event.recorded_at);
        LogSpan {
            first: self.record.first().map(end),
            last: self.record.last().map(end),
            entries: self.record.len() as u64,
        }
    }

    pub(super) fn tally(&self, filter: &AuditFilter, by: TallyBy) -> Vec<Tally> {
        let mut counts: BTreeMap<Option<String>, u64> = BTreeMap::new();
        for event in self.record.iter().filter(|event| filter.matches(event)) {
            *counts.entry(by.key(event)).or_default() += 1;
        }
        let mut lines: Vec<_> =
            counts.into_iter().map(|(key, entries)| Tally { key, entries }).collect();
        lines.sort_by_key(|line| (Reverse(line.entries), line.key.is_none(), line.key.clone()));
        lines
    }

    pub(super) fn last_recorded_before(&self, moment: DateTime<Utc>) -> Option<Sequence> {
        let last = self.record.iter().rfind(|event| event.recorded_at < moment);
        last.map(|event| event.sequence)
    }
}
