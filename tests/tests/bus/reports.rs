//! What a bus tells the program's own log: each failure once, with the event and the subscriber,
//! and never a payload.

use std::sync::Arc;

use super::logged_lines::Lines;
use domain::{Emit, EventBus, EventFilter, Receipt, Sequence, StartAt};
use futures::{FutureExt, StreamExt};
use indelible_tests::expect::{eventually, must, must_fail};
use indelible_tests::fakes::{
    Gate, PoisonRecorder, Probe, Refusal, RefusingRecorder, StallingRecorder, UnreadableLog,
};
use indelible_tests::stage::{Stage, memory_log, plan, plans, tool};
use infrastructure::bus::{BusSettings, LoggingEventBus};
use serde_json::{Value, json};

/// Asserts that a line names the event and the subscriber.
fn names(line: &Value, receipt: &Receipt, subscriber: &str) {
    assert_eq!(line["event_id"], json!(receipt.event_id), "{line}");
    assert_eq!(line["sequence"], json!(receipt.sequence.0), "{line}");
    assert_eq!(line["subscriber"], json!(subscriber), "{line}");
}

#[tokio::test]
async fn a_handler_that_fails_or_panics_is_reported_once_by_name_and_event() {
    let (lines, _guard) = Lines::collect();
    let stage = Stage::in_memory(BusSettings::default());
    stage.record_all();
    let second = |event: &domain::RecordedEvent| event.sequence.0 == 2;
    let (_failing, _a) =
        stage.watch_with(EventFilter::all(), Probe::new("failing").failing_on(second));
    let (_panicking, _b) =
        stage.watch_with(EventFilter::all(), Probe::new("panicking").panicking_on(second));
    let receipts = must(stage.bus.emit_batch(plans(0..3)).await);
    stage.bus.shutdown(std::time::Duration::from_secs(10)).await;

    let failed = lines.about("failed to handle");
    assert_eq!(failed.len(), 1, "{failed:?}");
    names(&failed[0], &receipts[1], "failing");
    assert_eq!(
        (&failed[0]["level"], &failed[0]["error"]),
        (&json!("ERROR"), &json!("this probe fails"))
    );
    let panicked = lines.about("panicked over an event");
    assert_eq!(panicked.len(), 1, "{panicked:?}");
    names(&panicked[0], &receipts[1], "panicking");
    assert_eq!(panicked[0]["panic"], json!("this probe panics"));
    let counters = stage.bus.counters();
    assert_eq!((counters.handler_failures, counters.handler_panics), (1, 1));
    assert!(!lines.text().contains("plan 1"), "a payload is in the log");
}

#[tokio::test]
async fn a_filter_that_panics_is_reported_by_name_and_event() {
    let (lines, _guard) = Lines::collect();
    let stage = Stage::in_memory(BusSettings::default());
    stage.record_all();
    let picky = EventFilter::all().where_event(|_| panic!("this filter panics"));
    let (_picky, _subscription) = stage.watch_with(picky, Probe::new("picky"));
    let receipt = must(stage.bus.emit(plan(1)).await);
    let reported = lines.about("a filter panicked");
    assert_eq!(reported.len(), 1);
    names(&reported[0], &receipt, "picky");
    assert_eq!(reported[0]["panic"], json!("this filter panics"));
}

#[tokio::test]
async fn a_reader_that_falls_behind_is_reported_and_so_is_a_record_that_cannot_be_read() {
    let (lines, _guard) = Lines::collect();
    let log = Arc::new(UnreadableLog::new(memory_log().1));
    let settings = BusSettings { reader_buffer: 1, ..BusSettings::default() };
    let stage = Stage::over(Arc::clone(&log) as _, settings);
    stage.record_all();
    let gate = Arc::new(Gate::closed());
    let (slow, _subscription) =
        stage.watch_with(EventFilter::all(), Probe::new("slow").behind(Arc::clone(&gate)));
    for number in 0..5 {
        must(stage.bus.emit(plan(number)).await);
    }
    log.fail_pages(1);
    gate.open();
    slow.told(5).await;
    let behind = lines.about("slower than the bus");
    assert_eq!(behind.len(), 1);
    assert_eq!(behind[0]["subscriber"], json!("slow"));
    assert_eq!(behind[0]["through"], json!(5));
    let unreadable = lines.about("record cannot be read");
    assert_eq!(unreadable.len(), 1);
    assert_eq!(unreadable[0]["subscriber"], json!("slow"));
    assert!(unreadable[0]["error"].as_str().is_some_and(|text| text.contains("told to fail")));
}

