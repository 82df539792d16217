//! How the reactive bus gathers emits, takes them apart again, and judges its recorders.

use std::sync::Arc;

use domain::audit::ReceiptStatus;
use domain::ports::RecordError;
use domain::{AppendError, Emit, EmitError, EventDraft, EventRecorder, Receipt, Sequence};
use futures::FutureExt;
use futures::future::join_all;
use indelible_tests::expect::{must, must_fail, soon};
use indelible_tests::fakes::{
    LyingRecorder, PoisonRecorder, Refusal, RefusingRecorder, StallingRecorder,
};
use indelible_tests::stage::{Stage, memory_log, plan, plans, tool};
use infrastructure::bus::{BusSettings, MixedRecorders};
use tokio::sync::Notify;

type Emitting = tokio::task::JoinHandle<Result<Vec<Receipt>, EmitError>>;

/// Emits on a task of its own, and waits until it has got as far as it gets.
async fn start(stage: &Stage, batch: Vec<EventDraft>) -> Emitting {
    let bus = Arc::clone(&stage.bus);
    let task = tokio::spawn(async move { bus.emit_batch(batch).await });
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    task
}

/// A stage whose recorder stands at its gate with a first event.
async fn stalled(settings: BusSettings) -> (Stage, Arc<StallingRecorder>, Emitting) {
    let stage = Stage::in_memory(settings);
    let (recorder, first) = stall(&stage, stage.plain()).await;
    (stage, recorder, first)
}

async fn stall(stage: &Stage, inner: Arc<dyn EventRecorder>) -> (Arc<StallingRecorder>, Emitting) {
    let recorder = Arc::new(StallingRecorder::new(inner));
    stage.record_all_with(Arc::clone(&recorder) as _);
    let first = start(stage, plans(0..1)).await;
    recorder.gate.arrived(1).await;
    (recorder, first)
}

#[tokio::test]
async fn emits_that_wait_are_recorded_together() {
    let (stage, recorder, first) = stalled(BusSettings::default()).await;
    let mut waiting = vec![first];
    for number in 1..=20 {
        waiting.push(start(&stage, vec![plan(number)]).await);
    }
    recorder.gate.open();
    for emit in waiting {
        must(must(emit.await));
    }
    assert_eq!(recorder.batches(), [1, 20]);
    assert_eq!(stage.sequences().await, (1..=21).map(Sequence).collect::<Vec<_>>());
}

#[tokio::test]
async fn emitters_that_can_run_are_let_in_before_a_batch_is_recorded() {
    let stage = Stage::in_memory(BusSettings::default());
    let recorder = Arc::new(StallingRecorder::new(stage.plain()));
    recorder.gate.open();
    stage.record_all_with(Arc::clone(&recorder) as _);
    // Each emitter comes to run only after the one before has woken the bus.
    let turns: Vec<_> = (0..20).map(|_| Arc::new(Notify::new())).collect();
    let emits = (0..20).map(|number| {
        let (bus, turns) = (Arc::clone(&stage.bus), turns.clone());
        tokio::spawn(async move {
            turns[number].notified().await;
            let next = async { turns.get(number + 1).map(|next| next.notify_one()) };
            tokio::join!(biased; bus.emit(plan(number)), next).0
        })
    });
    let emits: Vec<_> = emits.collect();
    // All of them wait for their turn by now.
    tokio::task::yield_now().await;
    turns[0].notify_one();
    for emit in emits {
        must(must(emit.await));
    }
    assert_eq!(recorder.batches(), [20]);
}

#[tokio::test]
async fn a_batch_is_cut_between_emits_and_never_inside_one() {
    let settings = BusSettings { max_batch: 4, ..BusSettings::default() };
    let (stage, recorder, first) = stalled(settings).await;
    let mut waiting = vec![first];
    for size in [3, 3, 1, 9, 1, 1, 1, 1, 1] {
        waiting.push(start(&stage, plans(0..size)).await);
    }
    recorder.gate.open();
    for emit in waiting {
        let receipts = must(must(emit.await));
        assert!(receipts.windows(2).all(|two| two[1].sequence == two[0].sequence.next()));
    }
    assert_eq!(recorder.batches(), [1, 3, 4, 9, 4, 1]);
}

