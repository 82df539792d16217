//! What becomes of events that are not handled at once, or never.

use std::sync::Arc;
use std::time::Duration;

use application::delivery::{DurableSubscription, ManageError, OnExhausted, OrderBy, RetryPolicy};
use chrono::TimeDelta;
use domain::events::{PlanCreated, SubscriptionHalted};
use domain::ports::handler;
use domain::{Actor, EventFilter, Sequence};
use indelible_tests::expect::soon;
use indelible_tests::fakes::{Gate, panic_on_purpose};
use indelible_tests::scenario::{Outcome, TestApp};

use super::{Told, moment, name, plan};

/// Pauses that pass only when a test lets them.
fn slowly(attempts: u32) -> RetryPolicy {
    RetryPolicy::attempts(attempts).pausing(Duration::from_secs(7), Duration::from_secs(20))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_tried_again_after_pauses_that_grow_and_becomes_a_dead_letter() -> Outcome {
    let told = Told::new();
    told.fail(|event| event.sequence == Sequence(1));
    let app = TestApp::builder().at(moment()).start().await?;
    let _guard = app.subscribe_durably(told.plans("billing").retrying(slowly(4))).await?;
    app.settled().await?;
    app.emit(plan("a")).await?;
    app.emit(plan("b")).await?;
    let mut passed = TimeDelta::zero();
    for (attempt, pause) in [(1, 7), (2, 14), (3, 20)] {
        told.times(attempt).await;
        let sleeping = app.clock().slept_on_for(Duration::from_secs(pause));
        soon("it pauses", sleeping).await;
        assert_eq!(told.all().len(), attempt, "not before the pause is over");
        let pause = TimeDelta::seconds(i64::try_from(pause).unwrap());
        app.clock().advance(pause);
        passed += pause;
    }
    told.times(4).await;
    let letters = app.expect_subscription("billing").dead_letters(1).await?;
    assert_eq!(letters[0].sequence, Sequence(1));
    assert_eq!(letters[0].attempts, 4);
    assert_eq!(letters[0].errors, ["it is not to be handled", "the test says so"]);
    assert_eq!(letters[0].failed_at, moment() + passed);
    let status = app.expect_subscription("billing").caught_up().await?;
    assert_eq!(status.cursor, Sequence(2), "it goes on after a dead letter");
    let again = |attempt: u32| (1, attempt, attempt > 1);
    assert_eq!(told.all(), [again(1), again(2), again(3), again(4), (2, 1, false)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_wrong_last_is_told_until_a_later_event_is_handled() -> Outcome {
    let (first, third) = (Arc::new(Gate::closed()), Arc::new(Gate::closed()));
    let gates = [Arc::clone(&first), Arc::clone(&third)];
    let billing = handler("billing", move |event| {
        let [first, third] = gates.clone();
        async move {
            match event.sequence {
                Sequence(1) => first.pass().await,
                Sequence(2) => return Err("as the test wants".into()),
                _ => third.pass().await,
            }
            Ok(())
        }
    });
    let durable =
        DurableSubscription::handling("billing", EventFilter::of::<PlanCreated>(), billing)
            .retrying(RetryPolicy::once())
            .ordered_by(OrderBy::Plan)
            .with_width(2);
    let app = TestApp::start().await?;
    let _guard = app.subscribe_durably(durable).await?;
    app.emit_batch(["a", "b", "b"].map(plan).into()).await?;
    // The third is handed out once the second is out of its way.
    soon("both are at work", async { tokio::join!(first.arrived(1), third.arrived(1)) }).await;
    first.open();
    let store = app.app().subscriptions();
    let status = soon("the first is handled", async {
        loop {
            let status = store.find(&name("billing")).await.unwrap().unwrap();
            if status.cursor == Sequence(2) {
                return status;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(status.failure.and_then(|it| it.sequence), Some(Sequence(2)), "an earlier one");
    third.open();
    let status = app.expect_subscription("billing").caught_up().await?;
    assert_eq!(status.failure, None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_must_not_skip_halts_says_so_and_tries_again_when_it_is_resumed() -> Outcome {
    let told = Told::new();
    told.fail(|event| event.sequence == Sequence(2));
    let made = told.clone();
    let retry =
        RetryPolicy::attempts(2).pausing(Duration::from_millis(1), Duration::from_millis(1));
    let app = TestApp::builder()
        .with_durable_subscription(move || {
            made.plans("billing").retrying(retry).on_exhausted(OnExhausted::Halt)
        })
        .start()
        .await?;
    app.settled().await?;
    for _ in 0..3 {
        app.emit(plan("a")).await?;
    }
    let failure = app.expect_subscription("billing").halted().await?;
    assert_eq!(failure.sequence, Some(Sequence(2)));
    app.expect_subscription("billing").dead_letters(0).await?;
    app.expect::<SubscriptionHalted>()
        .where_event("at 1, over the test's error", |event| {
            event.cursor == 1 && event.error == "it is not to be handled: the test says so"
        })
        .on_record()
        .once()
        .await?;
    let app = app.restart().await?;
    app.expect_subscription("billing").halted().await?;
    assert_eq!(told.sequences(), [1, 2, 2]);

    let manage = app.app().manage_subscriptions();
    let refused = manage.pause(&name("billing"), Actor::human("ann")).await;
    assert!(matches!(refused, Err(ManageError::Halted { name }) if name.as_str() == "billing"));
    app.expect_subscription("billing").halted().await?;

    told.fail(|_| false);
    manage.resume(&name("billing"), Actor::human("ann")).await?;
    let status = app.expect_subscription("billing").caught_up().await?;
    assert_eq!(status.failure, None);
    assert_eq!(told.sequences(), [1, 2, 2, 2, 3]);
    assert_eq!(told.all()[3], (2, 1, true));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_panics_or_never_returns_has_failed() -> Outcome {
    let panics = handler("panics", |event| async move {
        if event.sequence == Sequence(1) {
            panic_on_purpose("as the test wants");
        }
        Ok(())
    });
    let hangs = handler("hangs", |event| async move {
        if event.sequence == Sequence(1) {
            std::future::pending::<()>().await;
        }
        Ok(())
    });
    let app = TestApp::start().await?;
    for (subscriber, errors) in [
        (panics, "the handler panicked: as the test wants"),
        (
            hangs,
            "the handler did not return within 50ms and was given up: make it faster, or give it a longer deadline",
        ),
    ] {
        let who = subscriber.name().to_owned();
        let filter = EventFilter::of::<PlanCreated>();
        let durable = DurableSubscription::handling(&who, filter, subscriber)
            .retrying(RetryPolicy::once())
            .with_deadline(Duration::from_millis(50))
            .starting(domain::StartAt::Beginning);
        app.subscribe_durably(durable).await?.keep();
        app.emit(plan("a")).await?;
        let letters = app.expect_subscription(&who).dead_letters(1).await?;
        assert_eq!(letters[0].errors.join(": "), errors);
        app.expect_subscription(&who).caught_up().await?;
    }
    app.expect::<PlanCreated>().handled_by("panics").once().await?;
    app.expect::<PlanCreated>().failed_in("panics").once().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_tried_again_once_when_it_is_asked_for() -> Outcome {
    let told = Told::new();
    told.fail(|_| true);
    let app = TestApp::start().await?;
    let _guard = app.subscribe_durably(told.plans("billing").retrying(RetryPolicy::once())).await?;
    app.settled().await?;
    app.emit(plan("a")).await?;
    app.emit(plan("b")).await?;
    app.expect_subscription("billing").dead_letters(2).await?;

    let manage = app.app().manage_subscriptions();
    let ann = || Actor::human("ann");
    manage.retry(&name("billing"), Sequence(2), ann()).await?;
    let letters = app.expect_subscription("billing").dead_letters(2).await?;
    let second = letters.iter().find(|letter| letter.sequence == Sequence(2)).unwrap();
    assert_eq!((second.attempts, second.retry_requested), (2, false));
    assert_eq!(told.all(), [(1, 1, false), (2, 1, false), (2, 1, true)]);

    told.fail(|_| false);
    manage.retry(&name("billing"), Sequence(2), ann()).await?;
    let letters = app.expect_subscription("billing").dead_letters(1).await?;
    assert_eq!(letters[0].sequence, Sequence(1), "the other one waits for somebody");
    assert_eq!(told.all().len(), 4);

    manage.retry(&name("billing"), Sequence(1), ann()).await?;
    app.expect_subscription("billing").dead_letters(0).await?;
    app.expect_subscription("billing").caught_up().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_asked_for_while_nobody_runs_it_is_tried_at_the_next_start() -> Outcome {
    let told = Told::new();
    told.fail(|_| true);
    let made = told.clone();
    let app = TestApp::builder()
        .with_durable_subscription(move || made.plans("billing").retrying(RetryPolicy::once()))
        .start()
        .await?;
    app.settled().await?;
    app.emit(plan("a")).await?;
    app.expect_subscription("billing").dead_letters(1).await?;
    told.fail(|_| false);
    app.app().subscriptions().retry(&name("billing"), Sequence(1)).await?;
    let app = app.restart().await?;
    app.expect_subscription("billing").dead_letters(0).await?;
    assert_eq!(told.all(), [(1, 1, false), (1, 1, true)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_wrong_last_is_shown_until_that_event_is_handled() -> Outcome {
    let told = Told::new();
    told.fail(|event| event.sequence == Sequence(1) && event.attempt() == 1);
    let app = TestApp::builder().at(moment()).start().await?;
    let _guard = app.subscribe_durably(told.plans("billing").retrying(slowly(3))).await?;
    app.settled().await?;
    app.emit(plan("a")).await?;
    soon("it pauses", app.clock().slept_on_for(Duration::from_secs(7))).await;
    let store = app.app().subscriptions();
    let failure = soon("the failure is noted", async {
        loop {
            let status = store.find(&name("billing")).await.unwrap().unwrap();
            if let Some(failure) = status.failure {
                return failure;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(failure.sequence, Some(Sequence(1)));
    assert_eq!(failure.errors, ["it is not to be handled", "the test says so"]);
    app.clock().advance(TimeDelta::seconds(7));
    told.times(2).await;
    assert_eq!(app.expect_subscription("billing").caught_up().await?.failure, None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_handler_emits_names_the_event_and_the_subscription_catches_up_with_it_too()
-> Outcome {
    let reacts = handler("reacts", |event| async move {
        if event.envelope.reaction_depth() < 3 {
            event.emit(plan("reaction")).await?;
        }
        Ok(())
    });
    let app = TestApp::start().await?;
    let filter = EventFilter::of::<PlanCreated>();
    let _guard =
        app.subscribe_durably(DurableSubscription::handling("reacts", filter, reacts)).await?;
    app.settled().await?;
    let cause = app.emit(plan("a")).await?;
    app.expect::<PlanCreated>().where_causation(cause.event_id).on_record().once().await?;
    app.expect::<PlanCreated>().where_plan("reaction").handled_by("reacts").times(3).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_in_what_a_handler_fails_with_are_not_stored() -> Outcome {
    let quoting = handler("quoting", |_| async move {
        let said = format!("refused --password hunter2hunter2 {}", "x".repeat(9_000));
        Err(said.into())
    });
    let once = RetryPolicy::attempts(1);
    let billing =
        DurableSubscription::handling("billing", EventFilter::of::<PlanCreated>(), quoting)
            .retrying(once);
    let app = TestApp::start().await?;
    let _guard = app.subscribe_durably(billing).await?;
    app.settled().await?;
    app.emit(plan("a")).await?;
    let letters = app.expect_subscription("billing").dead_letters(1).await?;
    let said = &letters[0].errors[0];
    assert!(said.starts_with("refused --password [redacted:"), "{said}");
    assert!(said.ends_with('…') && said.chars().count() < 4_100, "{}", said.len());
    let status = app.app().subscriptions().find(&name("billing")).await?.unwrap();
    assert!(!format!("{status:?}").contains("hunter2"), "{status:?}");
    Ok(())
}
