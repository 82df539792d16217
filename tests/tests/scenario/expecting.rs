//! What an expectation says when it holds, and when it does not.

use domain::events::{ActorCompleted, PlanApplied, PlanCreated, ToolInvoked};
use domain::ports::handler;
use domain::{
    Actor, AuditEntry, DomainEvent, EmitError, EventEnvelope, EventFilter, EventRecorder, Redactor,
};
use indelible_tests::fakes::{NoRedaction, Refusal, RefusingRecorder};
use indelible_tests::scenario::{Outcome, TestApp};

use super::{SaysSo, moment, plan, unmet};

#[tokio::test(flavor = "multi_thread")]
async fn that_something_is_on_record_is_said_in_five_lines() -> Outcome {
    let app = TestApp::start().await?;
    app.emit(plan("p1").by(Actor::agent("planner")).with_id("e1")).await?;
    let found = app.expect::<PlanCreated>().where_plan("p1").on_record().once().await?;
    assert_eq!(found.event, PlanCreated::sample());
    assert_eq!(found.recorded.sequence.0, 1);

    app.emit_batch(vec![plan("p2"), plan("p2")]).await?;
    let of = || app.expect::<PlanCreated>();
    of().where_plan("p2").on_record().times(2).await?;
    of().on_record().at_least(3).await?;
    of().where_plan("p3").on_record().never().await?;
    of().where_actor(&Actor::agent("planner")).on_record().once().await?;
    of().where_id("e1").on_record().once().await?;
    of().where_event("a long name", |plan: &PlanCreated| plan.name.len() > 1_000)
        .on_record()
        .never()
        .await?;
    assert!(app.shutdown().await.is_empty());
    Ok(())
}

#[tokio::test]
async fn every_part_of_the_envelope_can_be_asked_for() -> Outcome {
    let app = TestApp::start().await?;
    let draft = plan("p").in_project("j").in_session("s").correlated_by("c").caused_by("a");
    app.emit(draft.about("u")).await?;
    let of = || app.expect::<PlanCreated>();
    of().where_project("j").where_session("s").on_record().once().await?;
    of().where_correlation("c").where_causation("a").on_record().once().await?;
    of().where_subject("u").on_record().once().await?;
    let message = unmet(of().where_project("other").on_record().once().await);
    assert!(message.contains("its project is `j`"), "{message}");
    for message in [
        unmet(of().where_session("x").on_record().once().await),
        unmet(of().where_correlation("x").on_record().once().await),
        unmet(of().where_causation("x").on_record().once().await),
        unmet(of().where_subject("x").on_record().once().await),
        unmet(of().where_actor(&Actor::human("x")).on_record().once().await),
    ] {
        assert!(message.contains("Close to it: a `plan.created` on record as 1"), "{message}");
    }
    Ok(())
}

#[tokio::test]
async fn an_event_nobody_emitted_is_named_as_such_and_what_comes_close_is_shown() -> Outcome {
    let app = TestApp::start().await?;
    app.emit(plan("p2")).await?;
    let message = unmet(app.expect::<PlanCreated>().where_plan("p1").on_record().once().await);
    for part in [
        "expected `plan.created` with plan `p1` on record once, found none",
        "Missing edge: emitter → event",
        "a `plan.created` on record as 1, but its plan is `p2`",
        "emitted      plan.created plan=p2",
        "acknowledged as 1",
    ] {
        assert!(message.contains(part), "`{part}` is not in:\n{message}");
    }
    let message = unmet(app.expect::<PlanCreated>().on_record().never().await);
    assert!(message.contains("On record as 1."), "{message}");
    Ok(())
}

#[tokio::test]
async fn an_event_that_was_refused_is_named_with_the_reason() -> Outcome {
    let app = TestApp::builder()
        .with_override::<dyn EventRecorder>(|| Box::new(RefusingRecorder(Refusal::by_rule())))
        .start()
        .await?;
    assert!(matches!(app.emit(plan("p1")).await, Err(EmitError::NotRecorded { .. })));
    let of = || app.expect::<PlanCreated>().where_plan("p1");
    let message = unmet(of().on_record().once().await);
    assert!(
        message.contains("Missing edge: event → row. It was emitted, and refused"),
        "{message}"
    );
    let refused = of().refused().once().await?;
    assert!(matches!(refused.error, EmitError::NotRecorded { .. }));
    assert_eq!(refused.event, Some(PlanCreated::sample()));
    assert!(unmet(of().refused().never().await).contains("found one"));
    app.expect::<ToolInvoked>().refused().times(0).await?;
    let message = unmet(app.expect::<ToolInvoked>().refused().once().await);
    assert!(message.contains("emitter → event"), "{message}");
    Ok(())
}

