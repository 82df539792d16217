//! The recorder that is attached to every event type: redact, make an entry, append.

use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::RecordError;
use domain::{AuditEntry, AuditLog, EventEnvelope, EventRecorder, Receipt, Redactor};
use shaku::Component;

/// Puts every event it is handed on record, without its secrets.
#[derive(Component)]
#[shaku(interface = EventRecorder)]
pub struct AuditEventSubscriber {
    #[shaku(inject)]
    redactor: Arc<dyn Redactor>,
    #[shaku(inject)]
    log: Arc<dyn AuditLog>,
}

impl AuditEventSubscriber {
    /// A recorder over these adapters.
    #[must_use]
    pub fn new(redactor: Arc<dyn Redactor>, log: Arc<dyn AuditLog>) -> Self {
        Self { redactor, log }
    }
}

#[async_trait]
impl EventRecorder for AuditEventSubscriber {
    fn name(&self) -> &'static str {
        "audit"
    }

    fn prepare(&self, mut envelope: EventEnvelope) -> Result<AuditEntry, RecordError> {
        self.redactor.redact(&mut envelope);
        Ok(AuditEntry::new(envelope))
    }

    async fn record(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, RecordError> {
        Ok(self.log.append(batch).await?)
    }
}
