//! One order for everybody, and nobody in the way of anybody.

use std::sync::Arc;

use domain::{Emit, EventFilter, QueryError, Sequence, StartAt};
use futures::{FutureExt, StreamExt};

use crate::expect::{eventually, must};
use crate::fakes::{Gate, Probe};
use crate::stage::{Stage, plan, plans, tool};

pub(super) async fn all_are_told_the_same_in_the_order_of_the_record(stage: Stage) {
    const TASKS: usize = 64;
    const EACH: usize = 12;
    stage.record_all();
    let watchers: Vec<_> = (0..8).map(|n| stage.watch(&format!("probe {n}"))).collect();
    let stream = stage.bus.stream(EventFilter::all(), StartAt::Now);

    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let bus = Arc::clone(&stage.bus);
            tokio::spawn(async move {
                for number in 0..EACH {
                    // Batches of one to three, so that they do not all look alike.
                    let batch = plans(0..1 + (task + number) % 3);
                    must(bus.emit_batch(batch).await);
                }
            })
        })
        .collect();
    for task in tasks {
        must(task.await);
    }

    let record = stage.sequences().await;
    let total = record.len();
    assert_eq!(record, (1..=total as u64).map(Sequence).collect::<Vec<_>>(), "gapless");
    assert_eq!(stage.bus.counters().recorded, total as u64);
    for (probe, _subscription) in &watchers {
        probe.told(total).await;
        assert_eq!(probe.sequences(), record);
    }
    let streamed: Vec<_> = stream.take(total).map(|event| must(event).sequence).collect().await;
    assert_eq!(streamed, record);
}

pub(super) async fn a_slow_subscriber_is_told_everything_and_delays_nobody(stage: Stage) {
    const EVENTS: usize = 6000;
    stage.record_all();
    let gate = Arc::new(Gate::closed());
    let slow = Probe::new("slow").behind(Arc::clone(&gate));
    let (slow, _slow) = stage.watch_with(EventFilter::all(), slow);
    let mut unread = stage.bus.stream(EventFilter::all(), StartAt::Now);
    let (quick, _quick) = stage.watch("quick");

    // More than any sensible buffer, while the slow one stands at its first event.
    for batch in 0..EVENTS / 100 {
        must(stage.bus.emit_batch(plans(batch * 100..batch * 100 + 100)).await);
    }
    quick.told(EVENTS).await;
    assert!(slow.events().is_empty());

    gate.open();
    let record = stage.on_record().await;
    slow.told(EVENTS).await;
    assert_eq!(slow.events(), record);
    for event in record {
        let Some(streamed) = unread.next().await else { panic!("the stream ended") };
        assert_eq!(*must(streamed), event);
    }

    // Both are live again.
    let receipt = must(stage.bus.emit(tool(1)).await);
    slow.told(EVENTS + 1).await;
    assert_eq!(slow.sequences().last(), Some(&receipt.sequence));
    let Some(streamed) = unread.next().await else { panic!("the stream ended") };
    assert_eq!(must(streamed).sequence, receipt.sequence);
    assert!(unread.next().now_or_never().is_none());
}

pub(super) async fn handlers_that_fail_or_panic_hurt_nobody(stage: Stage) {
    stage.record_all();
    let odd = |event: &domain::RecordedEvent| event.sequence.0 % 2 == 1;
    let (failing, _failing) =
        stage.watch_with(EventFilter::all(), Probe::new("failing").failing_on(odd));
    let (panicking, _panicking) =
        stage.watch_with(EventFilter::all(), Probe::new("panicking").panicking_on(odd));
    let (well, _well) = stage.watch("well");
    for number in 0..10 {
        must(stage.bus.emit(plan(number)).await);
    }
    let record = stage.sequences().await;
    for probe in [&failing, &panicking, &well] {
        probe.told(10).await;
        assert_eq!(probe.sequences(), record, "the next event follows all the same");
    }
    eventually("every failure is counted", || {
        let counters = stage.bus.counters();
        (counters.handler_failures, counters.handler_panics) == (5, 5)
    })
    .await;
}

pub(super) async fn only_what_comes_after_subscribing_is_handed_on(stage: Stage) {
    stage.record_all();
    must(stage.bus.emit_batch(plans(0..5)).await);
    let (probe, _subscription) = stage.watch("probe");
    let mut stream = stage.bus.stream(EventFilter::all(), StartAt::Now);
    let receipt = must(stage.bus.emit(plan(5)).await);
    probe.told(1).await;
    assert_eq!(probe.sequences(), [receipt.sequence]);
    let Some(streamed) = stream.next().await else { panic!("the stream ended") };
    assert_eq!(must(streamed).sequence, receipt.sequence);
}

pub(super) async fn recent_events_are_the_last_ones_oldest_first(stage: Stage) {
    stage.record_all();
    assert!(stage.bus.recent().is_empty());
    for size in [1, 7, 300, 2] {
        must(stage.bus.emit_batch(plans(0..size)).await);
        let recent = stage.bus.recent();
        assert!(!recent.is_empty(), "it is there when emit returns");
        let record = stage.on_record().await;
        let last = &record[record.len() - recent.len()..];
        assert!(recent.iter().map(|event| &**event).eq(last));
    }
    assert!(stage.bus.recent().len() < 310, "it is bounded");
}

pub(super) async fn what_retention_takes_from_a_slow_reader_is_said_and_counted(stage: Stage) {
    const EVENTS: u64 = 6000;
    stage.record_all();
    let gate = Arc::new(Gate::closed());
    let slow = Probe::new("slow").behind(Arc::clone(&gate));
    let (slow, _slow) = stage.watch_with(EventFilter::all(), slow);
    let stream = stage.bus.stream(EventFilter::all(), StartAt::Now);
    for _ in 0..EVENTS / 100 {
        must(stage.bus.emit_batch(plans(0..100)).await);
    }
    must(stage.log.remove_oldest(Sequence(EVENTS - 50), u32::MAX).await);

    gate.open();
    stage.bus.settled().await;
    let told = slow.sequences();
    assert!(told.is_sorted_by(|a, b| a < b), "a subscriber is told in order");
    assert_eq!(told.last(), Some(&Sequence(EVENTS)), "and goes on after what was removed");

    stage.bus.shutdown(std::time::Duration::from_mins(10)).await;
    let (mut next, mut lost) = (1, 0);
    for item in stream.collect::<Vec<_>>().await {
        match item {
            Ok(event) => {
                assert_eq!(event.sequence.0, next, "a stream skips nothing in silence");
                next += 1;
            }
            Err(QueryError::Removed { from, through }) => {
                assert_eq!(from.0, next, "what was removed is said once, in its place");
                lost += through.0 - from.0 + 1;
                next = through.0 + 1;
            }
            Err(other) => panic!("the record can be read: {other}"),
        }
    }
    assert_eq!(next, EVENTS + 1, "a stream goes on after what was removed");
    let missed = EVENTS - told.len() as u64;
    let counted = stage.bus.counters().lost_to_retention;
    assert_eq!(counted, lost + missed, "what was lost to each reader is counted");
}
