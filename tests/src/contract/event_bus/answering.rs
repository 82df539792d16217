//! What handlers emit in reaction to what they are told.

use std::sync::{Arc, Mutex, PoisonError};

use domain::ports::handler;
use domain::{
    Delivery, Emit, EmitError, EventBus, EventDraft, EventFilter, RecordedEvent, Sequence, StartAt,
    Subscription,
};
use futures::StreamExt;

use crate::expect::{must, must_fail, soon};
use crate::fakes::CountingBus;
use crate::stage::{Stage, plan, tool};

/// Has every event of the plan context answered by one of the tool context.
fn answer_plans(stage: &Stage) -> Subscription {
    let answering = handler("answering", |event| async move {
        event.emit(tool(1)).await?;
        Ok(())
    });
    stage.bus.subscribe(EventFilter::context("plan"), answering)
}

/// The one event on record that answers `cause`.
async fn answer_to(stage: &Stage, cause: Sequence) -> RecordedEvent {
    let record = stage.on_record().await;
    let Some(asked) = record.iter().find(|event| event.sequence == cause) else {
        panic!("event {cause} is not on record")
    };
    let tools: Vec<_> = record
        .iter()
        .filter(|event| event.envelope.causation_id.as_ref() == Some(&asked.envelope.event_id))
        .collect();
    assert_eq!(tools.len(), 1, "one answer names the event it reacts to as its cause: {record:#?}");
    tools[0].clone()
}

pub(super) async fn what_a_handler_emits_is_tied_to_the_event_it_reacts_to(stage: Stage) {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    stage.record_all();
    let _answering = answer_plans(&stage);
    let in_a_run = plan(1).correlated_by("r1").in_trace(TRACE);
    let in_a_run = must(stage.bus.emit(in_a_run).await);
    let alone = must(stage.bus.emit(plan(2)).await);
    stage.bus.settled().await;

    let answer = answer_to(&stage, in_a_run.sequence).await.envelope;
    assert_eq!(answer.correlation_id.as_deref(), Some("r1"), "it belongs to the same run");
    assert_eq!(answer.trace_id.as_deref(), Some(TRACE), "and to the same trace");
    assert_eq!(answer.reaction_depth(), 1);
    let answer = answer_to(&stage, alone.sequence).await.envelope;
    assert_eq!(answer.correlation_id, Some(alone.event_id), "a new run is named after the first");
    assert_eq!(stage.bus.counters().handler_failures, 0);
}

pub(super) async fn what_handlers_emit_goes_through_the_front(stage: Stage) {
    stage.record_all();
    let _answering = answer_plans(&stage);
    let front = Arc::new(CountingBus::around(Arc::clone(&stage.bus)));
    let outermost: Arc<dyn EventBus> = Arc::clone(&front) as _;
    stage.bus.react_through(Arc::downgrade(&outermost));
    // Emitted past the front, so that all it counts is the answer.
    let receipt = must(stage.bus.emit(plan(1)).await);
    stage.bus.settled().await;
    answer_to(&stage, receipt.sequence).await;
    assert_eq!(front.emitted(), 1, "the answer goes through the bus around the bus");
}

pub(super) async fn a_front_that_has_gone_is_neither_kept_nor_missed(stage: Stage) {
    stage.record_all();
    let _answering = answer_plans(&stage);
    let front: Arc<dyn EventBus> = Arc::new(CountingBus::around(Arc::clone(&stage.bus)));
    let weak = Arc::downgrade(&front);
    stage.bus.react_through(weak.clone());
    drop(front);
    assert_eq!(weak.strong_count(), 0, "the bus keeps its front alive");
    let receipt = must(stage.bus.emit(plan(1)).await);
    stage.bus.settled().await;
    answer_to(&stage, receipt.sequence).await;
    assert_eq!(stage.bus.counters().handler_failures, 0);
}

pub(super) async fn handlers_that_answer_each_other_come_to_an_end(stage: Stage) {
    /// More reactions than any bus lets follow from one another. The handlers end it there.
    const ENOUGH: u64 = 200;
    stage.record_all();
    let refused: Arc<Mutex<Vec<EmitError>>> = Arc::default();
    let answer = |name: &'static str, with: fn() -> EventDraft| {
        let refused = Arc::clone(&refused);
        handler(name, move |event: Delivery| {
            let refused = Arc::clone(&refused);
            async move {
                if event.sequence.0 < ENOUGH
                    && let Err(error) = event.emit(with()).await
                {
                    refused.lock().unwrap_or_else(PoisonError::into_inner).push(error.clone());
                    return Err(error.into());
                }
                Ok(())
            }
        })
    };
    let _ping = stage.bus.subscribe(EventFilter::context("plan"), answer("ping", || tool(1)));
    let _pong = stage.bus.subscribe(EventFilter::context("tool"), answer("pong", || plan(1)));
    must(stage.bus.emit(plan(0)).await);
    stage.bus.settled().await;

    let record = stage.on_record().await;
    assert!((record.len() as u64) < ENOUGH, "two handlers answer each other without end");
    let refused = refused.lock().unwrap_or_else(PoisonError::into_inner);
    let [EmitError::TooDeep { cause, limit, .. }] = &refused[..] else {
        panic!("the last answer is refused as too deep, and no other: {refused:?}")
    };
    assert_eq!(record.len() as u64, u64::from(*limit) + 1, "as many answers as are allowed");
    let last = record.last().map(|event| &event.envelope);
    assert_eq!(last.map(|last| &last.event_id), Some(cause), "the error names the last event");
    assert_eq!(stage.bus.counters().handler_failures, 1, "it counts as the handler's failure");
}

pub(super) async fn an_event_that_is_held_does_not_keep_the_bus(stage: Stage) {
    stage.record_all();
    let held: Arc<Mutex<Option<Delivery>>> = Arc::default();
    let slot = Arc::clone(&held);
    let holding = handler("holding", move |event: Delivery| {
        let slot = Arc::clone(&slot);
        async move {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(event);
            Ok(())
        }
    });
    let subscription = stage.bus.subscribe(EventFilter::all(), holding);
    let stream = stage.bus.stream(EventFilter::all(), StartAt::Now);
    must(stage.bus.emit(plan(1)).await);
    stage.bus.settled().await;
    drop(subscription);
    drop(stage);
    let told = soon("a bus that everybody has let go ends its streams", stream.count()).await;
    assert_eq!(told, 1);
    let held = held.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(event) = held else { panic!("the handler was told nothing") };
    let refused = must_fail(event.emit(tool(1)).await);
    assert!(matches!(refused, EmitError::ShutDown), "{refused}");
}
