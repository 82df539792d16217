//! Streams: where they begin, what they join, and how they are looked at.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use domain::ports::{EventStream, StreamStatus};
use domain::{Clock, Emit, EventFilter, QueryError, Sequence, StartAt};
use futures::StreamExt;

use super::EventBusMaker;
use crate::expect::{eventually, must};
use crate::stage::{Stage, memory_log, plan, plans, tool};

/// So many events, all of which must come.
async fn next(stream: &mut EventStream, events: usize) -> Vec<u64> {
    let events = stream.take(events).map(|event| must(event).sequence.0);
    events.collect().await
}

/// Everything until the end.
async fn rest(stream: EventStream) -> Vec<u64> {
    stream.map(|event| must(event).sequence.0).collect().await
}

pub(super) async fn a_stream_begins_where_it_is_told(maker: &dyn EventBusMaker) {
    let (clock, log) = memory_log();
    let bus = maker.over(Arc::clone(&clock), Arc::clone(&log)).await;
    let stage = Stage { bus, log };
    stage.record_all();
    let first_hour = clock.now();
    must(stage.bus.emit_batch(plans(0..5)).await);
    clock.advance(TimeDelta::hours(1));
    let second_hour = clock.now();
    must(stage.bus.emit_batch(plans(5..10)).await);

    let hour = TimeDelta::hours(1);
    let cases = [
        ("the beginning", StartAt::Beginning, 1),
        ("before them all", StartAt::After(Sequence(0)), 1),
        ("after the third", StartAt::After(Sequence(3)), 4),
        ("after the last", StartAt::After(Sequence(10)), 11),
        ("after one that is yet to come", StartAt::After(Sequence(12)), 13),
        ("the first hour", StartAt::Time(first_hour), 1),
        ("an earlier hour", StartAt::Time(first_hour - hour), 1),
        ("just after the first hour", StartAt::Time(first_hour + TimeDelta::nanoseconds(1)), 6),
        ("the second hour", StartAt::Time(second_hour), 6),
        ("an hour to come", StartAt::Time(second_hour + hour * 2), 16),
        ("now", StartAt::Now, 11),
    ];
    let streams = cases
        .map(|(what, start, first)| (what, stage.bus.stream(EventFilter::all(), start), first));
    clock.advance(hour);
    must(stage.bus.emit_batch(plans(10..15)).await);
    clock.advance(hour);
    must(stage.bus.emit_batch(plans(15..20)).await);
    stage.bus.shutdown(Duration::from_mins(10)).await;
    for (what, stream, first) in streams {
        assert_eq!(rest(stream).await, (first..=20).collect::<Vec<_>>(), "from {what} on");
    }
}

pub(super) async fn a_stream_reads_the_whole_record_whoever_adds_to_it(stage: Stage) {
    stage.record_all();
    stage.record_elsewhere(3).await;
    let mut whole = stage.bus.stream(EventFilter::all(), StartAt::Beginning);
    let mut now = stage.bus.stream(EventFilter::all(), StartAt::After(Sequence(3)));
    let mut tools = stage.bus.stream(EventFilter::context("tool"), StartAt::Beginning);
    for round in 0..20 {
        must(stage.bus.emit_batch(plans(0..1 + round % 3)).await);
        stage.record_elsewhere(round % 4).await;
    }
    must(stage.bus.emit(plan(0)).await);
    let record = stage.on_record().await;
    let all: Vec<u64> = record.iter().map(|event| event.sequence.0).collect();
    let of_others = record.iter().filter(|event| event.envelope.event_type.context() == "tool");
    let of_others: Vec<u64> = of_others.map(|event| event.sequence.0).collect();
    assert_eq!(next(&mut whole, all.len()).await, all);
    assert_eq!(next(&mut now, all.len() - 3).await, all[3..]);
    assert_eq!(next(&mut tools, of_others.len()).await, of_others);
    // Nothing more happens on this bus.
    stage.record_elsewhere(2).await;
    let more = [all.len() as u64 + 1, all.len() as u64 + 2];
    for stream in [&mut whole, &mut now, &mut tools] {
        assert_eq!(next(stream, 2).await, more, "what others add is told without an emit");
    }
}

pub(super) async fn what_was_there_and_what_comes_join(stage: Stage) {
    const THERE: usize = 700;
    const TASKS: usize = 4;
    const EACH: usize = 100;
    stage.record_all();
    must(stage.bus.emit_batch(plans(0..THERE)).await);
    let mut stream = stage.bus.stream(EventFilter::all(), StartAt::Beginning);
    let mut read = next(&mut stream, 10).await;
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let bus = Arc::clone(&stage.bus);
            tokio::spawn(async move {
                for number in 0..EACH {
                    must(bus.emit_batch(plans(0..1 + number % 2)).await);
                }
            })
        })
        .collect();
    let total = THERE + TASKS * (EACH + EACH / 2);
    while read.len() < total {
        if read.len() % 50 == 0 {
            stage.record_elsewhere(1).await;
            tokio::task::yield_now().await;
        }
        read.extend(next(&mut stream, 1).await);
    }
    for task in tasks {
        must(task.await);
    }
    let last = must(stage.bus.emit(plan(0)).await).sequence.0;
    while read.last() != Some(&last) {
        read.extend(next(&mut stream, 1).await);
    }
    assert_eq!(read, (1..=last).collect::<Vec<_>>(), "without a hole or a repetition");
}