#[tokio::test]
async fn an_event_that_cannot_even_be_written_down_is_refused_all_the_same() -> Outcome {
    let app = TestApp::start().await?;
    let unwritable = ActorCompleted { cost_usd: Some(f64::NAN), ..ActorCompleted::sample() };
    assert!(app.emit(unwritable).await.is_err());
    let refused = app.expect::<ActorCompleted>().refused().once().await?;
    assert!(matches!(refused.error, EmitError::Invalid { .. }));
    assert_eq!(refused.event, None);
    let message = unmet(app.expect::<ActorCompleted>().where_plan("p").refused().never().await);
    assert!(message.contains("expect them without conditions"), "{message}");
    Ok(())
}

#[tokio::test]
async fn a_row_that_cannot_be_read_meets_no_expectation_not_even_that_there_is_none() -> Outcome {
    let app = TestApp::start().await?;
    let sealed = plan("p1").seal(moment(), || "e1".to_owned(), "/elsewhere").unwrap();
    let details = [("name".to_owned(), serde_json::json!(7))].into_iter().collect();
    app.log().append(&[AuditEntry::new(EventEnvelope { details, ..sealed })]).await.unwrap();
    let of = || app.expect::<PlanCreated>().where_event("anything", |_| false).on_record();
    let message = unmet(of().never().await);
    assert!(message.contains("found sequence 1 that is not"), "{message}");
    app.expect::<PlanCreated>().where_plan("another").on_record().never().await?;
    Ok(())
}

#[tokio::test]
async fn something_recorded_that_should_have_been_refused_is_shown() -> Outcome {
    let app = TestApp::start().await?;
    app.emit(plan("p1")).await?;
    let message = unmet(app.expect::<PlanCreated>().refused().once().await);
    assert!(message.contains("It was not refused: it is on record as 1."), "{message}");
    Ok(())
}

#[tokio::test]
async fn an_acknowledged_event_without_a_row_is_named() -> Outcome {
    let app = TestApp::builder()
        .at(moment())
        .with_override::<dyn EventRecorder>(|| Box::new(SaysSo(1)))
        .start()
        .await?;
    app.emit(plan("p1")).await?;
    let message = unmet(app.expect::<PlanCreated>().on_record().once().await);
    assert!(message.contains("acknowledged as 1, and the audit log has no such row"), "{message}");
    Ok(())
}

#[tokio::test]
async fn what_redaction_changed_is_shown_as_a_row_that_differs() -> Outcome {
    let app = TestApp::start().await?;
    let goal = "--password hunter2hunter2".to_owned();
    app.emit(PlanCreated { goal, ..PlanCreated::sample() }).await?;
    let of = |app: &TestApp| {
        app.expect::<PlanCreated>()
            .where_event("the password", |plan| plan.goal.contains("hunter2"))
            .on_record()
    };
    let message = unmet(of(&app).once().await);
    assert!(message.contains("what is on record differs"), "{message}");
    assert!(message.contains("it does not meet \"the password\""), "{message}");

    let app =
        TestApp::builder().with_override::<dyn Redactor>(|| Box::new(NoRedaction)).start().await?;
    let goal = "--password hunter2hunter2".to_owned();
    app.emit(PlanCreated { goal, ..PlanCreated::sample() }).await?;
    of(&app).once().await?;
    Ok(())
}

#[tokio::test]
async fn reactions_are_waited_for_with_all_that_they_emit() -> Outcome {
    let app = TestApp::start().await?;
    let applying = handler("applying", |event| async move {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        event.emit(PlanApplied::sample()).await?;
        Ok(())
    });
    let _applying = app.subscribe(EventFilter::of::<PlanCreated>(), applying);
    let id = app.emit(plan("p1")).await?.event_id;
    app.expect::<PlanApplied>().where_causation(id).on_record().once().await?;
    Ok(())
}
