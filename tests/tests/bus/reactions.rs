//! Reactions on the real bus: what handlers emit, what is logged of it, and where it ends.

use std::sync::{Arc, Mutex, PoisonError};

use super::logged_lines::Lines;
use domain::ports::handler;
use domain::{Delivery, Emit, EmitError, EventBus, EventFilter, EventSubscriber};
use indelible_tests::expect::{must, must_fail};
use indelible_tests::fakes::CountingBus;
use indelible_tests::scenario::{Outcome, TestApp};
use indelible_tests::stage::{Stage, plan, tool};
use infrastructure::bus::{BusSettings, LoggingEventBus};
use serde_json::json;

/// Answers every event with one of the tool context, through its delivery.
fn answering() -> Arc<dyn EventSubscriber> {
    handler("answering", |event: Delivery| async move {
        event.emit(tool(1)).await?;
        Ok(())
    })
}

#[tokio::test]
async fn what_a_handler_emits_is_logged_by_the_bus_that_logs() {
    let (lines, _guard) = Lines::collect();
    let stage = Stage::in_memory(BusSettings::default());
    stage.record_all();
    let logging: Arc<dyn EventBus> = Arc::new(LoggingEventBus::new(Arc::clone(&stage.bus)));
    logging.react_through(Arc::downgrade(&logging));
    let _answering = logging.subscribe(EventFilter::context("plan"), answering());
    must(logging.emit(plan(1)).await);
    logging.settled().await;
    let logged: Vec<_> =
        lines.about("event").iter().map(|line| line["event_type"].clone()).collect();
    assert_eq!(logged, [json!("plan.created"), json!("tool.invoked")]);

    // Without the bus around it, the bus itself takes the answers, and nothing is logged.
    drop(logging);
    must(stage.bus.emit(plan(2)).await);
    stage.bus.settled().await;
    assert_eq!(stage.sequences().await.len(), 4);
    assert_eq!(lines.about("event").len(), 2);
}

#[tokio::test]
async fn the_end_of_a_cycle_is_logged_as_the_handlers_failure_and_says_what_to_do() {
    let (lines, _guard) = Lines::collect();
    let settings = BusSettings { max_reaction_depth: 3, ..BusSettings::default() };
    let stage = Stage::in_memory(settings);
    stage.record_all();
    let _answering = stage.bus.subscribe(EventFilter::all(), answering());
    must(stage.bus.emit(plan(1)).await);
    stage.bus.settled().await;
    let record = stage.on_record().await;
    let depths: Vec<u32> = record.iter().map(|event| event.envelope.reaction_depth()).collect();
    assert_eq!(depths, [0, 1, 2, 3]);
    let failed = lines.about("failed to handle");
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0]["sequence"], json!(4));
    let said = failed[0]["error"].as_str().unwrap_or_default();
    assert!(said.contains("`reactions.max-depth`") && said.contains("last of 3"), "{said}");
    assert_eq!(stage.bus.counters().handler_failures, 1);
}

#[tokio::test]
async fn a_producers_own_depth_counts_so_that_a_cycle_over_two_programs_ends_too() {
    let settings = BusSettings { max_reaction_depth: 3, ..BusSettings::default() };
    let stage = Stage::in_memory(settings);
    stage.record_all();
    let _answering = stage.bus.subscribe(EventFilter::context("plan"), answering());
    let extensions = must(serde_json::from_value(json!({ "reactiondepth": 3 })));
    must(stage.bus.emit(plan(1).with_extensions(extensions)).await);
    stage.bus.settled().await;
    assert_eq!((stage.on_record().await.len(), stage.bus.counters().handler_failures), (1, 1));
}

/// Emits through the delivery that a handler of `app` is given, and returns what it was answered.
async fn answered(app: &TestApp) -> Option<Result<(), EmitError>> {
    let outcome: Arc<Mutex<Option<Result<(), EmitError>>>> = Arc::default();
    let slot = Arc::clone(&outcome);
    let reacting = handler("reacting", move |event: Delivery| {
        let slot = Arc::clone(&slot);
        async move {
            let outcome = event.emit(tool(1)).await.map(drop);
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
            Ok(())
        }
    });
    let subscription = app.bus().subscribe(EventFilter::context("plan"), reacting);
    must(app.emit(plan(1)).await);
    app.bus().settled().await;
    drop(subscription);
    outcome.lock().unwrap_or_else(PoisonError::into_inner).take()
}

#[tokio::test]
async fn the_setting_says_how_many_reactions_may_follow_from_one_another() -> Outcome {
    let none = TestApp::builder().with_settings(|all| all.reactions.max_depth = 0).start().await?;
    let refused = must_fail(answered(&none).await.unwrap_or(Ok(())));
    assert!(matches!(refused, EmitError::TooDeep { limit: 0, .. }), "{refused}");
    assert_eq!(must(none.log().span().await).entries, 1);

    let one = TestApp::builder().with_settings(|all| all.reactions.max_depth = 1).start().await?;
    assert!(matches!(answered(&one).await, Some(Ok(()))));
    Ok(())
}

#[tokio::test]
async fn in_the_real_container_an_answer_is_on_record_with_its_cause_and_goes_through_all_buses()
-> Outcome {
    let app = TestApp::start().await?;
    let _answering = app.subscribe(EventFilter::context("plan"), answering());
    let receipt = must(app.emit(plan(1).correlated_by("r1")).await);
    app.settled().await?;
    app.expect_no_failures().await?;
    let Some(answer) = must(app.log().by_sequence(receipt.sequence.next()).await) else {
        panic!("the answer is not on record: {}", app.timeline())
    };
    assert_eq!(answer.envelope.causation_id, Some(receipt.event_id));
    assert_eq!(answer.envelope.correlation_id.as_deref(), Some("r1"));
    // The observed bus is outermost: what the handler emitted was seen there.
    let timeline = app.timeline().to_string();
    assert!(timeline.contains("tool.invoked"), "{timeline}");
    Ok(())
}

#[tokio::test]
async fn answers_keep_their_way_when_the_bus_around_the_bus_has_gone() {
    let stage = Stage::in_memory(BusSettings::default());
    stage.record_all();
    let _answering = stage.bus.subscribe(EventFilter::context("plan"), answering());
    for fronts in 0..3 {
        let front: Arc<dyn EventBus> = Arc::new(CountingBus::around(Arc::clone(&stage.bus)));
        stage.bus.react_through(Arc::downgrade(&front));
        must(front.emit(plan(fronts)).await);
        drop(front);
        must(stage.bus.emit(plan(fronts)).await);
    }
    stage.bus.settled().await;
    // Each of the six plans has its answer.
    assert_eq!(stage.on_record().await.len(), 12);
}
