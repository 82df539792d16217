//! The end, in every state a bus can be in.

use std::sync::Arc;
use std::time::Duration;

use domain::ports::{EventStream, ShutdownReport, handler};
use domain::{Emit, EmitError, EventFilter, StartAt};
use futures::StreamExt;

use crate::expect::{eventually, must, must_fail};
use crate::fakes::{Gate, Probe, StallingRecorder};
use crate::stage::{Stage, plan, plans};

/// Longer than any test lasts.
const LONG: Duration = Duration::from_mins(10);

async fn rest(stream: EventStream) -> Vec<u64> {
    stream.map(|event| must(event).sequence.0).collect().await
}

pub(super) async fn what_was_accepted_is_recorded_and_handed_on(stage: Stage) {
    let recorder = Arc::new(StallingRecorder::new(stage.plain()));
    stage.record_all_with(Arc::clone(&recorder) as _);
    let (probe, _subscription) = stage.watch("probe");
    let gate = Arc::new(Gate::closed());
    let (slow, _slow) =
        stage.watch_with(EventFilter::all(), Probe::new("slow").behind(Arc::clone(&gate)));
    let stream = stage.bus.stream(EventFilter::all(), StartAt::Now);

    let bus = Arc::clone(&stage.bus);
    let emit = tokio::spawn(async move { bus.emit_batch(plans(0..5)).await });
    recorder.gate.arrived(1).await;
    let bus = Arc::clone(&stage.bus);
    let shutdown = tokio::spawn(async move { bus.shutdown(LONG).await });
    // Refused from the moment of the call, not from its end.
    loop {
        let outcome = tokio::time::timeout(Duration::from_millis(1), stage.bus.emit(plan(9))).await;
        match outcome {
            Ok(Err(EmitError::ShutDown)) => break,
            Ok(other) => panic!("the recorder stalls: {other:?}"),
            // Accepted before the other task came to call `shutdown`; it is given up, and recorded.
            Err(_) => {}
        }
    }
    assert!(!shutdown.is_finished(), "it ended before what was accepted was recorded");

    recorder.gate.open();
    gate.arrived(1).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!shutdown.is_finished(), "it ended before a subscriber had finished");
    gate.open();
    assert_eq!(must(shutdown.await), ShutdownReport::default());
    assert_eq!(must(must(emit.await)).len(), 5);
    let record = stage.sequences().await;
    assert!(record.len() >= 5);
    assert_eq!(probe.sequences(), record, "subscribers have finished when it returns");
    assert_eq!(slow.sequences(), record);
    let record: Vec<_> = record.iter().map(|sequence| sequence.0).collect();
    assert_eq!(rest(stream).await, record);
}

pub(super) async fn afterwards_emits_are_refused_and_streams_end(stage: Stage) {
    stage.record_all();
    let (probe, subscription) = stage.watch("probe");
    let weak = Arc::downgrade(&probe);
    let stream = stage.bus.stream(EventFilter::all(), StartAt::Now);
    must(stage.bus.emit_batch(plans(0..3)).await);
    assert_eq!(stage.bus.shutdown(LONG).await, ShutdownReport::default());
    assert_eq!(probe.events().len(), 3);

    let error = must_fail(stage.bus.emit(plan(3)).await);
    assert!(matches!(error, EmitError::ShutDown), "{error:?}");
    assert!(error.to_string().contains("shut down"), "{error}");
    assert_eq!(stage.bus.counters().refused, 1);
    assert_eq!(stage.on_record().await.len(), 3);
    assert_eq!(rest(stream).await, [1, 2, 3]);
    assert_eq!(stage.bus.recent().len(), 3);

    // Its subscribers are free, and whoever comes now is told nothing.
    drop(probe);
    eventually("the subscriber is free", || weak.upgrade().is_none()).await;
    drop(subscription);
    assert!(rest(stage.bus.stream(EventFilter::all(), StartAt::Now)).await.is_empty());
    let (late, _late) = stage.watch("late");
    eventually("a late subscriber is let go", || Arc::strong_count(&late) == 1).await;
}

pub(super) async fn subscribers_that_do_not_finish_are_named(stage: Stage) {
    stage.record_all();
    let gate = Arc::new(Gate::closed());
    let held = Probe::new("held").behind(Arc::clone(&gate));
    let (held, _held) = stage.watch_with(EventFilter::all(), held);
    let (quick, _quick) = stage.watch("quick");
    must(stage.bus.emit_batch(plans(0..3)).await);
    gate.arrived(1).await;

    let report = stage.bus.shutdown(Duration::from_millis(50)).await;
    assert_eq!(report.abandoned, ["held"]);
    assert_eq!(quick.events().len(), 3);
    eventually("the bus lets go of it", || Arc::strong_count(&held) == 1).await;
    assert!(held.events().is_empty());
    assert_eq!(stage.bus.shutdown(LONG).await.abandoned, ["held"], "the report stays true");
}

pub(super) async fn it_may_be_called_twice_and_at_once(stage: Stage) {
    stage.record_all();
    let (probe, _subscription) = stage.watch("probe");
    // A subscriber that owns the bus, and shuts it down while the bus waits for it.
    let bus = Arc::clone(&stage.bus);
    let owner = handler("owner", move |_| {
        let bus = Arc::clone(&bus);
        async move {
            bus.shutdown(Duration::from_millis(20)).await;
            Ok(())
        }
    });
    let weak = Arc::downgrade(&owner);
    let _owner = stage.bus.subscribe(EventFilter::all(), owner);
    must(stage.bus.emit(plan(1)).await);
    let at_once = (0..4).map(|_| stage.bus.shutdown(LONG));
    for report in futures::future::join_all(at_once).await {
        assert_eq!(report.abandoned, ["owner"]);
    }
    assert_eq!(probe.events().len(), 1);
    assert_eq!(stage.bus.shutdown(Duration::ZERO).await.abandoned, ["owner"]);
    eventually("the circle is broken", || weak.upgrade().is_none()).await;
}
