//! Where a subscription begins, and where it goes on.

use domain::events::{PlanCreated, SubscriptionHalted, ToolInvoked};
use domain::{Actor, DomainEvent, Sequence, StartAt};
use indelible_tests::scenario::{Outcome, TestApp};

use super::{SHORT_LEASE, Told, moment, plan};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_while_nobody_runs_it_is_handled_after_a_restart_once_and_in_order()
-> Outcome {
    let told = Told::new();
    let made = told.clone();
    let app =
        TestApp::builder().with_durable_subscription(move || made.plans("billing")).start().await?;
    app.settled().await?;
    app.emit(plan("a")).await?;
    app.emit(ToolInvoked::sample()).await?;
    app.emit(plan("b")).await?;
    let status = app.expect_subscription("billing").caught_up().await?;
    assert_eq!((status.cursor, status.reach), (Sequence(3), Sequence(3)));
    assert!(status.holder.is_some() && status.failure.is_none());

    let app = app.restart().await?;
    app.emit(plan("c")).await?;
    app.expect::<PlanCreated>().handled_by("billing").times(3).await?;
    assert_eq!(told.all(), [(1, 1, false), (3, 1, false), (4, 1, false)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_name_begins_where_it_is_told_to_and_an_old_one_where_it_was() -> Outcome {
    let later = moment() + chrono::TimeDelta::hours(1);
    let app = TestApp::builder().at(moment()).start().await?;
    app.emit(plan("a")).await?;
    app.clock().set(later);
    app.emit(plan("b")).await?;
    app.emit(plan("c")).await?;
    for (name, start, expected) in [
        ("now", StartAt::Now, &[4][..]),
        ("beginning", StartAt::Beginning, &[1, 2, 3, 4]),
        ("after", StartAt::After(Sequence(2)), &[3, 4]),
        ("beyond", StartAt::After(Sequence(99)), &[4]),
        ("time", StartAt::Time(later), &[2, 3, 4]),
        ("early", StartAt::Time(moment()), &[1, 2, 3, 4]),
    ] {
        let told = Told::new();
        let guard = app.subscribe_durably(told.plans(name).starting(start)).await?;
        app.expect_subscription(name).caught_up().await?;
        assert_eq!(told.sequences(), expected[..expected.len() - 1], "{name}");
        if name == "now" {
            drop(guard);
        } else {
            guard.keep();
        }
    }
    let told = Told::new();
    let _guard = app.subscribe_durably(told.plans("now").starting(StartAt::Beginning)).await?;
    app.emit(plan("d")).await?;
    app.expect_subscription("now").caught_up().await?;
    assert_eq!(told.sequences(), [4], "its cursor is older than what it is told now");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_everything_is_handled_and_what_may_be_so_twice_says_so() -> Outcome {
    let told = Told::new();
    let made = told.clone();
    let app = TestApp::start().await?;
    let app = app.crash("resuming::reacting_until_killed", 40).await?;
    // Runs it under the same name, once the lease of the one that was killed has run out.
    let store = app.app().subscriptions();
    let left = store.find(&super::name("billing")).await?.unwrap();
    let newest = app.log().span().await?.last.unwrap().0;
    let _guard = app.subscribe_durably(made.plans("billing").with_lease(SHORT_LEASE)).await?;
    app.emit(plan("parent")).await?;
    let last = usize::try_from(newest.0 + 1 - left.cursor.0).unwrap();
    told.times(last).await;
    app.expect_subscription("billing").caught_up().await?;
    // The child's handler is told of plans alone, and there is nothing else on record.
    let expected: Vec<_> = (left.cursor.0 + 1..=newest.0 + 1)
        .map(|sequence| (sequence, 1, sequence <= left.reach.0))
        .collect();
    assert_eq!(told.all(), expected);
    assert!(left.reach <= newest, "nothing is announced that nobody has seen");
    Ok(())
}

/// What is killed above; does nothing by itself.
#[tokio::test(flavor = "multi_thread")]
async fn reacting_until_killed() -> Outcome {
    let builder = TestApp::builder().with_durable_subscription(|| {
        Told::new().plans("billing").starting(StartAt::Beginning).with_lease(SHORT_LEASE)
    });
    let Some(app) = builder.start_in_child().await? else { return Ok(()) };
    loop {
        app.emit(plan("child")).await?;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_wants_is_passed_over_without_writing_for_each() -> Outcome {
    let told = Told::new();
    let app = TestApp::start().await?;
    let guard = app.subscribe_durably(told.plans("billing")).await?;
    app.settled().await?;
    for _ in 0..20 {
        app.emit(ToolInvoked::sample()).await?;
    }
    let status = app.expect_subscription("billing").caught_up().await?;
    assert_eq!(status.cursor, Sequence(0), "nothing was handled, so that nothing is noted yet");
    drop(guard);
    let app = app.restart().await?;
    let status = app.app().subscriptions().find(&super::name("billing")).await?.unwrap();
    assert_eq!(status.cursor, Sequence(20), "what was looked at is noted at the end");
    assert!(status.holder.is_none(), "and the lease is given back");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn where_more_wait_than_are_read_at_once_all_are_handled_and_in_order() -> Outcome {
    let told = Told::new();
    let app = TestApp::start().await?;
    app.emit_batch((0..1_300).map(|_| plan("a")).collect()).await?;
    let _guard = app.subscribe_durably(told.plans("billing").starting(StartAt::Beginning)).await?;
    app.expect_subscription("billing").caught_up().await?;
    assert_eq!(told.sequences(), (1..=1_300).collect::<Vec<_>>());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_retention_took_first_halt_it_and_it_goes_on_after_them() -> Outcome {
    let (told, billing) = (Told::new(), super::name("billing"));
    let app = TestApp::start().await?;
    for _ in 0..5 {
        app.emit(plan("a")).await?;
    }
    app.log().remove_oldest(Sequence(3), 3).await.unwrap();
    // As somebody does by hand who owns the file: no subscription is there while it is pruned.
    app.app().subscriptions().ensure(&billing, Sequence(1)).await?;
    let _guard = app.subscribe_durably(told.plans("billing")).await?;
    let failure = app.expect_subscription("billing").halted().await?;
    assert!(failure.errors[0].contains("entries 2 to 3 were removed"), "{failure:?}");
    assert_eq!(told.all(), [], "nothing is skipped in silence");
    app.expect::<SubscriptionHalted>().on_record().once().await?;

    app.app().manage_subscriptions().resume(&billing, Actor::human("ann")).await?;
    app.expect_subscription("billing").caught_up().await?;
    assert_eq!(told.sequences(), [4, 5]);
    Ok(())
}
