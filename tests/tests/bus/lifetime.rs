//! How a reactive bus is built, and what is left of it when it goes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::ports::{BusCounters, handler};
use domain::{AuditLog, Emit, EmitError, EventBus, EventFilter, StartAt};
use futures::{FutureExt, StreamExt};
use indelible_tests::expect::{eventually, must, must_fail, soon};
use indelible_tests::fakes::{Probe, StallingRecorder, plain_recorder};
use indelible_tests::stage::{Stage, all_types, memory_log, plan, plans};
use infrastructure::bus::{BusSettings, ReactiveEventBus, ReactiveEventBusParameters};
use infrastructure::clock::SystemClock;
use infrastructure::memory::InMemoryAuditLog;
use shaku::HasComponent;
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    must(Builder::new_multi_thread().worker_threads(2).enable_all().build())
}

/// The smallest container that has a bus.
#[allow(clippy::struct_field_names)] // The container's macro names its own fields.
mod wiring {
    use super::{InMemoryAuditLog, ReactiveEventBus, SystemClock};

    shaku::module! {
        pub Wired {
            components = [SystemClock, InMemoryAuditLog, ReactiveEventBus],
            providers = []
        }
    }
}

#[tokio::test]
async fn a_container_builds_the_bus_over_its_own_log_and_clock() {
    let settings = BusSettings { source: "/wired".to_owned(), ..BusSettings::default() };
    let parameters = ReactiveEventBusParameters { settings, decorators: Vec::new() };
    let wired =
        wiring::Wired::builder().with_component_parameters::<ReactiveEventBus>(parameters).build();
    let (bus, log): (Arc<dyn EventBus>, Arc<dyn AuditLog>) = (wired.resolve(), wired.resolve());
    bus.attach_recorder(&all_types(), plain_recorder(Arc::clone(&log)));
    let receipt = must(bus.emit(plan(1)).await);
    let Some(event) = must(log.by_sequence(receipt.sequence).await) else { panic!("not there") };
    assert_eq!(event.envelope.source, "/wired");
}

#[tokio::test]
async fn a_size_of_nothing_counts_as_one() {
    let nothing = BusSettings {
        queue_capacity: 0,
        max_batch: 0,
        reader_buffer: 0,
        recent: 0,
        ..BusSettings::default()
    };
    let stage = Stage::in_memory(nothing);
    stage.record_all();
    let (probe, _subscription) = stage.watch("probe");
    for _ in 0..5 {
        must(stage.bus.emit_batch(plans(0..3)).await);
    }
    soon("everything arrives", probe.told(15)).await;
    assert!(stage.bus.recent().is_empty(), "of recent events, none are kept");
}

#[tokio::test]
async fn the_ring_of_recent_events_is_as_long_as_it_is_told_to_be() {
    let stage = Stage::in_memory(BusSettings { recent: 4, ..BusSettings::default() });
    stage.record_all();
    let mut shown = Vec::new();
    for size in [3, 2, 9, 1] {
        must(stage.bus.emit_batch(plans(0..size)).await);
        shown.push(stage.bus.recent().iter().map(|event| event.sequence.0).collect::<Vec<_>>());
    }
    assert_eq!(
        shown,
        [vec![1, 2, 3], vec![2, 3, 4, 5], vec![11, 12, 13, 14], vec![12, 13, 14, 15]]
    );
}

#[tokio::test]
async fn dropping_the_bus_records_what_was_accepted_and_ends_all_its_tasks() {
    let (_, log) = memory_log();
    let stage = Stage::over(Arc::clone(&log), BusSettings::default());
    let recorder = Arc::new(StallingRecorder::new(stage.plain()));
    stage.record_all_with(Arc::clone(&recorder) as _);
    let (probe, subscription) = stage.watch("probe");
    let kept = Arc::new(Probe::new("kept"));
    stage.bus.subscribe(EventFilter::all(), Arc::clone(&kept) as _).keep();
    let stream = stage.bus.stream(EventFilter::all(), StartAt::Now);

    // An emit is accepted, and then both its emitter and the bus go away.
    let mut emit = stage.bus.emit_batch(plans(0..3));
    assert!((&mut emit).now_or_never().is_none());
    recorder.gate.arrived(1).await;
    drop(emit);
    drop(stage);
    recorder.gate.open();

    let streamed: Vec<_> = soon("the stream ends", stream.collect::<Vec<_>>()).await;
    assert_eq!(streamed.len(), 3);
    for probe in [&probe, &kept] {
        soon("subscribers are told", probe.told(3)).await;
        eventually("subscribers are let go", || Arc::strong_count(probe) == 1).await;
    }
    eventually("the recorder is let go", || Arc::strong_count(&recorder) == 1).await;
    drop(recorder);
    eventually("the log is let go", || Arc::strong_count(&log) == 1).await;
    drop(subscription);
}

