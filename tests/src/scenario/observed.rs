//! A bus that notes on a timeline what goes over it, and changes nothing.
//!
//! Subscriptions are not wrapped: that somebody has left is seen by the bus letting go of the
//! subscriber, which is what the port promises.
//!
//! Deliberately absent: streams, whose readers see for themselves what they are told.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};
use std::time::Duration;

use application::delivery::{DurableSubscription, Handler};
use async_trait::async_trait;
use chrono::DateTime;
use domain::ports::{BusCondition, BusCounters, EventStream, HandlerError, ShutdownReport};
use domain::subscription::Effect;
use domain::{
    Delivery, EmitError, EventBus, EventDraft, EventFilter, EventProjector, EventRecorder,
    EventSubscriber, EventType, Receipt, RecordedEvent, StartAt, Subscription,
};
use futures::FutureExt;
use tokio::sync::watch;

use super::child;
use super::timeline::{EmitNumber, Handling, Happening, Offered, SubscriptionNumber, Timeline};
use crate::expect::chain;

/// Notes what goes over the bus inside.
pub struct ObservedBus {
    inner: Arc<dyn EventBus>,
    timeline: Timeline,
    /// Emits whose end is not noted yet. The bus inside may be at rest a moment earlier.
    open: watch::Sender<usize>,
}

impl ObservedBus {
    /// A bus that notes on `timeline` what `inner` does.
    #[must_use]
    pub fn new(inner: Arc<dyn EventBus>, timeline: Timeline) -> Self {
        Self { inner, timeline, open: watch::Sender::new(0) }
    }
}

/// What a draft would be put on record as.
fn offered(draft: &EventDraft) -> Offered {
    let sealed = draft.clone().seal(DateTime::UNIX_EPOCH, String::new, "");
    Offered { event_type: draft.event_type().clone(), envelope: sealed.ok() }
}

/// Notes that an emit was given up, unless it has ended.
struct Emitting<'a> {
    bus: &'a ObservedBus,
    emit: EmitNumber,
    ended: bool,
}

impl Drop for Emitting<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.bus.timeline.note(Happening::GivenUp { emit: self.emit });
        }
        self.bus.open.send_modify(|open| *open -= 1);
    }
}

#[async_trait]
impl EventBus for ObservedBus {
    async fn emit_batch(&self, drafts: Vec<EventDraft>) -> Result<Vec<Receipt>, EmitError> {
        let emit = self.timeline.next_emit();
        let events = drafts.iter().map(offered).collect();
        self.open.send_modify(|open| *open += 1);
        let mut emitting = Emitting { bus: self, emit, ended: false };
        self.timeline.note(Happening::Emitted { emit, events });
        let outcome = self.inner.emit_batch(drafts).await;
        emitting.ended = true;
        if let Ok(receipts) = &outcome {
            child::tell_parent(receipts);
        }
        self.timeline.note(match &outcome {
            Ok(receipts) => Happening::Acknowledged { emit, receipts: receipts.clone() },
            Err(error) => Happening::Refused { emit, error: error.clone() },
        });
        outcome
    }

    fn attach_recorder(&self, types: &[EventType], recorder: Arc<dyn EventRecorder>) {
        self.inner.attach_recorder(types, recorder);
    }

    fn without_recorder(&self, types: &[EventType]) -> Vec<EventType> {
        self.inner.without_recorder(types)
    }

    fn subscribe(&self, filter: EventFilter, subscriber: Arc<dyn EventSubscriber>) -> Subscription {
        let name = subscriber.name().to_owned();
        let observed =
            ObservedHandler::new(Handler::Subscriber(subscriber), name, &filter, &self.timeline);
        self.inner.subscribe(filter, Arc::new(observed))
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
        // What was under way until then is noted as well once no emit is open. The sender is this
        // bus's own, so that waiting ends only then.
        let _ = self.open.subscribe().wait_for(|open| *open == 0).await;
    }

