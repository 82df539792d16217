//! Where a stream begins, to the event.
//!
//! Deliberately absent: what every bus promises of it; see the contract suites.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::{Clock, Emit, EventFilter, StartAt};
use futures::{FutureExt, StreamExt};
use indelible_tests::expect::{must, soon};
use indelible_tests::fakes::UnreadableLog;
use indelible_tests::stage::{Stage, memory_log, plan};
use infrastructure::bus::BusSettings;

#[tokio::test]
async fn a_stream_from_now_has_what_others_record_right_after_it_was_opened() {
    let stage = Stage::in_memory(BusSettings::default());
    stage.record_elsewhere(2).await;
    let mut stream = stage.bus.stream(EventFilter::all(), StartAt::Now);
    // The log in memory answers at once: the bus has had no turn in between.
    assert!(stage.record_elsewhere(1).now_or_never().is_some());
    let first = soon("the stream goes on", stream.next()).await.map(must);
    assert_eq!(first.map(|event| event.sequence.0), Some(3));
}

#[tokio::test]
async fn a_stream_from_a_moment_to_come_has_nothing_that_was_recorded_earlier() {
    let (clock, log) = memory_log();
    let stage = Stage::over(log, BusSettings::default());
    stage.record_all();
    let hour = TimeDelta::hours(1);
    let mut stream = stage.bus.stream(EventFilter::all(), StartAt::Time(clock.now() + hour));
    assert!(stream.next().now_or_never().is_none());
    must(stage.bus.emit(plan(1)).await);
    clock.advance(hour);
    must(stage.bus.emit(plan(2)).await);
    let first = soon("the stream goes on", stream.next()).await.map(must);
    assert_eq!(first.map(|event| event.sequence.0), Some(2));
}

#[tokio::test]
async fn as_long_as_nobody_streams_the_record_is_not_asked_what_others_add() {
    let log = Arc::new(UnreadableLog::new(memory_log().1));
    let stage = Stage::over(Arc::clone(&log) as _, BusSettings::default());
    stage.record_all();
    let (_probe, _subscription) = stage.watch("no stream");
    log.fail_ends(5);
    for number in 0..3 {
        tokio::task::yield_now().await;
        must(stage.bus.emit(plan(number)).await);
    }
    tokio::task::yield_now().await;
    assert_eq!(log.ends_to_fail(), 5);
}
