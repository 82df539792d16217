//! Shutting down, and being dropped, while others emit, read, come and go.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::HandlerError;
use domain::{Delivery, Emit, EmitError, EventBus, EventFilter, EventSubscriber, StartAt};
use futures::{FutureExt, StreamExt};
use shuttle::future::{block_on, spawn};

use crate::bus::BusSettings;
use crate::explore::{Model, Seen};
use crate::stage::{PATIENT, Stage, Subscriber, cramped, plan, roomy};

pub(crate) const MODELS: &[Model] = &[
    Model {
        name: "an_emit_that_meets_shutdown_is_recorded_and_handed_on_or_refused",
        play: shutting_down,
        must_see: &["all were recorded", "some were recorded", "all others were refused"],
    },
    Model {
        name: "shutdown_records_what_was_accepted_also_where_nobody_is_told",
        play: shutting_down_unobserved,
        must_see: &["it was recorded meanwhile"],
    },
    Model {
        name: "whoever_comes_while_a_bus_shuts_down_is_told_of_the_rest_and_let_go",
        play: coming_late,
        must_see: &["came in time", "came too late"],
    },
    Model {
        name: "a_bus_that_is_dropped_records_what_it_accepted_and_leaves_nothing_behind",
        play: dropping,
        must_see: &["given up, and on record", "given up, and not on record"],
    },
    Model {
        name: "who_does_not_finish_in_time_is_named_and_let_go",
        play: deadline,
        must_see: &["only the held one was abandoned", "both were abandoned"],
    },
];

fn shutting_down(seen: &Seen) {
    block_on(async {
        // Of what is accepted, the second emit does not fit into the first one's batch.
        let stage = Stage::new(BusSettings { queue_capacity: 2, max_batch: 2, ..roomy() });
        let (told, _subscription) = stage.watch("told");
        let stream = stage.bus.stream(EventFilter::all(), StartAt::Now);
        let emit = |number| {
            let bus = Arc::clone(&stage.bus);
            spawn(async move { bus.emit(plan(number)).await.map(|receipt| receipt.sequence.0) })
        };
        let shut_down = || {
            let (bus, log) = (Arc::clone(&stage.bus), Arc::clone(&stage.log));
            spawn(async move {
                let report = bus.shutdown(PATIENT).await;
                assert!(report.abandoned.is_empty(), "it was patient");
                log.places()
            })
        };
        // These have their places before anybody shuts down.
        let mut accepted =
            [vec![plan(3)], vec![plan(4), plan(5)]].map(|batch| stage.bus.emit_batch(batch));
        let at_once = accepted.each_mut().map(FutureExt::now_or_never);
        let emits = [emit(0), emit(1), emit(2)];
        // Twice, and at once.
        for at_return in [shut_down(), shut_down()] {
            let at_return = at_return.await.unwrap();
            assert_eq!(told.done(), at_return, "a subscriber had not finished");
            assert_eq!(stage.log.places(), at_return, "something was recorded afterwards");
        }
        let mut acked = Vec::new();
        for (at_once, accepted) in at_once.into_iter().zip(accepted) {
            let answer = match at_once {
                Some(answer) => answer,
                None => accepted.await,
            };
            let receipts = answer.unwrap_or_else(|error| panic!("it was accepted: {error:?}"));
            acked.extend(receipts.iter().map(|receipt| receipt.sequence.0));
        }
        for emit in emits {
            match emit.await.unwrap() {
                Ok(place) => acked.push(place),
                Err(error) => assert!(matches!(error, EmitError::ShutDown), "{error:?}"),
            }
        }
        acked.sort_unstable();
        assert_eq!(stage.log.places(), acked, "refused and on record, or acked and not");
        let streamed: Vec<_> = stream.map(|event| event.unwrap().sequence.0).collect().await;
        assert_eq!(streamed, acked, "the stream was not told of all");
        seen.note("all were recorded", acked.len() == 6);
        seen.note("some were recorded", (4..6).contains(&acked.len()));
        seen.note("all others were refused", acked.len() == 3);
    });
}

fn shutting_down_unobserved(seen: &Seen) {
    block_on(async {
        let stage = Stage::new(roomy());
        let mut accepted = stage.bus.emit_batch(vec![plan(0), plan(1)]);
        let at_once = (&mut accepted).now_or_never();
        seen.note("it was recorded meanwhile", at_once.is_none());
        stage.bus.shutdown(PATIENT).await;
        assert_eq!(stage.log.places(), [1, 2], "it returned before what it had accepted was there");
        let answer = match at_once {
            Some(answer) => answer,
            None => accepted.await,
        };
        assert_eq!(answer.map_err(|error| error.to_string()).map(|receipts| receipts.len()), Ok(2));
    });
}