#[tokio::test]
async fn what_retention_takes_from_a_slow_reader_is_reported_once_with_its_ends() {
    let (lines, _guard) = Lines::collect();
    let settings = BusSettings { reader_buffer: 1, ..BusSettings::default() };
    let stage = Stage::in_memory(settings);
    stage.record_all();
    let gate = Arc::new(Gate::closed());
    let (slow, _subscription) =
        stage.watch_with(EventFilter::all(), Probe::new("slow").behind(Arc::clone(&gate)));
    must(stage.bus.emit(plan(1)).await);
    gate.arrived(1).await;
    for number in 2..=20 {
        must(stage.bus.emit(plan(number)).await);
    }
    must(stage.log.remove_oldest(Sequence(12), 100).await);
    gate.open();
    // 1 was being handled and 2 waited in the buffer.
    slow.told(10).await;
    let told: Vec<u64> = slow.sequences().iter().map(|sequence| sequence.0).collect();
    assert_eq!(told, [1, 2, 13, 14, 15, 16, 17, 18, 19, 20]);
    let lost = lines.about("retention removed");
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert_eq!((&lost[0]["level"], &lost[0]["subscriber"]), (&json!("WARN"), &json!("slow")));
    assert_eq!((&lost[0]["from"], &lost[0]["through"]), (&json!(3), &json!(12)));
    assert_eq!(lost[0]["events"], json!(10));
    assert_eq!(stage.bus.counters().lost_to_retention, 10);
    assert!(lines.about("record cannot be read").is_empty(), "it was read well");
}

#[tokio::test]
async fn a_subscriber_abandoned_at_the_end_is_reported() {
    let (lines, _guard) = Lines::collect();
    let stage = Stage::in_memory(BusSettings::default());
    stage.record_all();
    let held = Probe::new("held").behind(Arc::new(Gate::closed()));
    let (_held, _subscription) = stage.watch_with(EventFilter::all(), held);
    must(stage.bus.emit(plan(1)).await);
    stage.bus.shutdown(std::time::Duration::from_millis(10)).await;
    let late = lines.about("did not finish before the deadline");
    assert_eq!(late.len(), 1);
    assert_eq!(late[0]["subscriber"], json!("held"));
}

#[tokio::test]
async fn events_refused_after_their_emitter_went_away_are_reported() {
    let (lines, _guard) = Lines::collect();
    let stage = Stage::in_memory(BusSettings::default());
    let refusing = Arc::new(RefusingRecorder(Refusal::by_rule()));
    let recorder = Arc::new(StallingRecorder::new(refusing));
    stage.record_all_with(Arc::clone(&recorder) as _);
    let mut emit = stage.bus.emit_batch(vec![plan(1).with_id("mine"), plan(2)]);
    assert!((&mut emit).now_or_never().is_none());
    recorder.gate.arrived(1).await;
    drop(emit);
    recorder.gate.open();
    eventually("it is refused", || stage.bus.counters().refused == 2).await;
    let gone = lines.about("emitter has gone away");
    assert_eq!(gone.len(), 1);
    assert_eq!((&gone[0]["event_id"], &gone[0]["events"]), (&json!("mine"), &json!(2)));
    assert!(gone[0]["error"].as_str().is_some_and(|text| text.contains("plan.created")));

    // An emitter that is still there is told instead.
    must_fail(stage.bus.emit(plan(3)).await);
    assert_eq!(lines.about("emitter has gone away").len(), 1);
}

#[tokio::test]
async fn the_logging_bus_writes_a_line_per_event_and_no_payload() {
    let stage = Stage::in_memory(BusSettings::default());
    let poison = PoisonRecorder::new(stage.plain(), "poison", Refusal::by_rule());
    stage.record_all_with(Arc::new(poison));
    let bus = LoggingEventBus::new(Arc::clone(&stage.bus));
    let mut stream = bus.stream(EventFilter::all(), StartAt::Now);
    let (lines, _guard) = Lines::collect();
    let receipts = must(bus.emit_batch(vec![plan(1), tool(2).with_id("t"), plan(3)]).await);
    must(bus.emit(tool(4).with_id("t")).await);
    must_fail(bus.emit_batch(vec![plan(5), tool(6).with_id("poison")]).await);

    let events = lines.about("event");
    assert!(events.iter().all(|line| line["target"] == json!("indelible::event")));
    let short = |line: &Value| {
        let status = line["status"].as_str().unwrap_or_default().to_owned();
        (line["event_type"].as_str().unwrap_or_default().to_owned(), status)
    };
    let told: Vec<_> = events.iter().map(short).collect();
    let expected = [
        ("plan.created", "recorded"),
        ("tool.invoked", "recorded"),
        ("plan.created", "recorded"),
        ("tool.invoked", "already_on_record"),
        ("plan.created", "refused"),
        ("tool.invoked", "refused"),
    ];
    assert_eq!(told, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    for (line, receipt) in events.iter().zip(&receipts) {
        assert_eq!(line["level"], json!("INFO"));
        assert_eq!(line["event_id"], json!(receipt.event_id));
        assert_eq!(line["sequence"], json!(receipt.sequence.0));
        let at = line["recorded_at"].as_str().and_then(|at| at.parse().ok());
        assert_eq!(at, Some(receipt.recorded_at));
    }
    assert_eq!(events[5]["level"], json!("WARN"));
    let error = events[5]["error"].as_str().unwrap_or_default();
    assert!(error.contains("was not put on record"), "{error}");
    for secret in ["plan 1", "grep", "pattern"] {
        assert!(!lines.text().contains(secret), "{secret}");
    }
    let Some(first) = stream.next().await else { panic!("the stream ended") };
    assert_eq!(must(first).sequence, receipts[0].sequence);
}
