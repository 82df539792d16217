//! Ending a durable subscription in whatever state it is, and refusing one that makes no sense.

use std::sync::Arc;
use std::time::Duration;

use application::delivery::{
    DurableSubscription, InvalidSubscription, OnExhausted, RetryPolicy, Standing,
};
use domain::events::PlanCreated;
use domain::ports::handler;
use domain::{Actor, EventFilter, Sequence};
use indelible::SubscribeError;
use indelible_tests::expect::{eventually, soon};
use indelible_tests::fakes::{Gate, Probe};
use indelible_tests::scenario::{Outcome, TestApp};

use super::{Told, moment, name, plan};

/// Ends an application at once, or fails.
async fn ends(app: TestApp) -> Vec<String> {
    soon("it ends", app.shutdown()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_a_paused_a_halted_and_a_standing_by_one_end_at_once() -> Outcome {
    let told = Told::new();
    told.fail(|event| event.envelope.plan_id.as_deref() == Some("bad"));
    let app = TestApp::start().await?;
    let store = app.app().subscriptions();
    store.ensure(&name("held"), Sequence(0)).await?;
    store.acquire(&name("held"), "other", Duration::from_mins(10)).await?;
    for name in ["idle", "paused", "held"] {
        app.subscribe_durably(told.plans(name)).await?.keep();
    }
    let halts = told.plans("halted").retrying(RetryPolicy::once()).on_exhausted(OnExhausted::Halt);
    app.subscribe_durably(halts).await?.keep();
    app.settled().await?;
    app.app().manage_subscriptions().pause(&name("paused"), Actor::human("ann")).await?;
    app.emit(plan("bad")).await?;
    app.expect_subscription("paused").paused().await?;
    app.expect_subscription("halted").halted().await?;
    app.expect_subscription("held").standing_by().await?;
    assert_eq!(ends(app).await, [] as [String; 0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_in_a_pause_ends_at_once_and_tries_again_when_it_is_run_again() -> Outcome {
    let told = Told::new();
    told.fail(|_| true);
    let made = told.clone();
    let slowly = RetryPolicy::attempts(3).pausing(Duration::from_mins(7), Duration::from_mins(7));
    let app = TestApp::builder()
        .at(moment())
        .with_durable_subscription(move || made.plans("billing").retrying(slowly))
        .start()
        .await?;
    app.settled().await?;
    app.emit(plan("a")).await?;
    soon("it pauses", app.clock().slept_on_for(Duration::from_mins(7))).await;
    told.fail(|_| false);
    let app = soon("it starts again", app.restart()).await?;
    app.expect_subscription("billing").caught_up().await?;
    assert_eq!(told.all(), [(1, 1, false), (1, 1, true)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_at_work_finishes_and_is_noted_and_may_still_emit() -> Outcome {
    let gate = Arc::new(Gate::closed());
    let waits = Arc::clone(&gate);
    let made = move || {
        let waits = Arc::clone(&waits);
        let emits = handler("emits", move |event| {
            let waits = Arc::clone(&waits);
            async move {
                waits.pass().await;
                event
                    .emit(domain::EventDraft::from(
                        <domain::events::PlanApplied as domain::DomainEvent>::sample(),
                    ))
                    .await?;
                Ok(())
            }
        });
        DurableSubscription::handling("emits", EventFilter::of::<PlanCreated>(), emits)
    };
    let app = TestApp::builder().with_durable_subscription(made).start().await?;
    app.settled().await?;
    app.emit(plan("a")).await?;
    soon("it is at work", gate.arrived(1)).await;
    // It is told to stop first, and the handler may go on then.
    let ending = async { tokio::join!(app.restart(), async { gate.open() }).0 };
    let app = soon("it starts again", ending).await?;
    app.expect::<domain::events::PlanApplied>().on_record().once().await?;
    let status = app.expect_subscription("emits").caught_up().await?;
    assert!(status.cursor >= Sequence(1), "{status:?}");
    app.expect::<PlanCreated>().handled_by("emits").once().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_does_not_finish_is_named_and_its_event_is_handed_out_again() -> Outcome {
    let gate = Arc::new(Gate::closed());
    let probe = Probe::new("stuck").behind(Arc::clone(&gate));
    let app = TestApp::start().await?;
    let filter = EventFilter::of::<PlanCreated>();
    app.subscribe_durably(DurableSubscription::handling("stuck", filter, Arc::new(probe)))
        .await?
        .keep();
    app.settled().await?;
    app.emit(plan("a")).await?;
    soon("it is at work", gate.arrived(1)).await;
    let log = app.app().subscriptions();
    assert_eq!(ends(app).await, ["stuck"]);
    // The store has been closed with the file.
    assert!(log.find(&name("stuck")).await.is_err());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_guard_or_the_application_lets_go_of_the_handler() -> Outcome {
    let app = TestApp::start().await?;
    let gate = Arc::new(Gate::closed());
    let [first, second] = ["first", "second"].map(|name| {
        let gate = Arc::clone(&gate);
        Arc::new(if name == "first" { Probe::new(name) } else { Probe::new(name).behind(gate) })
    });
    let held = [Arc::downgrade(&first), Arc::downgrade(&second)];
    let filter = EventFilter::of::<PlanCreated>();
    let guard = app
        .subscribe_durably(DurableSubscription::handling("first", filter.clone(), first))
        .await?;
    app.settled().await?;
    assert_eq!(guard.name(), &name("first"));
    assert!(format!("{guard:?}").contains("Working"), "{guard:?}");
    guard.stop();
    eventually("the handler is freed", || held[0].strong_count() == 0).await;

    app.subscribe_durably(DurableSubscription::handling("second", filter, second)).await?.keep();
    app.settled().await?;
    app.emit(plan("a")).await?;
    soon("it is at work", gate.arrived(1)).await;
    drop(app);
    eventually("the handler is freed", || held[1].strong_count() == 0).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_run_once_by_one_application() -> Outcome {
    let told = Told::new();
    let app = TestApp::start().await?;
    let guard = app.app().subscribe_durably(told.plans("billing")).await.unwrap();
    let again = app.app().subscribe_durably(told.plans("billing")).await.unwrap_err();
    assert!(matches!(&again, SubscribeError::AlreadyRun { name: it } if *it == name("billing")));
    assert!(again.to_string().contains("drop its guard first"));
    drop(guard);
    let guard = app.app().subscribe_durably(told.plans("billing")).await.unwrap();
    app.settled().await?;
    assert!(matches!(guard.standing(), Standing::Working { .. }));
    assert_eq!(app.app().durable().standings().len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declaration_that_makes_no_sense_says_how_to_mend_it() -> Outcome {
    let told = Told::new();
    let billing = || told.plans("billing");
    let backwards = RetryPolicy { factor: 0.5, ..RetryPolicy::default() };
    let endless = RetryPolicy { factor: f32::NAN, ..RetryPolicy::default() };
    let unordered = RetryPolicy::default().pausing(Duration::from_secs(2), Duration::from_secs(1));
    let app = TestApp::start().await?;
    for (durable, advice) in [
        (told.plans("Billing"), "such as `billing.invoices`"),
        (billing().with_width(0), "a width of 1 or more"),
        (billing().retrying(RetryPolicy::attempts(0)), "1 attempt or more"),
        (billing().retrying(backwards), "a factor from 1"),
        (billing().retrying(endless), "a factor from 1"),
        (billing().retrying(unordered), "not longer than the greatest"),
        (billing().with_deadline(Duration::ZERO), "a deadline, such as 30 s"),
        (billing().with_lease(Duration::from_millis(10)), "300 ms or more"),
    ] {
        let refused: InvalidSubscription = durable.check().unwrap_err();
        assert!(refused.to_string().contains(advice), "{refused}");
        let shown = format!("{:?}", app.subscribe_durably(durable).await.unwrap_err());
        assert!(shown.contains(advice), "{shown}");
    }
    Ok(())
}
