//! Recorders that refuse, stall, or break their promises.

use std::sync::{Arc, Mutex, PoisonError};

use application::AuditEventSubscriber;
use async_trait::async_trait;
use domain::ports::RecordError;
use domain::{AuditEntry, AuditLog, EventEnvelope, EventRecorder, Receipt};

use super::{Gate, NoRedaction, panic_on_purpose};

/// The recorder of the application, without redaction.
#[must_use]
pub fn plain_recorder(log: Arc<dyn AuditLog>) -> Arc<dyn EventRecorder> {
    Arc::new(AuditEventSubscriber::new(Arc::new(NoRedaction), log))
}

/// What a fake recorder refuses with.
#[derive(Debug, thiserror::Error)]
#[error("this recorder refuses")]
pub struct RefusedByFake;

/// Where a recorder fails.
#[derive(Debug, Clone)]
pub enum Refusal {
    /// In `prepare`, with an error.
    Preparing,
    /// In `prepare`, with a panic.
    PanicPreparing,
    /// In `record`, with this error.
    Recording(RecordError),
    /// In `record`, with a panic before its first await.
    PanicRecording,
}

impl Refusal {
    /// In `record`, by a rule of its own.
    #[must_use]
    pub fn by_rule() -> Self {
        Self::Recording(RecordError::Refused(Arc::new(RefusedByFake)))
    }
}

/// Takes no event at all.
#[derive(Debug)]
pub struct RefusingRecorder(pub Refusal);

#[async_trait]
impl EventRecorder for RefusingRecorder {
    fn name(&self) -> &'static str {
        "refusing"
    }

    fn prepare(&self, envelope: EventEnvelope) -> Result<AuditEntry, RecordError> {
        match self.0 {
            Refusal::Preparing => Err(RecordError::Refused(Arc::new(RefusedByFake))),
            Refusal::PanicPreparing => panic_on_purpose("a recorder that panics while preparing"),
            _ => Ok(AuditEntry::new(envelope)),
        }
    }

    async fn record(&self, _: &[AuditEntry]) -> Result<Vec<Receipt>, RecordError> {
        match &self.0 {
            Refusal::Recording(error) => Err(error.clone()),
            _ => panic_on_purpose("a recorder that panics while recording"),
        }
    }
}

/// Refuses every batch that holds one certain event, and remembers how large each batch was.
pub struct PoisonRecorder {
    inner: Arc<dyn EventRecorder>,
    poison: String,
    refusal: Refusal,
    batches: Mutex<Vec<usize>>,
}

impl PoisonRecorder {
    /// A recorder that fails over the event with this id and has `inner` record the others.
    #[must_use]
    pub fn new(inner: Arc<dyn EventRecorder>, poison: impl Into<String>, refusal: Refusal) -> Self {
        Self { inner, poison: poison.into(), refusal, batches: Mutex::default() }
    }

    /// How many events it was asked to record, each time it was asked.
    #[must_use]
    pub fn batches(&self) -> Vec<usize> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl EventRecorder for PoisonRecorder {
    fn name(&self) -> &'static str {
        "poisoned"
    }

    fn prepare(&self, envelope: EventEnvelope) -> Result<AuditEntry, RecordError> {
        self.inner.prepare(envelope)
    }

    async fn record(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, RecordError> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner).push(batch.len());
        if batch.iter().any(|entry| entry.envelope().event_id == self.poison) {
            return RefusingRecorder(self.refusal.clone()).record(batch).await;
        }
        self.inner.record(batch).await
    }
}

/// Stands at a gate before it records, and remembers how large each batch was.
pub struct StallingRecorder {
    inner: Arc<dyn EventRecorder>,
    /// Where it stands.
    pub gate: Arc<Gate>,
    batches: Mutex<Vec<usize>>,
}

impl StallingRecorder {
    /// A recorder that has `inner` record once the gate, closed at first, is open.
    #[must_use]
    pub fn new(inner: Arc<dyn EventRecorder>) -> Self {
        Self { inner, gate: Arc::new(Gate::closed()), batches: Mutex::default() }
    }

    /// How many events it was asked to record, each time it was asked.
    #[must_use]
    pub fn batches(&self) -> Vec<usize> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl EventRecorder for StallingRecorder {
    fn name(&self) -> &'static str {
        "stalling"
    }

    fn prepare(&self, envelope: EventEnvelope) -> Result<AuditEntry, RecordError> {
        self.inner.prepare(envelope)
    }

    async fn record(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, RecordError> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner).push(batch.len());
        self.gate.pass().await;
        self.inner.record(batch).await
    }
}

/// Records, and then returns other receipts than it should.
pub struct LyingRecorder {
    inner: Arc<dyn EventRecorder>,
    lie: fn(&mut Vec<Receipt>),
}

impl LyingRecorder {
    /// A recorder whose receipts go through `lie`.
    #[must_use]
    pub fn new(inner: Arc<dyn EventRecorder>, lie: fn(&mut Vec<Receipt>)) -> Self {
        Self { inner, lie }
    }
}

#[async_trait]
impl EventRecorder for LyingRecorder {
    fn name(&self) -> &'static str {
        "lying"
    }

    fn prepare(&self, envelope: EventEnvelope) -> Result<AuditEntry, RecordError> {
        self.inner.prepare(envelope)
    }

    async fn record(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, RecordError> {
        let mut receipts = self.inner.record(batch).await?;
        (self.lie)(&mut receipts);
        Ok(receipts)
    }
}