#[tokio::test]
async fn a_full_queue_makes_emitters_wait_and_one_that_goes_away_leaves_nothing() {
    let settings = BusSettings { queue_capacity: 1, ..BusSettings::default() };
    let (stage, recorder, first) = stalled(settings).await;
    let queued = start(&stage, plans(1..2)).await;
    let mut gives_up = stage.bus.emit_batch(plans(2..3));
    assert!((&mut gives_up).now_or_never().is_none(), "there is no place for it");
    let patient = start(&stage, plans(3..4)).await;
    drop(gives_up);

    recorder.gate.open();
    for emit in [first, queued, patient] {
        must(must(soon("a waiting emitter gets its place", emit).await));
    }
    let names: Vec<_> = stage
        .on_record()
        .await
        .iter()
        .map(|event| event.envelope.plan_id.clone().unwrap_or_default())
        .collect();
    assert_eq!(names, ["p0", "p1", "p3"]);
}

/// Emits eight events as one batch, the sixth of which is poisoned, and says which were refused
/// and how many events the recorder was asked for, each time.
async fn poisoned(refusal: Refusal) -> (Vec<usize>, Vec<usize>) {
    let stage = Stage::in_memory(BusSettings::default());
    let poison = Arc::new(PoisonRecorder::new(stage.plain(), "poison", refusal));
    let (recorder, first) = stall(&stage, Arc::clone(&poison) as _).await;
    let mut waiting = Vec::new();
    for number in 0..8 {
        let id = if number == 5 { "poison".to_owned() } else { number.to_string() };
        waiting.push(start(&stage, vec![plan(number).with_id(id)]).await);
    }
    recorder.gate.open();
    must(must(first.await));
    let mut refused = Vec::new();
    for (number, emit) in waiting.into_iter().enumerate() {
        if must(emit.await).is_err() {
            refused.push(number);
        }
    }
    assert_eq!(stage.on_record().await.len(), 9 - refused.len());
    (refused, poison.batches())
}

#[tokio::test]
async fn a_batch_with_a_poisoned_event_is_taken_apart() {
    let full = AppendError::Full(Arc::new(std::fmt::Error));
    let storage = AppendError::Storage(Arc::new(std::fmt::Error));
    for refusal in [
        Refusal::by_rule(),
        Refusal::PanicRecording,
        Refusal::Recording(full.into()),
        Refusal::Recording(storage.into()),
    ] {
        let (refused, batches) = poisoned(refusal).await;
        assert_eq!(refused, [5]);
        assert_eq!(batches, [1, 8, 4, 4, 2, 1, 1, 2], "halves of what failed, in order");
    }
}

#[tokio::test]
async fn a_log_that_cannot_be_used_is_not_asked_again_for_every_event() {
    for error in [
        AppendError::Locked { waited_secs: 5 },
        AppendError::ReadOnly(Arc::new(std::fmt::Error)),
        AppendError::Corrupt(Arc::new(std::fmt::Error)),
        AppendError::Closed,
    ] {
        let (refused, batches) = poisoned(Refusal::Recording(error.into())).await;
        assert_eq!(refused, (0..8).collect::<Vec<_>>());
        assert_eq!(batches, [1, 8]);
    }
}

#[tokio::test]
async fn receipts_that_cannot_be_true_are_refused() {
    type Lie = fn(&mut Vec<Receipt>);
    let lies: [(Lie, &str); 5] = [
        (|receipts| drop(receipts.pop()), "2 receipts for 3 events"),
        (|receipts| receipts.push(receipts[0].clone()), "4 receipts for 3 events"),
        (|receipts| receipts.swap(0, 2), "the receipt of event"),
        (|receipts| receipts[1].sequence.0 += 7, "does not follow"),
        (|receipts| receipts[0].sequence = Sequence(0), "does not follow"),
    ];
    for (lie, expected) in lies {
        let stage = Stage::in_memory(BusSettings::default());
        let (probe, _subscription) = stage.watch("probe");
        stage.record_all_with(Arc::new(LyingRecorder::new(stage.plain(), lie)));
        let error = must_fail(stage.bus.emit_batch(plans(0..3)).await);
        let EmitError::NotRecorded { source, .. } = &error else { panic!("{error:?}") };
        assert!(matches!(source, RecordError::Misbehaved { .. }), "{source:?}");
        let text = source.to_string();
        assert!(text.contains("`lying`") && text.contains(expected), "{text}");
        assert!(stage.bus.recent().is_empty());
        assert_eq!(stage.bus.counters().refused, 3);

        stage.record_all();
        let receipt = must(stage.bus.emit(tool(1)).await);
        probe.told(1).await;
        assert_eq!(probe.sequences(), [receipt.sequence]);
    }
}