    async fn shutdown(&self, deadline: Duration) -> ShutdownReport {
        self.inner.shutdown(deadline).await
    }
}

/// The same durable subscription, its handler's calls noted on `timeline` under the subscription's own
/// name.
pub(super) fn observed(
    subscription: DurableSubscription,
    timeline: &Timeline,
) -> DurableSubscription {
    let Ok(name) = subscription.check() else { return subscription };
    let (filter, timeline) = (subscription.filter().clone(), timeline.clone());
    subscription.with_handler(|handler| {
        let subscriber = matches!(handler, Handler::Subscriber(_));
        let observed =
            Arc::new(ObservedHandler::new(handler, name.to_string(), &filter, &timeline));
        if subscriber { Handler::Subscriber(observed) } else { Handler::Projector(observed) }
    })
}

/// Notes what its handler is told and what came of it.
struct ObservedHandler {
    inner: Handler,
    timeline: Timeline,
    subscription: SubscriptionNumber,
    name: String,
}

impl ObservedHandler {
    fn new(inner: Handler, name: String, filter: &EventFilter, timeline: &Timeline) -> Self {
        let subscription = timeline.next_subscription();
        timeline.note(Happening::Subscribed {
            subscription,
            name: name.clone(),
            // Not the filter itself: the bus has to let go of whatever its predicates hold.
            wants: filter.query().clone(),
            has_predicate: filter.has_predicates(),
        });
        Self { inner, timeline: timeline.clone(), subscription, name }
    }
}

impl Drop for ObservedHandler {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        self.timeline.note(Happening::Left { subscription: self.subscription, name });
    }
}

/// Notes how a call ended; given up, unless it is said otherwise.
struct Handing<'a> {
    by: &'a ObservedHandler,
    event: Arc<RecordedEvent>,
    outcome: Handling,
}

impl Drop for Handing<'_> {
    fn drop(&mut self) {
        self.by.timeline.note(Happening::Handled {
            subscription: self.by.subscription,
            name: self.by.name.clone(),
            event: Arc::clone(&self.event),
            outcome: self.outcome.clone(),
        });
    }
}

impl ObservedHandler {
    async fn call(&self, event: &Delivery) -> Result<Vec<Effect>, HandlerError> {
        self.timeline.note(Happening::Handed {
            subscription: self.subscription,
            name: self.name.clone(),
            event: Arc::clone(event.event()),
            attempt: event.attempt(),
            repeated: event.may_be_repeated(),
        });
        let mut handing =
            Handing { by: self, event: Arc::clone(event.event()), outcome: Handling::Abandoned };
        // The call itself stands inside as well: a handler may panic before its first await.
        let handled =
            AssertUnwindSafe(async { self.inner.handle(event).await }).catch_unwind().await;
        match handled {
            Ok(outcome) => {
                handing.outcome = match &outcome {
                    Ok(_) => Handling::Done,
                    Err(error) => Handling::Failed(chain(&**error)),
                };
                outcome
            }
            Err(panic) => {
                let said = panic
                    .downcast_ref::<&str>()
                    .map(|text| (*text).to_owned())
                    .or_else(|| panic.downcast_ref::<String>().cloned());
                handing.outcome = Handling::Panicked(said.unwrap_or_default());
                drop(handing);
                std::panic::resume_unwind(panic)
            }
        }
    }
}

#[async_trait]
impl EventSubscriber for ObservedHandler {
    fn name(&self) -> &str {
        &self.name
    }

    async fn handle(&self, event: &Delivery) -> Result<(), HandlerError> {
        self.call(event).await.map(drop)
    }
}

#[async_trait]
impl EventProjector for ObservedHandler {
    fn name(&self) -> &str {
        &self.name
    }

    async fn project(&self, event: &Delivery) -> Result<Vec<Effect>, HandlerError> {
        self.call(event).await
    }
}
