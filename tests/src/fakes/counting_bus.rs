//! A bus around a bus that counts what goes through it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{BusCondition, BusCounters, EventStream, ShutdownReport};
use domain::{
    EmitError, EventBus, EventDraft, EventFilter, EventRecorder, EventSubscriber, EventType,
    Receipt, RecordedEvent, StartAt, Subscription,
};

/// Hands everything on to the bus inside, and counts the events that are emitted through it.
pub struct CountingBus {
    inner: Arc<dyn EventBus>,
    emitted: AtomicUsize,
}

impl CountingBus {
    /// A bus around `inner`.
    #[must_use]
    pub fn around(inner: Arc<dyn EventBus>) -> Self {
        Self { inner, emitted: AtomicUsize::default() }
    }

    /// How many events were emitted through it, refused ones included.
    #[must_use]
    pub fn emitted(&self) -> usize {
        self.emitted.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl EventBus for CountingBus {
    async fn emit_batch(&self, drafts: Vec<EventDraft>) -> Result<Vec<Receipt>, EmitError> {
        self.emitted.fetch_add(drafts.len(), Ordering::SeqCst);
        self.inner.emit_batch(drafts).await
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
