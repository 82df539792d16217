//! Handing on what is recorded, while subscribers come and go.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use domain::ports::HandlerError;
use domain::{Delivery, Emit, EventBus, EventFilter, EventSubscriber};
use futures::future::join_all;
use shuttle::future::{block_on, spawn};

use crate::bus::ReactiveEventBus;
use crate::explore::{Model, Seen};
use crate::stage::{PATIENT, Stage, cramped, plan, roomy};
use crate::sync::yield_now;

pub(crate) const MODELS: &[Model] = &[
    Model {
        name: "who_unsubscribes_is_told_nothing_more_and_everybody_else_everything",
        play: unsubscribing,
        must_see: &["left early", "left while it was told", "left after all was done"],
    },
    Model {
        name: "who_subscribes_is_told_everything_from_then_on",
        play: subscribing,
        must_see: &["came first", "came in between", "came last"],
    },
    Model {
        name: "a_handler_may_emit_on_a_bus_with_queues_of_one",
        play: answering,
        must_see: &["a reader fell behind"],
    },
];

fn unsubscribing(seen: &Seen) {
    block_on(async {
        let stage = Stage::new(roomy());
        let (staying, _subscription) = stage.watch("staying");
        let (mut leaving, subscription) = stage.watch("leaving");
        let bus = Arc::clone(&stage.bus);
        // In one batch, so that who is told has more in hand.
        let emitter = spawn(async move {
            bus.emit_batch(vec![plan(0), plan(1), plan(2)]).await.unwrap();
        });
        let leaver = spawn(async move {
            drop(subscription);
            (leaving.begun().len(), leaving.done().len(), leaving)
        });
        let (begun, done, again) = leaver.await.unwrap();
        leaving = again;
        seen.note("left early", begun == 0);
        seen.note("left while it was told", begun > done);
        seen.note("left after all was done", done == 3);
        emitter.await.unwrap();
        stage.bus.shutdown(PATIENT).await;
        // One that is just being told goes on to its next await.
        assert!(leaving.begun().len() <= begun + 1, "it was told although it had unsubscribed");
        assert!(leaving.done().len() <= done + 1, "it was not let go at its next await");
        assert!([1, 2, 3].starts_with(&leaving.begun()), "it was told {:?}", leaving.begun());
        assert!(leaving.is_let_go(), "the bus keeps a subscriber that has unsubscribed");
        assert_eq!(staying.done(), [1, 2, 3], "its neighbour left, and it was not told of all");
    });
}

fn subscribing(seen: &Seen) {
    block_on(async {
        let stage = Stage::new(roomy());
        let bus = Arc::clone(&stage.bus);
        let answered = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&answered);
        let emitter = spawn(async move {
            for number in 0..3 {
                bus.emit(plan(number)).await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        // Somebody else leaves just then.
        let (_, other) = stage.watch("leaving");
        let leaver = spawn(async move { drop(other) });
        yield_now().await;
        let before = answered.load(Ordering::SeqCst);
        let (told, _subscription) = stage.watch("coming");
        let after = stage.log.places().len() as u64;
        emitter.await.unwrap();
        leaver.await.unwrap();
        stage.bus.shutdown(PATIENT).await;
        seen.note("came first", told.done().len() == 3);
        seen.note("came in between", (1..3).contains(&told.done().len()));
        seen.note("came last", told.done().is_empty());
        let first = told.done().first().copied().unwrap_or(4);
        assert_eq!(told.done(), (first..4).collect::<Vec<_>>(), "there is a hole");
        assert!(first <= after + 1, "{first} was not the next after {after}");
        assert!(first > before, "{first} was answered before it came");
    });
}

/// Emits another event for each of the first.
struct Answering(Arc<ReactiveEventBus>);

#[async_trait]
impl EventSubscriber for Answering {
    fn name(&self) -> &'static str {
        "answering"
    }

    async fn handle(&self, event: &Delivery) -> Result<(), HandlerError> {
        let number: usize = event.envelope.subject.as_deref().unwrap_or_default().parse()?;
        if number < 10 {
            self.0.emit(plan(number + 10)).await?;
        }
        Ok(())
    }
}

fn answering(seen: &Seen) {
    block_on(async {
        let stage = cramped();
        let answering = Arc::new(Answering(Arc::clone(&stage.bus)));
        let _answering = stage.bus.subscribe(EventFilter::all(), answering);
        let emit = |number| {
            let bus = Arc::clone(&stage.bus);
            spawn(async move { bus.emit(plan(number)).await.map(drop) })
        };
        for emitted in join_all([emit(0), emit(1), emit(2)]).await {
            emitted.unwrap().unwrap();
        }
        // Each of them waits only for a place and for its answer, neither of which needs a handler.
        while stage.log.now().len() < 6 {
            // The one that says to the scheduler that it only waits.
            shuttle::future::yield_now().await;
        }
        stage.bus.shutdown(PATIENT).await;
        let counters = stage.bus.counters();
        seen.note("a reader fell behind", counters.fallbacks > 0);
        assert_eq!((counters.recorded, counters.refused, counters.handler_failures), (6, 0, 0));
    });
}
