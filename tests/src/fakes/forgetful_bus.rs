//! A bus that forgets what is attached to it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{BusCounters, EventStream, ShutdownReport};
use domain::{
    EmitError, EventBus, EventDraft, EventFilter, EventRecorder, EventSubscriber, EventType,
    Receipt, RecordedEvent, Subscription,
};

/// A bus that forgets its recorders, so that nothing can be emitted on it: what a start must
/// notice.
#[derive(Debug, Clone, Copy, Default)]
pub struct ForgetfulBus;

#[async_trait]
impl EventBus for ForgetfulBus {
    async fn emit_batch(&self, drafts: Vec<EventDraft>) -> Result<Vec<Receipt>, EmitError> {
        match drafts.first() {
            None => Ok(Vec::new()),
            Some(draft) => Err(EmitError::NoRecorder { event_type: draft.event_type().clone() }),
        }
    }

    fn attach_recorder(&self, _: &[EventType], _: Arc<dyn EventRecorder>) {}

    fn without_recorder(&self, types: &[EventType]) -> Vec<EventType> {
        types.to_vec()
    }

    fn subscribe(&self, _: EventFilter, _: Arc<dyn EventSubscriber>) -> Subscription {
        Subscription::new(|| ())
    }

    fn stream(&self, _: EventFilter) -> EventStream {
        Box::pin(futures::stream::empty())
    }

    fn recent(&self) -> Vec<Arc<RecordedEvent>> {
        Vec::new()
    }

    fn counters(&self) -> BusCounters {
        BusCounters::default()
    }

    async fn settled(&self) {}

    async fn shutdown(&self, _: Duration) -> ShutdownReport {
        ShutdownReport::default()
    }
}
