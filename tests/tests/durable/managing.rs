//! What people do to a durable subscription is on the record first, and noticed.

use std::sync::Arc;

use application::delivery::{ManageError, RetryPolicy, Standing, SubscriptionLag};
use chrono::TimeDelta;
use domain::events::{
    DeadLetterDiscarded, DeadLetterRetried, PlanCreated, SubscriptionPaused, SubscriptionRemoved,
    SubscriptionResumed, SubscriptionRewound,
};
use domain::ports::SubscriptionStoreError;
use domain::{Actor, EmitError, Sequence, StartAt};
use indelible::{App, Settings};
use indelible_tests::expect::soon;
use indelible_tests::fakes::{Gate, UnreadableLog};
use indelible_tests::scenario::{Outcome, TestApp};

use super::{Told, moment, name, plan};

#[tokio::test(flavor = "multi_thread")]
async fn pausing_resuming_and_rewinding_are_on_record_and_done() -> Outcome {
    let (told, billing, ann) = (Told::new(), name("billing"), || Actor::human("ann"));
    let app = TestApp::start().await?;
    let _guard = app.subscribe_durably(told.plans("billing")).await?;
    app.settled().await?;
    app.emit(plan("a")).await?;
    app.expect_subscription("billing").caught_up().await?;
    let manage = app.app().manage_subscriptions();

    manage.pause(&billing, ann()).await?;
    app.expect::<SubscriptionPaused>()
        .where_actor(&ann())
        .where_event("billing at 1", |it| it.name == "billing" && it.cursor == 1)
        .on_record()
        .once()
        .await?;
    app.emit(plan("b")).await?;
    let status = app.expect_subscription("billing").paused().await?;
    assert_eq!((told.sequences(), status.holder), (vec![1], None));

    manage.resume(&billing, ann()).await?;
    app.expect::<SubscriptionResumed>().where_actor(&ann()).on_record().once().await?;
    app.expect_subscription("billing").caught_up().await?;
    assert_eq!(told.sequences(), [1, 3]);

    let cursor = manage.rewind(&billing, StartAt::Beginning, ann()).await?;
    assert_eq!(cursor, Sequence(0));
    app.expect::<SubscriptionRewound>()
        .where_event("from 3 or later to 0", |it| it.from_cursor >= 3 && it.to_cursor == 0)
        .on_record()
        .once()
        .await?;
    app.expect_subscription("billing").caught_up().await?;
    assert_eq!(told.all()[2..], [(1, 1, true), (3, 1, true)], "repetitions are announced");
    let (newest, _) = app.log().span().await?.last.unwrap();
    let cursor = manage.rewind(&billing, StartAt::After(newest), ann()).await?;
    assert_eq!(cursor, newest, "the newest entry is on record");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_does_is_noticed_without_waiting_for_the_lease() -> Outcome {
    let (told, billing, ann) = (Told::new(), name("billing"), || Actor::human("ann"));
    told.fail(|event| event.sequence == Sequence(2));
    // The clock stands still, so that the moment never comes at which the lease is renewed.
    let app = TestApp::builder().at(moment()).start().await?;
    let subscription = told.plans("billing").retrying(RetryPolicy::once());
    let guard = app.subscribe_durably(subscription).await?;
    let mut settings = Settings::default();
    settings.audit.database_url = app.file().display().to_string();
    let other = App::builder(settings).start().await?;
    let manage = other.manage_subscriptions();

    app.emit(plan("a")).await?;
    app.emit(plan("b")).await?;
    app.expect_subscription("billing").dead_letters(1).await?;
    told.fail(|_| false);
    manage.retry(&billing, Sequence(2), ann()).await?;
    told.times(3).await;
    manage.rewind(&billing, StartAt::Beginning, ann()).await?;
    told.times(5).await;
    assert_eq!(told.sequences(), [1, 2, 2, 1, 2]);

    let becomes = |wanted: Standing| {
        let standing = guard.standing_where(move |standing| *standing == wanted);
        soon("it is noticed", standing)
    };
    manage.pause(&billing, ann()).await?;
    becomes(Standing::Paused).await;
    app.emit(plan("c")).await?;
    manage.resume(&billing, ann()).await?;
    told.times(6).await;
    manage.remove(&billing, ann()).await?;
    becomes(Standing::Ended).await;
    other.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_ends_whoever_runs_it_and_forgets_its_dead_letters() -> Outcome {
    let (told, billing) = (Told::new(), name("billing"));
    told.fail(|_| true);
    let app = TestApp::start().await?;
    let guard = app.subscribe_durably(told.plans("billing").retrying(RetryPolicy::once())).await?;
    app.settled().await?;
    app.emit(plan("a")).await?;
    app.expect_subscription("billing").dead_letters(1).await?;
    let manage = app.app().manage_subscriptions();
    assert_eq!(manage.remove(&billing, Actor::human("ann")).await?, 1);
    app.expect::<SubscriptionRemoved>()
        .where_event("with a dead letter", |it| it.dead_letters == 1 && it.cursor == 1)
        .on_record()
        .once()
        .await?;
    app.expect_subscription("billing").dead_letters(0).await?;
    assert_eq!(guard.standing(), application::delivery::Standing::Ended);
    assert!(app.app().subscriptions().find(&billing).await?.is_none());
    // The name is free again, here as well.
    let _guard = app.subscribe_durably(told.plans("billing").starting(StartAt::Beginning)).await?;
    app.expect_subscription("billing").caught_up().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_to_dead_letters_is_on_record() -> Outcome {
    let (told, billing, ann) = (Told::new(), name("billing"), || Actor::human("ann"));
    told.fail(|_| true);
    let app = TestApp::start().await?;
    let _guard = app.subscribe_durably(told.plans("billing").retrying(RetryPolicy::once())).await?;
    app.settled().await?;
    app.emit(plan("a")).await?;
    app.expect_subscription("billing").dead_letters(1).await?;
    let manage = app.app().manage_subscriptions();
    let (letter, event) = manage.dead_letter(&billing, Sequence(1)).await?;
    assert_eq!(letter.attempts, 1);
    assert_eq!(event.unwrap().envelope.plan_id.as_deref(), Some("a"));

    manage.retry(&billing, Sequence(1), ann()).await?;
    app.expect::<DeadLetterRetried>()
        .where_actor(&ann())
        .where_event("event 1", |it| it.subscription == "billing" && it.event_sequence == 1)
        .on_record()
        .once()
        .await?;
    manage.discard(&billing, Sequence(1), ann()).await?;
    app.expect::<DeadLetterDiscarded>().where_actor(&ann()).on_record().once().await?;
    app.expect_subscription("billing").dead_letters(0).await?;
    assert_eq!(manage.dead_letters(None).await?, []);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_refused_before_anything_is_recorded() -> Outcome {
    let (nobody, ann) = (name("nobody"), || Actor::human("ann"));
    let app = TestApp::start().await?;
    app.app().subscriptions().ensure(&name("billing"), Sequence(0)).await?;
    let manage = app.app().manage_subscriptions();
    for refused in [
        manage.pause(&nobody, ann()).await,
        manage.resume(&nobody, ann()).await,
        manage.rewind(&nobody, StartAt::Now, ann()).await.map(|_| ()),
        manage.remove(&nobody, ann()).await.map(|_| ()),
        manage.retry(&nobody, Sequence(1), ann()).await,
        manage.discard(&nobody, Sequence(1), ann()).await,
        manage.find(&nobody).await.map(|_| ()),
        manage.dead_letters(Some(&nobody)).await.map(|_| ()),
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, ManageError::Store(SubscriptionStoreError::Unknown { .. })));
        assert!(error.to_string().contains("`indelible subscriptions` lists"), "{error}");
    }
    let billing = name("billing");
    for refused in [
        manage.retry(&billing, Sequence(1), ann()).await,
        manage.discard(&billing, Sequence(1), ann()).await,
    ] {
        let error = refused.unwrap_err().to_string();
        assert!(error.contains("event 1 is no dead letter of `billing`"), "{error}");
    }
    let error = manage.rewind(&billing, StartAt::After(Sequence(7)), ann()).await.unwrap_err();
    assert!(error.to_string().contains("nothing is on record as 7 yet"), "{error}");
    assert_eq!(app.log().span().await?.entries, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_put_on_record_is_not_done() -> Outcome {
    let (told, billing) = (Told::new(), name("billing"));
    let app = TestApp::start().await?;
    app.app().subscriptions().ensure(&billing, Sequence(0)).await?;
    let manage = app.app().manage_subscriptions();
    app.bus().shutdown(std::time::Duration::ZERO).await;
    let refused = manage.pause(&billing, Actor::human("ann")).await;
    assert!(matches!(refused, Err(ManageError::Record(EmitError::ShutDown))));
    let status = manage.find(&billing).await?.status;
    assert_eq!(status.state, domain::subscription::SubscriptionState::Active);
    drop(told);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn how_far_behind_it_is_is_told_in_events_and_in_time() -> Outcome {
    let app = TestApp::builder().at(moment()).start().await?;
    app.app().subscriptions().ensure(&name("billing"), Sequence(1)).await?;
    app.emit(plan("a")).await?;
    let manage = app.app().manage_subscriptions();
    let lag = manage.list().await?.remove(0);
    assert_eq!((lag.events, lag.age.as_secs()), (0, 0));
    app.clock().advance(TimeDelta::seconds(5));
    app.emit(plan("b")).await?;
    app.emit(plan("c")).await?;
    app.clock().advance(TimeDelta::seconds(90));
    let lag = manage.list().await?.remove(0);
    assert_eq!((lag.events, lag.age.as_secs()), (2, 90));
    // What is done to itself puts it behind nothing, and what is done to another does.
    let (ann, billing) = (|| Actor::human("ann"), name("billing"));
    app.app().subscriptions().ensure(&name("billing.too"), Sequence(3)).await?;
    manage.pause(&billing, ann()).await?;
    manage.pause(&name("billing.too"), ann()).await?;
    let lags = manage.list().await?;
    assert_eq!((lags[0].events, lags[0].age.as_secs()), (3, 90));
    assert_eq!((lags[1].events, lags[1].age.as_secs()), (1, 0));
    app.app().subscriptions().ensure(&name("late"), Sequence(5)).await?;
    manage.pause(&name("late"), ann()).await?;
    manage.resume(&name("late"), ann()).await?;
    app.clock().advance(TimeDelta::seconds(30));
    let lag = manage.find(&name("late")).await?;
    assert_eq!((lag.events, lag.age.as_secs()), (0, 0));
    app.emit(plan("d")).await?;
    app.clock().advance(TimeDelta::seconds(5));
    let lag = manage.find(&name("late")).await?;
    assert_eq!((lag.events, lag.age.as_secs()), (1, 5));
    app.clock().advance(TimeDelta::hours(-1));
    assert_eq!(manage.find(&billing).await?.age.as_secs(), 0);
    app.expect::<PlanCreated>().on_record().times(4).await?;
    // More than is read of the record at once.
    let newest = app.log().span().await?.last.unwrap().0;
    app.app().subscriptions().ensure(&name("paused"), newest).await?;
    let paused = || SubscriptionPaused { name: "paused".to_owned(), cursor: newest.0 };
    app.emit_batch((0..1_100).map(|_| paused().into()).collect()).await?;
    assert_eq!(manage.find(&name("paused")).await?.events, 0);
    app.emit(plan("e")).await?;
    assert_eq!(manage.find(&name("paused")).await?.events, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_added_while_it_is_looked_how_far_behind_it_is_makes_no_difference() -> Outcome {
    let app = TestApp::builder().at(moment()).start().await?;
    app.app().subscriptions().ensure(&name("billing"), Sequence(0)).await?;
    app.emit(plan("a")).await?;
    let (log, gate) = (UnreadableLog::new(app.log()), Arc::new(Gate::closed()));
    log.hold_pages(Arc::clone(&gate));
    let store = app.app().subscriptions();
    let looking = SubscriptionLag::of_all(&*store, &log, moment());
    let adding = async {
        gate.arrived(1).await;
        let paused = SubscriptionPaused { name: "billing".to_owned(), cursor: 0 };
        let added = app.emit(paused).await;
        gate.open();
        added
    };
    let (lags, added) = futures::join!(looking, adding);
    added?;
    assert_eq!(lags?[0].events, 1);
    Ok(())
}