fn coming_late(seen: &Seen) {
    block_on(async {
        let stage = Stage::new(roomy());
        let bus = Arc::clone(&stage.bus);
        let emitter = spawn(async move {
            let _ = bus.emit_batch(vec![plan(0), plan(1)]).await;
        });
        let bus = Arc::clone(&stage.bus);
        let reading = spawn(async move {
            let stream = bus.stream(EventFilter::all(), StartAt::Now);
            stream.map(|event| event.unwrap().sequence.0).collect::<Vec<_>>().await
        });
        let bus = Arc::clone(&stage.bus);
        let coming = spawn(async move {
            let (subscriber, mut told) = Subscriber::new("late");
            bus.subscribe(EventFilter::all(), Arc::new(subscriber)).keep();
            // Both end, whenever they began: otherwise this waits for ever.
            told.let_go().await;
            told.done()
        });
        stage.bus.shutdown(PATIENT).await;
        emitter.await.unwrap();
        let record = stage.log.places();
        for told in [reading.await.unwrap(), coming.await.unwrap()] {
            seen.note("came in time", !told.is_empty());
            seen.note("came too late", told.is_empty() && !record.is_empty());
            assert!(told.is_empty() || told == record, "told of {told:?} of {record:?}");
        }
    });
}

fn dropping(seen: &Seen) {
    block_on(async {
        let Stage { bus, log } = cramped();
        let (subscriber, mut told) = Subscriber::new("kept");
        bus.subscribe(EventFilter::all(), Arc::new(subscriber)).keep();
        let (subscriber, mut guarded) = Subscriber::new("guarded");
        let subscription = bus.subscribe(EventFilter::all(), Arc::new(subscriber));
        let stream = bus.stream(EventFilter::all(), StartAt::Now);
        bus.emit(plan(0)).await.unwrap();
        // Given up with the task that drops the bus.
        let giver_up = spawn(async move {
            let emit = spawn({
                let bus = Arc::clone(&bus);
                async move { bus.emit(plan(1)).await.map(drop) }
            });
            emit.abort();
            drop(bus);
        });
        let streamed: Vec<_> = stream.map(|event| event.unwrap().sequence.0).collect().await;
        giver_up.await.unwrap();
        told.let_go().await;
        guarded.let_go().await;
        drop(subscription);
        let record = log.places();
        seen.note("given up, and on record", record.len() == 2);
        seen.note("given up, and not on record", record.len() == 1);
        assert_eq!(streamed, record, "the stream was not told of all");
        assert_eq!(told.done(), record, "the subscriber was not told of all");
        assert_eq!(guarded.done(), record, "the one with a guard was not told of all");
    });
}

/// Never done with anything.
struct Held;

#[async_trait]
impl EventSubscriber for Held {
    fn name(&self) -> &'static str {
        "held"
    }

    async fn handle(&self, _: &Delivery) -> Result<(), HandlerError> {
        std::future::pending().await
    }
}

fn deadline(seen: &Seen) {
    block_on(async {
        let stage = Stage::new(roomy());
        let (mut told, _subscription) = stage.watch("quick");
        stage.bus.subscribe(EventFilter::all(), Arc::new(Held)).keep();
        stage.bus.emit_batch(vec![plan(0), plan(1)]).await.unwrap();
        let shut_down = || {
            let bus = Arc::clone(&stage.bus);
            spawn(async move { bus.shutdown(Duration::ZERO).await.abandoned })
        };
        let (one, two) = (shut_down(), shut_down());
        let (one, two) = (one.await.unwrap(), two.await.unwrap());
        let report = stage.bus.shutdown(PATIENT).await.abandoned;
        for abandoned in [one, two] {
            assert!(abandoned.iter().all(|name| report.contains(name)), "the report changed");
        }
        assert!(report.contains(&"held".to_owned()), "it never finishes: {report:?}");
        let both = report.contains(&"quick".to_owned());
        seen.note("both were abandoned", both);
        seen.note("only the held one was abandoned", !both);
        assert_eq!(report.len(), 1 + usize::from(both), "named twice: {report:?}");
        assert!(both || told.done() == [1, 2], "it was let go early, and not named");
        told.let_go().await;
    });
}
