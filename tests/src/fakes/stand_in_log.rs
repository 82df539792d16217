//! Stand-in.
#![allow(missing_docs, clippy::pedantic, clippy::unwrap_used)]
use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::audit::{Page, Tally, TallyBy};
use domain::ports::*;
use domain::*;

#[derive(Default)]
pub struct InMemoryAuditLog(Mutex<Vec<RecordedEvent>>);

#[async_trait]
impl AuditAppend for InMemoryAuditLog {
    async fn append(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, AppendError> {
        let mut all = self.0.lock().unwrap();
        let mut out = vec![];
        for e in batch {
            let env = e.envelope();
            let found = all
                .iter()
                .find(|r| r.envelope.event_id == env.event_id && r.envelope.source == env.source)
                .cloned();
            let (r, status) = match found {
                Some(r) => (r, ReceiptStatus::AlreadyOnRecord),
                None => {
                    let r = RecordedEvent {
                        sequence: Sequence(all.len() as u64 + 1),
                        recorded_at: Utc::now(),
                        envelope: env.clone(),
                    };
                    all.push(r.clone());
                    (r, ReceiptStatus::Recorded)
                }
            };
            out.push(Receipt {
                event_id: r.envelope.event_id.clone(),
                sequence: r.sequence,
                recorded_at: r.recorded_at,
                status,
            });
        }
        Ok(out)
    }
}
#[async_trait]
impl AuditQuery for InMemoryAuditLog {
    async fn page(&self, f: &AuditFilter, p: Page) -> Result<Vec<RecordedEvent>, QueryError> {
        let all = self.0.lock().unwrap();
        let it = all.iter().filter(|e| p.admits(e.sequence) && f.matches(e)).cloned();
        Ok(it.take(p.limit as usize).collect())
    }
    async fn by_sequence(&self, s: Sequence) -> Result<Option<RecordedEvent>, QueryError> {
        Ok(self.0.lock().unwrap().iter().find(|e| e.sequence == s).cloned())
    }
    async fn by_event_id(&self, id: &str) -> Result<Vec<RecordedEvent>, QueryError> {
        let all = self.0.lock().unwrap();
        Ok(all.iter().filter(|e| e.envelope.event_id == id).cloned().collect())
    }
    async fn span(&self) -> Result<LogSpan, QueryError> {
        Ok(LogSpan::default())
    }
    async fn tally(&self, _: &AuditFilter, _: TallyBy) -> Result<Vec<Tally>, QueryError> {
        Ok(vec![])
    }
    async fn last_recorded_before(&self, _: DateTime<Utc>) -> Result<Option<Sequence>, QueryError> {
        Ok(None)
    }
}
#[async_trait]
impl AuditRetention for InMemoryAuditLog {
    async fn remove_oldest(&self, _: Sequence, _: u32) -> Result<u64, RetentionError> {
        Ok(0)
    }
}
#[async_trait]
impl AuditInspect for InMemoryAuditLog {
    async fn inspect(&self) -> Result<Inspection, QueryError> {
        Ok(Inspection::default())
    }
}
