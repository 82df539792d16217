//! The first stage of emitting: putting the event on record, or refusing it.

use std::sync::Arc;

use async_trait::async_trait;
use shaku::Interface;

use super::AppendError;
use crate::audit::{AuditEntry, Receipt};
use crate::envelope::EventEnvelope;

/// Why an event was not put on record.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RecordError {
    /// The audit log did not take it.
    #[error("the audit log did not take the event")]
    Append(#[from] AppendError),
    /// The recorder refused it by a rule of its own.
    #[error("the recorder refused the event")]
    Refused(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The recorder broke one of its promises; this is a bug in it.
    #[error("the recorder `{recorder}` misbehaved: {how}")]
    Misbehaved {
        /// The recorder's name.
        recorder: String,
        /// What it did.
        how: String,
    },
}

impl RecordError {
    /// What an emitter is told when an event was accepted and nothing is known of its place.
    pub(crate) fn without_receipt() -> Self {
        Self::Misbehaved {
            recorder: "event bus".to_owned(),
            how: "it returned no receipt for an event it accepted".to_owned(),
        }
    }
}

/// Puts events on record. Awaited by every emit before anyone else hears of the event.
#[async_trait]
pub trait EventRecorder: Interface {
    /// A name for error messages and logs, such as `audit`.
    fn name(&self) -> &str;

    /// Turns an event into what will be stored. Runs on the emitter's own task, so that it costs
    /// the bus nothing; an adapter MUST remove secrets here and MUST NOT do I/O.
    fn prepare(&self, envelope: EventEnvelope) -> Result<AuditEntry, RecordError>;

    /// Stores a batch. An adapter MUST store all of it or none, in the order given, on stable
    /// storage before it returns, and MUST return one receipt per entry, in the same order. It
    /// MUST be safe to call again with a part of a batch that failed.
    async fn record(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, RecordError>;
}
