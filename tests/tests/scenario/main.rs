//! The scenario kit keeps its own promises, and is used as its users would.

#![allow(clippy::unwrap_used, reason = "a test may give up")]

mod beginning;
mod crashing;
mod durable;
mod expecting;
mod observing;
mod streaming;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::events::PlanCreated;
use domain::ports::RecordError;
use domain::{
    AuditEntry, DomainEvent, EventDraft, EventEnvelope, EventRecorder, Receipt, ReceiptStatus,
    Sequence,
};
use indelible_tests::scenario::{Outcome, ScenarioError};

pub(crate) fn plan(id: &str) -> EventDraft {
    EventDraft::from(PlanCreated::sample()).in_plan(id)
}

pub(crate) fn moment() -> DateTime<Utc> {
    "2026-07-01T09:00:00Z".parse().unwrap()
}

/// The message of an expectation that is not met.
pub(crate) fn unmet<T>(outcome: Outcome<T>) -> String {
    match outcome {
        Ok(_) => panic!("this expectation must not hold"),
        Err(error @ ScenarioError::Unmet { .. }) => format!("{error:?}"),
        Err(other) => panic!("{other:?}"),
    }
}

/// A recorder that acknowledges what it has not stored, from this place on.
pub(crate) struct SaysSo(pub(crate) u64);

#[async_trait]
impl EventRecorder for SaysSo {
    fn name(&self) -> &'static str {
        "says so"
    }

    fn prepare(&self, envelope: EventEnvelope) -> Result<AuditEntry, RecordError> {
        Ok(AuditEntry::new(envelope))
    }

    async fn record(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, RecordError> {
        let receipt = |(entry, sequence): (&AuditEntry, u64)| Receipt {
            event_id: entry.envelope().event_id.clone(),
            sequence: Sequence(sequence),
            recorded_at: moment(),
            status: ReceiptStatus::Recorded,
        };
        Ok(batch.iter().zip(self.0..).map(receipt).collect())
    }
}
