//! Putting events on record before anybody hears of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{TimeZone, Utc};
use domain::{Actor, Details, Emit, EventFilter, ReceiptStatus, RecordedEvent, Sequence, StartAt};
use futures::{FutureExt, StreamExt};
use serde_json::json;

use crate::expect::must;
use crate::fakes::{PoisonRecorder, Refusal, RefusingRecorder, StallingRecorder};
use crate::stage::{Stage, all_types, plan, plans, tool};

pub(super) async fn a_receipt_says_where_the_event_is_on_record(stage: Stage) {
    stage.record_all();
    let receipt = must(stage.bus.emit(plan(1)).await);
    assert_eq!(receipt.status, ReceiptStatus::Recorded);

    // At once: emit returned, so it is there.
    let found = must(stage.log.by_event_id(&receipt.event_id).await);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].sequence, receipt.sequence);
    assert_eq!(found[0].recorded_at, receipt.recorded_at);
    assert_eq!(found[0].envelope.event_type.as_str(), "plan.created");
    assert_eq!(found[0].envelope.details.get("name"), Some(&json!("plan 1")));
    assert_eq!(stage.bus.counters().recorded, 1);
}

pub(super) async fn what_the_emitter_says_is_kept_and_the_rest_filled_in(stage: Stage) {
    stage.record_all();
    let (probe, _subscription) = stage.watch("probe");
    let when = Utc.timestamp_millis_opt(1_700_000_000_123).single().unwrap_or_default();
    let extensions: Details = [("x".to_owned(), json!(1))].into_iter().collect();
    let said = plan(1)
        .with_id("my-id")
        .from_source("/elsewhere")
        .occurred_at(when)
        .about("subject")
        .in_project("project")
        .in_session("session")
        .by(Actor::agent("planner"))
        .for_user("user")
        .correlated_by("run")
        .caused_by("cause")
        .in_trace("0af7651916cd43dd8448eb211c80319c")
        .with_extensions(extensions);
    let expected = must(said.clone().seal(when, String::new, ""));

    let receipt = must(stage.bus.emit(said).await);
    assert_eq!(receipt.event_id, "my-id");
    let silent = must(stage.bus.emit(tool(2)).await);
    probe.told(2).await;

    let events = probe.events();
    assert_eq!(events, stage.on_record().await, "what is handed on is what is on record");
    assert_eq!(events[0].envelope, expected);
    assert_eq!(events[1].envelope.event_id, silent.event_id);
    assert!(!events[1].envelope.source.is_empty());
    assert!(events[1].envelope.occurred_at > when);
}

pub(super) async fn ids_made_by_the_bus_ascend(stage: Stage) {
    stage.record_all();
    let receipts = must(stage.bus.emit_batch(plans(0..300)).await);
    assert!(receipts.is_sorted_by(|a, b| a.event_id < b.event_id));
}

pub(super) async fn a_batch_is_contiguous_and_in_order(stage: Stage) {
    stage.record_all();
    let emits = (0..20).map(|batch| stage.bus.emit_batch(plans(batch * 7..batch * 7 + 7)));
    for (batch, receipts) in futures::future::join_all(emits).await.into_iter().enumerate() {
        let receipts = must(receipts);
        assert_eq!(receipts.len(), 7);
        for (at, receipt) in receipts.iter().enumerate() {
            assert_eq!(receipt.sequence.0, receipts[0].sequence.0 + at as u64);
            let Some(event) = must(stage.log.by_sequence(receipt.sequence).await) else {
                panic!("{} is not on record", receipt.sequence)
            };
            assert_eq!(event.envelope.event_id, receipt.event_id);
            assert_eq!(
                event.envelope.details.get("name"),
                Some(&json!(format!("plan {}", batch * 7 + at)))
            );
        }
    }
    assert_eq!(stage.sequences().await, (1..=140).map(Sequence).collect::<Vec<_>>());
}

