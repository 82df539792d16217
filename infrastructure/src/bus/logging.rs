//! A bus that tells the program's own log what goes over it.
//!
//! Deliberately absent: payloads. They may be long and personal, and the record has them.

use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use chrono::SecondsFormat;
use domain::ports::{BusCondition, BusCounters, EventStream, ShutdownReport};
use domain::{
    EmitError, EventBus, EventDraft, EventFilter, EventRecorder, EventSubscriber, EventType,
    Receipt, ReceiptStatus, RecordedEvent, StartAt, Subscription,
};

/// Writes one structured `tracing` record per event (target `indelible::event`) and leaves
/// everything else to the bus inside: at level info with its receipt when it is on record, at level
/// warn with the error when it was refused.
///
/// An emit that is given up while it waits leaves no line here, as nobody hears how it ended.
pub struct LoggingEventBus {
    inner: Arc<dyn EventBus>,
}

impl LoggingEventBus {
    /// A bus that logs what `inner` does.
    #[must_use]
    pub fn new(inner: Arc<dyn EventBus>) -> Self {
        Self { inner }
    }
}

#[async_trait]
impl EventBus for LoggingEventBus {
    async fn emit_batch(&self, drafts: Vec<EventDraft>) -> Result<Vec<Receipt>, EmitError> {
        let types: Vec<EventType> = drafts.iter().map(|draft| draft.event_type().clone()).collect();
        let outcome = self.inner.emit_batch(drafts).await;
        match &outcome {
            Ok(receipts) => types.iter().zip(receipts).for_each(|(name, receipt)| {
                log_receipt(name, receipt);
            }),
            Err(error) => types.iter().for_each(|name| log_refusal(name, error)),
        }
        outcome
    }

    fn attach_recorder(&self, types: &[EventType], recorder: Arc<dyn EventRecorder>) {
        self.inner.attach_recorder(types, recorder);
    }

    fn without_recorder(&self, types: &[EventType]) -> Vec<EventType> {
        self.inner.without_recorder(types)
    }

    fn subscribe(&self, filter: EventFilter, subscriber: Arc<dyn EventSubscriber>) -> Subscription {
        self.inner.subscribe(filter, subscriber)
    }

    fn react_through(&self, front: Weak<dyn EventBus>) {
        self.inner.react_through(front);
    }

    fn stream(&self, filter: EventFilter, start: StartAt) -> EventStream {
        self.inner.stream(filter, start)
    }

    fn recent(&self) -> Vec<Arc<RecordedEvent>> {
        self.inner.recent()
    }

    fn counters(&self) -> BusCounters {
        self.inner.counters()
    }

    fn condition(&self) -> BusCondition {
        self.inner.condition()
    }

    async fn settled(&self) {
        self.inner.settled().await;
    }

    async fn shutdown(&self, deadline: Duration) -> ShutdownReport {
        self.inner.shutdown(deadline).await
    }
}

fn log_receipt(event_type: &EventType, receipt: &Receipt) {
    let status = match receipt.status {
        ReceiptStatus::Recorded => "recorded",
        ReceiptStatus::AlreadyOnRecord => "already_on_record",
    };
    tracing::info!(
        target: "indelible::event",
        event_type = event_type.as_str(),
        event_id = receipt.event_id,
        sequence = receipt.sequence.0,
        recorded_at = receipt.recorded_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        status,
        "event"
    );
}

fn log_refusal(event_type: &EventType, error: &EmitError) {
    tracing::warn!(
        target: "indelible::event",
        event_type = event_type.as_str(),
        status = "refused",
        error = error as &dyn std::error::Error,
        "event"
    );
}
