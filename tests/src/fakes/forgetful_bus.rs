//! A bus that forgets what is attached to it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{BusCondition, BusCounters, EventStream, ShutdownReport};
use domain::{
    EmitError, EventBus, EventDraft, EventFilter, EventRecorder, EventSubscriber, EventType,
    Receipt, RecordedEvent, StartAt, Subscription,
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

    fn react_through(&self, _: Weak<dyn EventBus>) {}

    fn stream(&self, _: EventFilter, _: StartAt) -> EventStream {
        EventStream::ended()
    }

    fn recent(&self) -> Vec<Arc<RecordedEvent>> {
        Vec::new()
    }

    fn counters(&self) -> BusCounters {
        BusCounters::default()
    }

    fn condition(&self) -> BusCondition {
        BusCondition::default()
    }

    async fn settled(&self) {}

    async fn shutdown(&self, _: Duration) -> ShutdownReport {
        ShutdownReport::default()
    }
}

#[cfg(test)]
mod tests {
    use domain::events::PlanCreated;
    use domain::ports::handler;
    use domain::{DomainEvent, Emit};
    use futures::StreamExt;

    use super::*;
    use crate::stage::{all_types, memory_log};

    #[tokio::test]
    async fn it_records_nothing_tells_nobody_and_says_so() {
        let bus = ForgetfulBus;
        let (_, log) = memory_log();
        bus.attach_recorder(&all_types(), crate::fakes::plain_recorder(log));
        assert_eq!(bus.without_recorder(&all_types()), all_types());
        let told = handler("told", |event| async move { panic!("told of {}", event.sequence) });
        let _subscription = bus.subscribe(EventFilter::all(), told);
        let refused = bus.emit(PlanCreated::sample()).await;
        assert!(matches!(refused, Err(EmitError::NoRecorder { .. })), "{refused:?}");
        assert!(bus.emit_batch(Vec::new()).await.is_ok_and(|receipts| receipts.is_empty()));
        bus.settled().await;
        assert!(bus.stream(EventFilter::all(), StartAt::Now).next().await.is_none());
        assert!(bus.recent().is_empty());
        assert_eq!(bus.counters(), BusCounters::default());
        assert_eq!(bus.shutdown(Duration::ZERO).await, ShutdownReport::default());
    }
}
