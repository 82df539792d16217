//! No audit, no event.

use std::sync::Arc;

use domain::events::ActorCompleted;
use domain::ports::RecordError;
use domain::{AppendError, DomainEvent, Emit, EmitError, EventDraft, EventFilter, StartAt};
use futures::{FutureExt, StreamExt};

use crate::expect::{must, must_fail};
use crate::fakes::{PoisonRecorder, Refusal, RefusingRecorder};
use crate::stage::{Stage, plan, plans, tool};

pub(super) async fn a_type_without_a_recorder_is_refused(stage: Stage) {
    let (probe, _subscription) = stage.watch("probe");
    let error = must_fail(stage.bus.emit(plan(1)).await);
    let EmitError::NoRecorder { event_type } = &error else { panic!("{error:?}") };
    assert_eq!(event_type.as_str(), "plan.created");
    let text = error.to_string();
    assert!(text.contains("plan.created") && text.contains("attach_recorder"), "{text}");

    // Also when others of its batch have one: then none of them is recorded.
    stage.bus.attach_recorder(&[tool(1).event_type().clone()], stage.plain());
    let error = must_fail(stage.bus.emit_batch(vec![tool(1), plan(2), tool(3)]).await);
    assert!(matches!(error, EmitError::NoRecorder { .. }), "{error:?}");
    assert!(stage.on_record().await.is_empty());
    assert!(stage.bus.recent().is_empty());
    assert_eq!(stage.bus.counters().refused, 4);

    must(stage.bus.emit(tool(4)).await);
    probe.told(1).await;
    assert_eq!(probe.events().len(), 1);
}

pub(super) async fn an_event_that_cannot_be_written_down_is_refused(stage: Stage) {
    stage.record_all();
    let error = must_fail(stage.bus.emit_batch(vec![plan(1), unwritable()]).await);
    let EmitError::Invalid { event_type, source } = error else { panic!("{error:?}") };
    assert_eq!(event_type, *unwritable().event_type());
    assert!(source.to_string().contains("cannot be written"), "{source}");
    assert!(stage.on_record().await.is_empty());
    assert_eq!(stage.bus.counters().refused, 2);
}

pub(super) async fn a_failure_to_record_shows_until_recording_works_again(stage: Stage) {
    stage.record_all();
    assert!(stage.bus.condition().recording.is_none(), "nothing has failed yet");
    // A recorder that refuses by a rule of its own works.
    stage.record_all_with(Arc::new(RefusingRecorder(Refusal::by_rule())));
    must_fail(stage.bus.emit(plan(1)).await);
    assert!(stage.bus.condition().recording.is_none(), "a rule is no failure");

    let locked = RecordError::Append(AppendError::Locked { waited_secs: 5 });
    stage.record_all_with(Arc::new(RefusingRecorder(Refusal::Recording(locked))));
    must_fail(stage.bus.emit_batch(plans(2..4)).await);
    must_fail(stage.bus.emit(plan(4)).await);
    let failure = stage.bus.condition().recording;
    assert_eq!(failure.as_ref().map(|failure| failure.events), Some(3), "{failure:?}");
    assert!(failure.is_some_and(|failure| matches!(failure.error, RecordError::Append(_))));

    stage.record_all();
    must(stage.bus.emit(plan(5)).await);
    let condition = stage.bus.condition();
    assert!(condition.recording.is_none() && !condition.shut_down, "{condition:?}");
    stage.bus.shutdown(std::time::Duration::from_mins(10)).await;
    assert!(stage.bus.condition().shut_down);
}

/// An event with a number that JSON does not have.
fn unwritable() -> EventDraft {
    EventDraft::from(ActorCompleted { cost_usd: Some(f64::NAN), ..ActorCompleted::sample() })
}

pub(super) async fn nobody_sees_an_event_that_was_refused(stage: Stage) {
    let (probe, _subscription) = stage.watch("probe");
    let mut stream = stage.bus.stream(EventFilter::all(), StartAt::Now);
    let refusals = [
        Refusal::Preparing,
        Refusal::PanicPreparing,
        Refusal::by_rule(),
        Refusal::Recording(RecordError::Append(AppendError::Locked { waited_secs: 5 })),
        Refusal::PanicRecording,
    ];
    let count = refusals.len() as u64;
    for refusal in refusals {
        stage.record_all_with(Arc::new(RefusingRecorder(refusal.clone())));
        let error = must_fail(stage.bus.emit(plan(1)).await);
        let EmitError::NotRecorded { event_type, source } = &error else { panic!("{error:?}") };
        assert_eq!(event_type.as_str(), "plan.created");
        match refusal {
            Refusal::PanicPreparing | Refusal::PanicRecording => {
                let text = source.to_string();
                assert!(text.contains("refusing") && text.contains("panic"), "{text}");
            }
            Refusal::Recording(RecordError::Append(_)) => {
                assert!(matches!(source, RecordError::Append(_)), "{source:?}");
            }
            _ => assert!(matches!(source, RecordError::Refused(_)), "{source:?}"),
        }
    }
    assert!(stage.on_record().await.is_empty());
    assert!(stage.bus.recent().is_empty());
    assert_eq!(stage.bus.counters().refused, count);

    // The bus goes on, and what was refused does not come later.
    stage.record_all();
    let receipt = must(stage.bus.emit(tool(2)).await);
    probe.told(1).await;
    assert_eq!(probe.sequences(), [receipt.sequence]);
    let Some(Ok(streamed)) = stream.next().await else { panic!("the stream ended") };
    assert_eq!(streamed.sequence, receipt.sequence);
    assert!(stream.next().now_or_never().is_none());
}

pub(super) async fn a_batch_is_recorded_whole_or_not_at_all(stage: Stage) {
    let recorder = PoisonRecorder::new(stage.plain(), "poison", Refusal::by_rule());
    stage.record_all_with(Arc::new(recorder));
    let (probe, _subscription) = stage.watch("probe");
    let mut batch = plans(0..9);
    batch[4] = plan(4).with_id("poison");
    let error = must_fail(stage.bus.emit_batch(batch).await);
    assert!(matches!(error, EmitError::NotRecorded { .. }), "{error:?}");
    assert!(stage.on_record().await.is_empty(), "a part of a refused batch is on record");

    let receipts = must(stage.bus.emit_batch(plans(0..9)).await);
    probe.told(9).await;
    let sequences: Vec<_> = receipts.iter().map(|receipt| receipt.sequence).collect();
    assert_eq!(probe.sequences(), sequences);
    let counters = stage.bus.counters();
    assert_eq!((counters.recorded, counters.refused), (9, 9));
}

pub(super) async fn a_poisoned_event_fails_alone(stage: Stage) {
    for refusal in [Refusal::by_rule(), Refusal::PanicRecording] {
        let recorder = PoisonRecorder::new(stage.plain(), "poison", refusal);
        stage.record_all_with(Arc::new(recorder));
        let (probe, _subscription) = stage.watch("probe");
        let emits = (0..40).map(|number| {
            let draft = if number == 17 { plan(number).with_id("poison") } else { plan(number) };
            stage.bus.emit(draft)
        });
        let outcomes = futures::future::join_all(emits).await;
        for (number, outcome) in outcomes.iter().enumerate() {
            assert_eq!(outcome.is_err(), number == 17, "{number}: {outcome:?}");
        }
        probe.told(39).await;
        assert!(probe.sequences().is_sorted_by(|a, b| a < b));
        assert!(probe.events().iter().all(|event| event.envelope.event_id != "poison"));
    }
    assert_eq!(stage.on_record().await.len(), 78);
}