#[tokio::test]
async fn an_order_that_goes_back_is_refused() {
    // A recorder that records elsewhere, where sequences start again.
    let stage = Stage::in_memory(BusSettings::default());
    let elsewhere = Stage::over(memory_log().1, BusSettings::default());
    stage.record_all();
    must(stage.bus.emit_batch(plans(0..3)).await);
    stage.record_all_with(elsewhere.plain());
    let error = must_fail(stage.bus.emit(plan(3)).await);
    let EmitError::NotRecorded { source, .. } = error else { panic!("{error:?}") };
    assert!(source.to_string().contains("at 1, which does not follow 3"), "{source}");
}

#[tokio::test]
async fn a_batch_of_two_recorders_is_refused_whole() {
    let stage = Stage::in_memory(BusSettings::default());
    stage.record_all();
    let other = Arc::new(PoisonRecorder::new(stage.plain(), "none", Refusal::by_rule()));
    stage.bus.attach_recorder(&[tool(1).event_type().clone()], Arc::clone(&other) as _);
    let error = must_fail(stage.bus.emit_batch(vec![plan(1), tool(2)]).await);
    let EmitError::NotRecorded { source: RecordError::Refused(mixed), .. } = error else {
        panic!("{error:?}")
    };
    let mixed = mixed.downcast_ref::<MixedRecorders>().cloned();
    let Some(mixed) = mixed else { panic!("another error") };
    assert_eq!((mixed.one.as_str(), mixed.other.as_str()), ("audit", "poisoned"));
    let text = mixed.to_string();
    assert!(text.contains("plan.created") && text.contains("tool.invoked"), "{text}");
    assert!(stage.on_record().await.is_empty());
}

#[tokio::test]
async fn emits_of_different_recorders_keep_their_order() {
    let (stage, recorder, first) = stalled(BusSettings::default()).await;
    let other = Arc::new(PoisonRecorder::new(stage.plain(), "none", Refusal::by_rule()));
    stage.bus.attach_recorder(&[tool(1).event_type().clone()], Arc::clone(&other) as _);
    let mut waiting = vec![first];
    for draft in [plan(1), plan(2), tool(3), tool(4), plan(5), tool(6)] {
        waiting.push(start(&stage, vec![draft]).await);
    }
    recorder.gate.open();
    let receipts = join_all(waiting).await;
    let sequences: Vec<_> =
        receipts.into_iter().map(|receipts| must(must(receipts))[0].sequence.0).collect();
    assert_eq!(sequences, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(recorder.batches(), [1, 2, 1]);
    assert_eq!(other.batches(), [2, 1]);
}

#[tokio::test]
async fn an_event_of_a_refused_emit_may_be_emitted_again() {
    let stage = Stage::in_memory(BusSettings::default());
    stage.record_all_with(Arc::new(RefusingRecorder(Refusal::by_rule())));
    must_fail(stage.bus.emit(plan(1).with_id("again")).await);
    stage.record_all();
    let receipt = must(stage.bus.emit(plan(1).with_id("again")).await);
    assert_eq!(receipt.status, ReceiptStatus::Recorded);
}

#[tokio::test]
async fn an_event_whose_emitter_says_nothing_of_it_happens_when_the_clock_says() {
    let stage = Stage::in_memory(BusSettings::default());
    stage.record_all();
    must(stage.bus.emit(plan(1)).await);
    let event = &stage.on_record().await[0];
    // The log goes by a clock that stands at the same moment.
    assert_eq!(event.envelope.occurred_at, event.recorded_at);
    assert_eq!(event.envelope.source, "/indelible");
}

#[tokio::test]
async fn a_bus_of_the_largest_sizes_there_are_starts_and_records() {
    let stage = Stage::in_memory(BusSettings {
        queue_capacity: usize::MAX,
        max_batch: usize::MAX,
        reader_buffer: usize::MAX,
        recent: usize::MAX,
        ..BusSettings::default()
    });
    stage.record_all();
    let (probe, _subscription) = stage.watch("one");
    must(stage.bus.emit_batch(plans(0..3)).await);
    probe.told(3).await;
    assert_eq!((stage.sequences().await.len(), stage.bus.recent().len()), (3, 3));
}
