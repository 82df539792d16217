//! Several instances over one record: one works, the others take over.

use std::sync::Arc;
use std::time::Duration;

use application::delivery::{DurableSubscription, Standing};
use chrono::TimeDelta;
use domain::events::PlanCreated;
use domain::ports::projector;
use domain::subscription::Effect;
use domain::{Emit, EventFilter, Sequence, StartAt};
use indelible::{App, DurableGuard, Settings};
use indelible_tests::expect::soon;
use indelible_tests::fakes::Gate;
use indelible_tests::scenario::{Outcome, TestApp};

use super::{SHORT_LEASE, Told, moment, name, plan};

async fn works(guard: &DurableGuard) {
    soon("it works", async {
        while !matches!(guard.standing(), Standing::Working { .. }) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_applications_one_works_and_the_other_takes_over_when_it_ends() -> Outcome {
    let (first, second) = (Told::new(), Told::new());
    let app = TestApp::start().await?;
    let guard = app.subscribe_durably(first.plans("billing").with_lease(SHORT_LEASE)).await?;
    works(&guard).await;

    let mut settings = Settings::default();
    settings.audit.database_url = app.file().display().to_string();
    let other = App::builder(settings).start().await?;
    let standby = other.subscribe_durably(second.plans("billing").with_lease(SHORT_LEASE)).await?;
    other.settled().await?;
    assert_eq!(standby.standing(), Standing::StandingBy);
    other.bus().emit(plan("a")).await?;
    first.times(1).await;
    app.expect_subscription("billing").caught_up().await?;

    drop(guard);
    works(&standby).await;
    other.bus().emit(plan("b")).await?;
    second.times(1).await;
    assert_eq!((first.sequences(), second.all()), (vec![1], vec![(2, 1, false)]));
    other.shutdown().await;
    // Last, since the file goes with it.
    app.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_takes_over_once_the_lease_of_one_that_was_killed_has_run_out() -> Outcome {
    let told = Told::new();
    let app = TestApp::builder().at(moment()).start().await?;
    app.emit(plan("a")).await?;
    // As one leaves it that was killed in the middle of the first event.
    let (store, billing) = (app.app().subscriptions(), name("billing"));
    store.ensure(&billing, Sequence(0)).await?;
    let lease = store.acquire(&billing, "killed", Duration::from_secs(30)).await?.unwrap();
    let progress = domain::subscription::Progress { reach: Sequence(1), ..Default::default() };
    store.advance(&lease, progress).await?;

    let _guard = app.subscribe_durably(told.plans("billing")).await?;
    app.expect_subscription("billing").standing_by().await?;
    soon("it waits", app.clock().slept_on_for(Duration::from_secs(10))).await;
    app.clock().advance(TimeDelta::seconds(10));
    app.expect_subscription("billing").standing_by().await?;
    assert_eq!(told.all(), []);
    app.clock().advance(TimeDelta::seconds(20));
    // It may have looked just before, and then waits for once more.
    let waiting = async {
        loop {
            app.clock().slept_on_for(Duration::from_secs(10)).await;
            app.clock().advance(TimeDelta::seconds(10));
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = told.times(1) => {}
        () = waiting => {}
    }
    app.expect_subscription("billing").caught_up().await?;
    assert_eq!(told.all(), [(1, 1, true)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_wakes_up_after_another_took_over_notes_nothing_of_what_it_did() -> Outcome {
    let gate = Arc::new(Gate::closed());
    let waits = Arc::clone(&gate);
    let counts = projector("counts", move |event| {
        let waits = Arc::clone(&waits);
        async move {
            waits.pass().await;
            let create =
                "CREATE TABLE IF NOT EXISTS plan_seen (sequence INTEGER, repeated INTEGER)";
            let insert = "INSERT INTO plan_seen VALUES (?, ?)";
            let repeated = event.may_be_repeated();
            Ok(vec![Effect::new(create), Effect::new(insert).with(event.sequence.0).with(repeated)])
        }
    });
    let app = TestApp::builder().at(moment()).start().await?;
    let filter = EventFilter::of::<PlanCreated>();
    let durable = DurableSubscription::projecting("counts", filter, counts)
        .starting(StartAt::Beginning)
        .with_deadline(Duration::from_hours(1));
    app.emit(plan("a")).await?;
    let _guard = app.subscribe_durably(durable).await?;
    soon("it is at work", gate.arrived(1)).await;
    // Another lease under the same name, as if this one had slept through the end of its own.
    let (store, counts) = (app.app().subscriptions(), name("counts"));
    let owner = store.find(&counts).await?.unwrap().holder.unwrap().0;
    let before = store.find(&counts).await?.unwrap().token;
    store.acquire(&counts, &owner, Duration::from_secs(30)).await?.unwrap();
    gate.open();
    app.expect_subscription("counts").caught_up().await?;
    let status = store.find(&counts).await?.unwrap();
    assert_eq!(status.token, before + 2, "it got a lease of its own again");
    let file = rusqlite::Connection::open(app.file()).unwrap();
    let mut rows = file.prepare("SELECT sequence, repeated FROM plan_seen").unwrap();
    let rows: Vec<(i64, bool)> = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(rows, [(1, true)], "what it did under the lost lease is never noted");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_renewed_while_a_handler_is_slow_and_nothing_else_happens() -> Outcome {
    let gate = Arc::new(Gate::closed());
    let probe = indelible_tests::fakes::Probe::new("slow").behind(Arc::clone(&gate));
    let app = TestApp::builder().at(moment()).start().await?;
    let filter = EventFilter::of::<PlanCreated>();
    let durable = DurableSubscription::handling("slow", filter, Arc::new(probe))
        .with_deadline(Duration::from_hours(1));
    let _guard = app.subscribe_durably(durable).await?;
    app.settled().await?;
    app.emit(plan("a")).await?;
    soon("it is at work", gate.arrived(1)).await;
    let store = app.app().subscriptions();
    for _ in 0..6 {
        let until = store.find(&name("slow")).await?.unwrap().holder.unwrap().1;
        soon("it waits", app.clock().slept_on_for(Duration::from_secs(10))).await;
        app.clock().advance(TimeDelta::seconds(10));
        soon("it is renewed", async {
            while store.find(&name("slow")).await.unwrap().unwrap().holder.unwrap().1 <= until {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    assert!(store.acquire(&name("slow"), "other", Duration::from_secs(1)).await?.is_none());
    gate.open();
    app.expect_subscription("slow").caught_up().await?;
    Ok(())
}