#[test]
fn a_bus_whose_runtime_has_gone_refuses() {
    let first = runtime();
    let stage = first.block_on(async { Stage::in_memory(BusSettings::default()) });
    let recorder = Arc::new(StallingRecorder::new(stage.plain()));
    stage.record_all_with(Arc::clone(&recorder) as _);
    let second = runtime();
    let bus = Arc::clone(&stage.bus);
    let waiting = second.spawn(async move { bus.emit(plan(1)).await });
    second.block_on(recorder.gate.arrived(1));
    drop(first);
    let error = must_fail(must(second.block_on(waiting)));
    assert!(matches!(error, EmitError::ShutDown), "{error:?}");
    let error = must_fail(second.block_on(stage.bus.emit(plan(2))));
    assert!(matches!(error, EmitError::ShutDown), "{error:?}");
    assert!(second.block_on(stage.on_record()).is_empty());

    // Subscribing to it does nothing, and hangs nowhere.
    let (probe, _subscription) = stage.watch("late");
    assert_eq!(Arc::strong_count(&probe), 1);
    second.block_on(stage.bus.shutdown(Duration::from_secs(5)));
}

#[test]
fn anybody_may_subscribe_also_outside_the_runtime() {
    let runtime = runtime();
    let stage = runtime.block_on(async { Stage::in_memory(BusSettings::default()) });
    stage.record_all();
    let (probe, subscription) = stage.watch("outside");
    must(runtime.block_on(stage.bus.emit(plan(1))));
    runtime.block_on(soon("it is told", probe.told(1)));
    drop(subscription);
}

#[tokio::test]
async fn a_handler_that_always_has_something_to_do_leaves_room_for_others() {
    // One thread, a handler that never waits, and a thousand events in its inbox.
    let stage = Stage::in_memory(BusSettings::default());
    stage.record_all();
    let handled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&handled);
    let busy = handler("busy", move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Ok(()))
    });
    let _subscription = stage.bus.subscribe(EventFilter::all(), busy);
    must(stage.bus.emit_batch(plans(0..1000)).await);
    let told = handled.load(Ordering::SeqCst);
    assert!(told < 1000, "it had the thread to itself for {told} events");
    eventually("everything arrives", || handled.load(Ordering::SeqCst) == 1000).await;
}

#[tokio::test]
async fn recording_what_was_accepted_is_never_cut_short() {
    let stage = Stage::in_memory(BusSettings::default());
    let recorder = Arc::new(StallingRecorder::new(stage.plain()));
    stage.record_all_with(Arc::clone(&recorder) as _);
    let bus = Arc::clone(&stage.bus);
    let emit = tokio::spawn(async move { bus.emit(plan(1)).await });
    recorder.gate.arrived(1).await;
    let mut waiting = stage.bus.emit_batch(plans(2..4));
    assert!((&mut waiting).now_or_never().is_none(), "it is accepted, and waits");
    // No patience at all, and still the bus waits.
    let mut shutdown = stage.bus.shutdown(Duration::ZERO);
    for _ in 0..100 {
        assert!((&mut shutdown).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    recorder.gate.open();
    soon("it ends", shutdown).await;
    must(must(emit.await));
    must(waiting.await);
    assert_eq!(stage.on_record().await.len(), 3);
}

#[tokio::test]
async fn a_subscriber_whose_destructor_uses_the_bus_is_let_go() {
    /// Counts what the bus says when it is dropped.
    struct Curious(Arc<dyn EventBus>, Arc<Mutex<Option<BusCounters>>>);
    impl Drop for Curious {
        fn drop(&mut self) {
            self.0.subscribe(EventFilter::all(), Arc::new(Probe::new("last"))).unsubscribe();
            let seen = Some(self.0.counters());
            *self.1.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        }
    }
    let stage = Stage::in_memory(BusSettings::default());
    stage.record_all();
    let seen = Arc::default();
    let curious = Arc::new(Curious(Arc::clone(&stage.bus), Arc::clone(&seen)));
    let in_filter = Curious(Arc::clone(&stage.bus), Arc::default());
    let filter = EventFilter::all().where_event(move |_| in_filter.0.counters().recorded > 0);
    let (probe, _subscription) = stage.watch("probe");
    let subscription = stage.bus.subscribe(
        filter,
        handler("curious", move |_| {
            let curious = Arc::clone(&curious);
            async move {
                drop(curious);
                Ok(())
            }
        }),
    );
    must(stage.bus.emit(plan(1)).await);
    probe.told(1).await;
    drop(subscription);
    let recorded = || {
        seen.lock().unwrap_or_else(PoisonError::into_inner).map(|seen: BusCounters| seen.recorded)
    };
    eventually("it is dropped", || recorded() == Some(1)).await;
}

#[tokio::test]
async fn a_bus_that_is_told_to_end_says_so_while_it_still_records() {
    let stage = Stage::in_memory(BusSettings::default());
    let recorder = Arc::new(StallingRecorder::new(stage.plain()));
    stage.record_all_with(Arc::clone(&recorder) as _);
    let mut emit = stage.bus.emit_batch(vec![plan(1)]);
    assert!((&mut emit).now_or_never().is_none());
    recorder.gate.arrived(1).await;
    assert!(!stage.bus.condition().shut_down);
    let mut ending = stage.bus.shutdown(Duration::from_secs(10));
    assert!((&mut ending).now_or_never().is_none());
    assert!(stage.bus.condition().shut_down);
    recorder.gate.open();
    must(emit.await);
    ending.await;
    assert!(stage.bus.condition().shut_down);
}
