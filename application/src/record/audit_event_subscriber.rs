//! The recorder that is attached to every event type: redact, make an entry, append.

use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::RecordError;
use domain::{AuditEntry, AuditLog, EventEnvelope, EventRecorder, Receipt, Redactor};
use metrics::{Counter, Unit};
use shaku::Component;

/// Puts every event it is handed on record, without its secrets.
#[derive(Component)]
#[shaku(interface = EventRecorder)]
pub struct AuditEventSubscriber {
    #[shaku(inject)]
    redactor: Arc<dyn Redactor>,
    #[shaku(inject)]
    log: Arc<dyn AuditLog>,
    #[shaku(default)]
    redacted: Redacted,
}

/// Counts secrets that were kept off the record, for whoever has installed a recorder of metrics
/// before this one is made.
pub struct Redacted(Counter);

impl Default for Redacted {
    fn default() -> Self {
        const NAME: &str = "indelible_values_redacted_total";
        const MEANING: &str = "Values that were secrets and were kept off the record";
        metrics::describe_counter!(NAME, Unit::Count, MEANING);
        Self(metrics::counter!(NAME))
    }
}

impl AuditEventSubscriber {
    /// A recorder over these adapters.
    #[must_use]
    pub fn new(redactor: Arc<dyn Redactor>, log: Arc<dyn AuditLog>) -> Self {
        Self { redactor, log, redacted: Redacted::default() }
    }
}

#[async_trait]
impl EventRecorder for AuditEventSubscriber {
    fn name(&self) -> &'static str {
        "audit"
    }

    fn prepare(&self, mut envelope: EventEnvelope) -> Result<AuditEntry, RecordError> {
        let redacted = self.redactor.redact(&mut envelope);
        self.redacted.0.increment(redacted as u64);
        Ok(AuditEntry::new(envelope))
    }

    async fn record(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, RecordError> {
        Ok(self.log.append(batch).await?)
    }
}