pub(super) async fn a_stream_says_how_it_is_doing(stage: Stage) {
    const EVENTS: u64 = 6000;
    stage.record_all();
    let mut stream = stage.bus.stream(EventFilter::all(), StartAt::Now);
    let monitor = stream.monitor();
    assert_eq!((monitor.status(), stream.fallbacks()), (StreamStatus::Live, 0));
    must(stage.bus.emit(plan(0)).await);
    assert_eq!(next(&mut stream, 1).await, [1]);
    assert_eq!(stream.status(), StreamStatus::Live, "it has read all there is");
    // More than any sensible buffer, while nobody reads.
    for _ in 0..EVENTS / 100 {
        must(stage.bus.emit_batch(plans(0..100)).await);
    }
    assert_eq!(monitor.status(), StreamStatus::CatchingUp { behind: EVENTS });
    let mut last = EVENTS;
    let mut read = 1;
    while read <= EVENTS {
        read += must(stream.next_batch().await.unwrap_or_else(|| panic!("it ended"))).len() as u64;
        if let StreamStatus::CatchingUp { behind } = monitor.status() {
            assert!(behind <= last, "it comes nearer: {behind} after {last}");
            last = behind;
        }
    }
    must(stage.bus.emit(plan(0)).await);
    assert_eq!(next(&mut stream, 1).await, [EVENTS + 2]);
    assert_eq!(monitor.status(), StreamStatus::Live, "it is live again");
    assert_eq!(monitor.fallbacks(), 1, "how often it fell behind is counted");
    assert_eq!(stage.bus.counters().fallbacks, 1, "also for the whole bus");
    let mut history = stage.bus.stream(EventFilter::all(), StartAt::Beginning);
    assert_eq!(next(&mut history, 1).await, [1]);
    let StreamStatus::CatchingUp { behind } = history.status() else {
        panic!("it reads what was there: {:?}", history.status())
    };
    assert!(behind > 0 && behind < EVENTS + 2, "{behind}");
    assert_eq!(history.fallbacks(), 0, "who begins in the past is not slow");
    drop(stream);
    assert_eq!(monitor.status(), StreamStatus::Ended);
}

pub(super) async fn a_stream_can_be_read_batch_by_batch(stage: Stage) {
    stage.record_all();
    let mut stream = stage.bus.stream(EventFilter::all(), StartAt::Now);
    let mut odd = stage
        .bus
        .stream(EventFilter::all().where_event(|event| event.sequence.0 % 2 == 1), StartAt::Now);
    let batch = async |stream: &mut EventStream| {
        let batch = must(stream.next_batch().await.unwrap_or_else(|| panic!("it ended")));
        batch.iter().map(|event| event.sequence.0).collect::<Vec<_>>()
    };
    must(stage.bus.emit_batch(plans(0..50)).await);
    must(stage.bus.emit_batch(plans(50..60)).await);
    assert_eq!(batch(&mut stream).await, (1..=50).collect::<Vec<_>>(), "as it was committed");
    assert_eq!(next(&mut stream, 3).await, [51, 52, 53]);
    assert_eq!(batch(&mut stream).await, (54..=60).collect::<Vec<_>>(), "what is left of it");
    let wanted: Vec<u64> = (1..=60).filter(|place| place % 2 == 1).collect();
    assert_eq!(batch(&mut odd).await, wanted[..25]);
    assert_eq!(batch(&mut odd).await, wanted[25..]);
    stage.bus.shutdown(Duration::from_mins(10)).await;
    assert!(stream.next_batch().await.is_none() && stream.next().await.is_none());
}

pub(super) async fn a_stream_that_is_dropped_leaves_nothing_behind(stage: Stage) {
    stage.record_all();
    must(stage.bus.emit_batch(plans(0..600)).await);
    for (what, start, read) in [
        ("that was never read", StartAt::Beginning, 0),
        ("that reads what was there", StartAt::Beginning, 1),
        ("that is live", StartAt::Now, 0),
        ("that has caught up", StartAt::After(Sequence(300)), 300),
    ] {
        let captured = Arc::new(());
        let freed = Arc::downgrade(&captured);
        let filter = EventFilter::all().where_event(move |_| Arc::strong_count(&captured) > 0);
        let mut stream = stage.bus.stream(filter, start);
        next(&mut stream, read).await;
        let monitor = stream.monitor();
        drop(stream);
        eventually(&format!("a stream {what} is freed"), || freed.upgrade().is_none()).await;
        assert_eq!(monitor.status(), StreamStatus::Ended, "a stream {what}");
    }
}

pub(super) async fn what_a_stream_comes_too_late_for_is_said(stage: Stage) {
    stage.record_all();
    must(stage.bus.emit_batch((0..10).map(tool).collect()).await);
    must(stage.log.remove_oldest(Sequence(6), 100).await);
    let mut after = stage.bus.stream(EventFilter::all(), StartAt::After(Sequence(2)));
    let mut beginning = stage.bus.stream(EventFilter::all(), StartAt::Beginning);
    match after.next().await {
        Some(Err(QueryError::Removed { from, through })) => {
            assert_eq!((from, through), (Sequence(3), Sequence(6)), "exactly what is gone");
        }
        other => panic!("what is gone is said before what follows it: {other:?}"),
    }
    for stream in [&mut after, &mut beginning] {
        assert_eq!(next(stream, 4).await, [7, 8, 9, 10], "what is there is read");
    }
    assert_eq!(stage.bus.counters().lost_to_retention, 4);
}