pub(super) async fn an_empty_batch_is_nothing(stage: Stage) {
    assert_eq!(must(stage.bus.emit_batch(Vec::new()).await), Vec::new());
    assert!(stage.on_record().await.is_empty());
    assert_eq!(stage.bus.counters(), domain::ports::BusCounters::default());
}

pub(super) async fn nobody_sees_an_event_before_it_is_on_record(stage: Stage) {
    let recorder = Arc::new(StallingRecorder::new(stage.plain()));
    stage.record_all_with(Arc::clone(&recorder) as _);
    let (probe, _subscription) = stage.watch("probe");
    let asked = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&asked);
    let filter = EventFilter::all().where_event(move |_| {
        noted.store(true, Ordering::SeqCst);
        true
    });
    let mut stream = stage.bus.stream(filter, StartAt::Now);

    let bus = Arc::clone(&stage.bus);
    let emit = tokio::spawn(async move { bus.emit(plan(1)).await });
    recorder.gate.arrived(1).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!emit.is_finished(), "emit returned before the event was on record");
    assert!(probe.events().is_empty(), "a subscriber saw it before it was on record");
    assert!(stream.next().now_or_never().is_none(), "a stream saw it before it was on record");
    assert!(!asked.load(Ordering::SeqCst), "a predicate saw it before it was on record");
    assert!(stage.bus.recent().is_empty(), "it was listed before it was on record");
    assert_eq!(stage.bus.counters().recorded, 0);

    recorder.gate.open();
    let receipt = must(must(emit.await));
    probe.told(1).await;
    let Some(streamed) = stream.next().await else { panic!("the stream ended") };
    assert_eq!(must(streamed).sequence, receipt.sequence);
}

pub(super) async fn an_event_found_on_record_is_not_handed_on_again(stage: Stage) {
    stage.record_all();
    let (probe, _subscription) = stage.watch("probe");
    let first = must(stage.bus.emit(plan(1).with_id("once")).await);
    let again = must(stage.bus.emit(plan(2).with_id("once")).await);
    assert_eq!(again.status, ReceiptStatus::AlreadyOnRecord);
    assert_eq!((&again.event_id, again.sequence), (&first.event_id, first.sequence));
    assert_eq!(again.recorded_at, first.recorded_at);

    // Also among events that are new, and twice in one batch.
    let mixed = vec![plan(3).with_id("a"), plan(4).with_id("once"), plan(5).with_id("a"), plan(6)];
    let receipts = must(stage.bus.emit_batch(mixed).await);
    let new = |status| usize::from(status == ReceiptStatus::Recorded);
    assert_eq!(receipts.iter().map(|r| new(r.status)).collect::<Vec<_>>(), [1, 0, 0, 1]);
    assert_eq!(receipts[2].sequence, receipts[0].sequence);

    probe.told(3).await;
    must(stage.bus.emit(tool(7)).await);
    probe.told(4).await;
    let names: Vec<_> = probe.events().iter().map(name_of).collect();
    assert_eq!(names, ["plan 1", "plan 3", "plan 6", ""]);
    assert_eq!(stage.bus.recent().len(), 4);
    let counters = stage.bus.counters();
    assert_eq!((counters.recorded, counters.already_on_record, counters.refused), (4, 3, 0));
}

fn name_of(event: &RecordedEvent) -> String {
    let name = event.envelope.details.get("name").and_then(serde_json::Value::as_str);
    name.unwrap_or_default().to_owned()
}

pub(super) async fn the_last_recorder_attached_records(stage: Stage) {
    assert_eq!(stage.bus.without_recorder(&all_types()), all_types());
    stage.record_all_with(Arc::new(RefusingRecorder(Refusal::by_rule())));
    assert!(stage.bus.without_recorder(&all_types()).is_empty());

    let later = Arc::new(PoisonRecorder::new(stage.plain(), "none", Refusal::by_rule()));
    stage.bus.attach_recorder(&[plan(1).event_type().clone()], Arc::clone(&later) as _);
    must(stage.bus.emit(plan(1)).await);
    assert_eq!(later.batches(), [1]);
    assert!(stage.bus.emit(tool(1)).await.is_err(), "other types keep their recorder");
}
