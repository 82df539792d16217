//! Waiting for the moment at which nothing is under way.

use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::HandlerError;
use domain::{Delivery, Emit, EventBus, EventFilter, EventSubscriber};
use futures::future::{AbortHandle, Abortable};
use shuttle::future::{block_on, spawn};

use crate::bus::ReactiveEventBus;
use crate::explore::{Model, Seen};
use crate::stage::{PATIENT, Stage, cramped, plan, roomy};
use crate::sync::yield_now;

pub(crate) const MODELS: &[Model] = &[
    Model {
        name: "a_bus_is_settled_no_sooner_than_everything_and_its_consequences_are_handled",
        play: no_sooner,
        must_see: &["it was waited for", "a reader fell behind"],
    },
    Model {
        name: "a_bus_is_settled_as_soon_as_nothing_is_under_way_whatever_became_of_the_rest",
        play: no_later,
        must_see: &["given up", "answered", "unsubscribed before it was told of all"],
    },
];

/// Emits a next event for each but the last, and then takes its time.
struct Relay(Arc<ReactiveEventBus>);

#[async_trait]
impl EventSubscriber for Relay {
    fn name(&self) -> &'static str {
        "relay"
    }

    async fn handle(&self, event: &Delivery) -> Result<(), HandlerError> {
        let number: usize = event.envelope.subject.as_deref().unwrap_or_default().parse()?;
        if number > 0 {
            self.0.emit(plan(number - 1)).await?;
        }
        yield_now().await;
        Ok(())
    }
}

fn no_sooner(seen: &Seen) {
    block_on(async {
        let stage = cramped();
        let (told, _subscription) = stage.watch("told");
        let relay = Arc::new(Relay(Arc::clone(&stage.bus)));
        let _relay = stage.bus.subscribe(EventFilter::all(), relay);
        // One that has waited all the time must not make the others miss the moment.
        let bus = Arc::clone(&stage.bus);
        let waiting = spawn(async move { bus.settled().await });
        // A chain of three, and one event beside it.
        let bus = Arc::clone(&stage.bus);
        let beside = spawn(async move { bus.emit(plan(0)).await.map(drop) });
        stage.bus.emit(plan(2)).await.unwrap();
        beside.await.unwrap().unwrap();
        seen.note("it was waited for", told.done().len() < 4);
        stage.bus.settled().await;
        assert_eq!(stage.log.places(), [1, 2, 3, 4], "a handler was still to emit");
        assert_eq!(told.done(), [1, 2, 3, 4], "a subscriber was still to be told");
        seen.note("a reader fell behind", stage.bus.counters().fallbacks > 0);
        waiting.await.unwrap();
        stage.bus.shutdown(PATIENT).await;
        stage.bus.settled().await;
    });
}

fn no_later(seen: &Seen) {
    block_on(async {
        let stage = Stage::new(roomy());
        let (staying, _subscription) = stage.watch("staying");
        let (leaving, subscription) = stage.watch("leaving");
        let leaver = spawn(async move { drop(subscription) });
        let (handle, registration) = AbortHandle::new_pair();
        let bus = Arc::clone(&stage.bus);
        let emit = async move { bus.emit(plan(1)).await.map(drop) };
        let given_up = spawn(Abortable::new(emit, registration));
        let abort = spawn(async move { handle.abort() });
        let bus = Arc::clone(&stage.bus);
        let emitter = spawn(async move { bus.emit(plan(2)).await.map(drop) });
        let bus = Arc::clone(&stage.bus);
        let shutdown = spawn(async move {
            yield_now().await;
            bus.shutdown(PATIENT).await;
        });
        // Returns whatever the others do: otherwise this waits for ever.
        stage.bus.settled().await;
        let gone = given_up.await.unwrap().is_err();
        let answered = emitter.await.unwrap().is_ok();
        for other in [leaver, abort] {
            other.await.unwrap();
        }
        stage.bus.settled().await;
        assert_eq!(staying.done(), stage.log.places(), "a subscriber was still to be told");
        seen.note("given up", gone);
        seen.note("answered", answered);
        let all = staying.done().len();
        seen.note("unsubscribed before it was told of all", leaving.done().len() < all);
        shutdown.await.unwrap();
        stage.bus.settled().await;
    });
}
