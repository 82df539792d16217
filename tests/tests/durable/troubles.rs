//! A store and a record that fail for a while: what is under way is tried again, and nothing is skipped.

use std::sync::{Arc, Weak};
use std::time::Duration;

use application::delivery::{
    Ended, OnExhausted, Reactions, RetryPolicy, Standing, SubscriptionPorts, Supervision, begin,
};
use async_trait::async_trait;
use chrono::{TimeDelta, Utc};
use domain::events::{PlanCreated, SubscriptionHalted};
use domain::ports::handler;
use domain::subscription::{NewDeadLetter, Progress, SubscriptionState};
use domain::{
    Actor, AuditAppend, AuditEntry, AuditLog, Clock, EventBus, EventFilter, Sequence,
    SubscriptionStore,
};
use futures::FutureExt;
use indelible_tests::expect::soon;
use indelible_tests::fakes::{Gate, UnreadableLog};
use indelible_tests::scenario::{Outcome, TestApp};
use infrastructure::bus::ReactiveEventBus;
use infrastructure::clock::SystemClock;
use infrastructure::memory::{InMemoryAuditLog, InMemorySubscriptionStore};
use tokio::sync::watch;

use super::generated::Until;
use super::unreliable::Unreliable;
use super::{Told, moment, name, plan};

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_asked_says_so_at_the_beginning_and_is_asked_again_later() -> Outcome
{
    let (told, store) = (Told::new(), Unreliable::new());
    let app = store.started().await?;
    store.fail(&["find"]);
    let refused = app.app().subscribe_durably(told.plans("billing")).await.unwrap_err().to_string();
    assert!(refused.contains("its store does not answer: try again"), "{refused}");
    store.fail(&[]);
    let _guard = app.subscribe_durably(told.plans("billing")).await?;
    app.settled().await?;

    store.fail(&["find"]);
    // Which takes its lease away.
    store.rewind(&name("billing"), Sequence(0)).await?;
    app.emit(plan("a")).await?;
    store.failed("find", 3).await;
    store.fail(&[]);
    app.expect_subscription("billing").caught_up().await?;
    assert_eq!(told.sequences(), [1]);
    Ok(())
}

#[tokio::test]
async fn a_subscription_that_begins_now_is_told_of_what_is_emitted_once_it_has_been_made() -> Outcome
{
    let (told, store) = (Told::new(), Unreliable::new());
    let app = store.started().await?;
    app.emit(plan("before")).await?;
    let _guard = app.subscribe_durably(told.plans("billing")).await?;
    // Nothing is awaited in between that would let its task run.
    let status = store.inner.find(&name("billing")).now_or_never().unwrap()?;
    assert_eq!(status.map(|status| status.cursor), Some(Sequence(1)), "it begins before its task");
    app.emit(plan("after")).await?;
    app.expect_subscription("billing").caught_up().await?;
    assert_eq!(told.sequences(), [2]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_whose_store_panics_says_that_it_has_ended() -> Outcome {
    let (told, store) = (Told::new(), Unreliable::new());
    let app = store.started().await?;
    let guard = app.subscribe_durably(told.plans("billing")).await?;
    app.settled().await?;
    store.fail(&["a panic"]);
    app.emit(plan("a")).await?;
    soon("it ends", guard.ended()).await;
    app.settled().await?;
    assert_eq!(told.all(), []);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_handed_out_before_that_can_be_noted_and_nothing_twice_after_it() -> Outcome {
    let (told, store) = (Told::new(), Unreliable::new());
    let app = store.started().await?;
    let _guard = app.subscribe_durably(told.plans("billing")).await?;
    app.settled().await?;
    store.fail(&["advance"]);
    app.emit(plan("a")).await?;
    store.failed("advance", 2).await;
    assert_eq!(told.all(), []);
    store.fail(&[]);
    app.expect_subscription("billing").caught_up().await?;
    assert_eq!(told.all(), [(1, 1, false)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_noted_at_the_end_is_handed_out_again_and_does_not_hold_it_up() -> Outcome {
    let (told, store) = (Told::new(), Unreliable::new());
    let gate = Arc::new(Gate::closed());
    let app = store.started().await?;
    let (waits, notes) = (Arc::clone(&gate), told.clone());
    let waiting = handler("billing", move |event| {
        let (waits, notes) = (Arc::clone(&waits), notes.clone());
        async move {
            waits.pass().await;
            notes.note(&event)
        }
    });
    let filter = EventFilter::of::<PlanCreated>();
    let durable = application::DurableSubscription::handling("billing", filter, waiting);
    let guard = app.subscribe_durably(durable.clone()).await?;
    app.settled().await?;
    app.emit(plan("a")).await?;
    soon("it is at work", gate.arrived(1)).await;
    store.fail(&["advance", "release"]);
    drop(guard);
    gate.open();
    store.failed("release", 1).await;
    store.fail(&[]);
    let _guard = app.subscribe_durably(durable).await?;
    app.expect_subscription("billing").caught_up().await?;
    assert_eq!(told.all(), [(1, 1, false), (1, 1, true)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_or_a_look_at_dead_letters_that_fails_for_once_changes_nothing() -> Outcome {
    let (told, store) = (Told::new(), Unreliable::new());
    told.fail(|event| event.sequence == Sequence(1));
    let app = store.started().await?;
    let _guard = app.subscribe_durably(told.plans("billing").retrying(RetryPolicy::once())).await?;
    app.settled().await?;
    app.emit(plan("a")).await?;
    app.expect_subscription("billing").dead_letters(1).await?;
    let manage = app.app().manage_subscriptions();
    for method in ["renew", "dead_letters"] {
        store.fail(&[method]);
        // Resuming what goes on changes nothing, and has the runner look.
        manage.resume(&name("billing"), Actor::human("ann")).await?;
        store.failed(method, 1).await;
        store.fail(&[]);
        app.emit(plan("b")).await?;
        app.expect_subscription("billing").caught_up().await?;
    }
    assert_eq!(told.all().len(), 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_cannot_be_halted_tries_the_event_again_and_halts_then() -> Outcome {
    let (told, store) = (Told::new(), Unreliable::new());
    told.fail(|_| true);
    store.fail(&["halt"]);
    let app = store.started().await?;
    let durable = told.plans("billing").retrying(RetryPolicy::once());
    let _guard = app.subscribe_durably(durable.on_exhausted(OnExhausted::Halt)).await?;
    app.settled().await?;
    app.emit(plan("a")).await?;
    store.failed("halt", 1).await;
    store.fail(&[]);
    let failure = app.expect_subscription("billing").halted().await?;
    assert_eq!(failure.sequence, Some(Sequence(1)));
    assert_eq!(told.all(), [(1, 1, false), (1, 1, true)]);
    app.expect::<SubscriptionHalted>().on_record().once().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_halts_also_when_nothing_can_be_put_on_record_any_more() -> Outcome {
    let (store, gate) = (Unreliable::new(), Arc::new(Gate::closed()));
    let waits = Arc::clone(&gate);
    let fails = handler("billing", move |_| {
        let waits = Arc::clone(&waits);
        async move {
            waits.pass().await;
            Err("as the test wants".into())
        }
    });
    let app = store.started().await?;
    let filter = EventFilter::of::<PlanCreated>();
    let durable = application::DurableSubscription::handling("billing", filter, fails)
        .retrying(RetryPolicy::once())
        .on_exhausted(OnExhausted::Halt);
    let _guard = app.subscribe_durably(durable).await?;
    app.settled().await?;
    app.emit(plan("a")).await?;
    soon("it is at work", gate.arrived(1)).await;
    app.bus().shutdown(Duration::ZERO).await;
    gate.open();
    app.expect_subscription("billing").halted().await?;
    app.expect::<SubscriptionHalted>().on_record().never().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_paused_while_it_gets_its_lease_hands_nothing_out() -> Outcome {
    let (told, store) = (Told::new(), Unreliable::new());
    *store.pauses_before_acquiring.lock().unwrap() = true;
    let app = store.started().await?;
    app.emit(plan("a")).await?;
    let durable = told.plans("billing").starting(domain::StartAt::Beginning);
    let _guard = app.subscribe_durably(durable).await?;
    let status = app.expect_subscription("billing").paused().await?;
    assert_eq!((status.holder, status.state), (None, SubscriptionState::Paused));
    assert_eq!(told.all(), []);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cannot_be_read_for_a_while_is_read_again() {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let inner: Arc<dyn AuditLog> = Arc::new(InMemoryAuditLog::new(Arc::clone(&clock)));
    let log = Arc::new(UnreadableLog::new(inner));
    let entry = plan("a").seal(clock.now(), || "e1".to_owned(), "/tests").unwrap();
    log.append(&[AuditEntry::new(entry)]).await.unwrap();
    log.fail_pages(2);
    let (told, store) = (Told::new(), Arc::new(InMemorySubscriptionStore::new(Arc::clone(&clock))));
    let ports = ports(Arc::clone(&log) as _, Arc::clone(&store) as _, clock);
    let durable = told.plans("billing").starting(domain::StartAt::Beginning);
    let until = Arc::new(Until::caught_up_with(Sequence(1)));
    let ended = soon("it ends", begin(durable, ports).await.unwrap().run(until)).await;
    assert_eq!(ended, Ended::Stopped { given_up: 0 });
    assert_eq!((told.all(), log.pages()), (vec![(1, 1, false)], 3));
    assert_eq!(store.find(&name("billing")).await.unwrap().unwrap().failure, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_added_while_a_page_is_read_is_handed_out_once() {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let inner: Arc<dyn AuditLog> = Arc::new(InMemoryAuditLog::new(Arc::clone(&clock)));
    let (log, gate) = (Arc::new(UnreadableLog::new(Arc::clone(&inner))), Arc::new(Gate::closed()));
    let add = async |id: &str| {
        let entry = plan("a").seal(Utc::now(), || id.to_owned(), "/tests").unwrap();
        inner.append(&[AuditEntry::new(entry)]).await.unwrap();
    };
    add("e1").await;
    log.hold_pages(Arc::clone(&gate));
    let (told, store) = (Told::new(), Arc::new(InMemorySubscriptionStore::new(Arc::clone(&clock))));
    let durable = told.plans("billing").starting(domain::StartAt::Beginning);
    let until = Arc::new(Until::caught_up_with(Sequence(3)));
    let run = begin(durable, ports(Arc::clone(&log) as _, store, clock)).await.unwrap().run(until);
    let adding = async {
        gate.arrived(1).await;
        add("e2").await;
        add("e3").await;
        gate.open();
    };
    let (ended, ()) = soon("it ends", futures::future::join(run, adding)).await;
    assert_eq!(ended, Ended::Stopped { given_up: 0 });
    assert_eq!(told.all(), [(1, 1, false), (2, 1, false), (3, 1, false)]);
}

/// Runs until the subscription has halted, and keeps all that it is told.
#[derive(Default)]
struct UntilHalted(watch::Sender<Vec<Standing>>);

#[async_trait]
impl Supervision for UntilHalted {
    async fn stop(&self) {
        let halted = |all: &Vec<Standing>| matches!(all.last(), Some(Standing::Halted(_)));
        let _ = self.0.subscribe().wait_for(halted).await;
    }

    async fn deadline(&self) {
        std::future::pending::<()>().await;
    }

    async fn nudged(&self) {
        std::future::pending::<()>().await;
    }

    fn stands(&self, standing: Standing) {
        self.0.send_modify(|all| all.push(standing));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_comes_to_a_gap_is_not_said_to_be_at_rest_before_it_has_halted() {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let log: Arc<dyn AuditLog> = Arc::new(InMemoryAuditLog::new(Arc::clone(&clock)));
    for id in ["e1", "e2", "e3"] {
        let entry = plan("a").seal(Utc::now(), || id.to_owned(), "/tests").unwrap();
        log.append(&[AuditEntry::new(entry)]).await.unwrap();
    }
    log.remove_oldest(Sequence(2), 2).await.unwrap();
    let store = Arc::new(InMemorySubscriptionStore::new(Arc::clone(&clock)));
    let (told, all) = (Told::new(), Arc::new(UntilHalted::default()));
    let durable = told.plans("billing").starting(domain::StartAt::Beginning);
    store.ensure(&name("billing"), Sequence(0)).await.unwrap();
    let ports = ports(log, Arc::clone(&store) as _, clock);
    let ended = begin(durable, ports).await.unwrap().run(Arc::clone(&all) as _);
    soon("it ends", ended).await;
    assert_eq!(told.all(), []);
    // Two were all there was when somebody asked for the newest.
    let at_rest = all.0.borrow().iter().position(|standing| standing.is_at_rest(Sequence(2)));
    let first = at_rest.map(|first| all.0.borrow()[first].clone());
    assert!(matches!(first, Some(Standing::Halted(_))), "{:?}", all.0.borrow());
}

/// What a subscription takes of a log and a store alone.
pub(crate) fn ports(
    log: Arc<dyn AuditLog>,
    store: Arc<dyn SubscriptionStore>,
    clock: Arc<dyn Clock>,
) -> SubscriptionPorts {
    let bus: Weak<ReactiveEventBus> = Weak::new();
    let bus: Weak<dyn EventBus> = bus;
    SubscriptionPorts {
        redactor: Arc::new(indelible_tests::fakes::NoRedaction),
        log,
        store,
        clock,
        reactions: Reactions::new(bus, 1),
        owner: "here".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_whose_event_is_gone_says_so_when_it_is_tried_again() -> Outcome {
    let (told, billing) = (Told::new(), name("billing"));
    let app = TestApp::start().await?;
    // As retention leaves it by hand: a dead letter, and no such event.
    let store = app.app().subscriptions();
    store.ensure(&billing, Sequence(0)).await?;
    let lease = store.acquire(&billing, "before", Duration::from_secs(30)).await?.unwrap();
    let letter = NewDeadLetter {
        sequence: Sequence(7),
        attempts: 3,
        errors: vec!["before".to_owned()],
        failed_at: super::moment(),
    };
    let cursor = Sequence(7);
    let progress = Progress { cursor, dead_letters: vec![letter], ..Progress::default() };
    store.advance(&lease, progress).await?;
    store.release(&lease).await?;
    store.retry(&billing, Sequence(7)).await?;

    let _guard = app.subscribe_durably(told.plans("billing")).await?;
    let letters = app.expect_subscription("billing").dead_letters(1).await?;
    assert_eq!((letters[0].attempts, letters[0].retry_requested), (4, false));
    assert!(letters[0].errors[0].contains("event 7 is no longer on record"), "{letters:?}");
    assert_eq!(told.all(), []);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_slept_through_its_lease_hands_nothing_out_before_it_has_been_renewed() -> Outcome
{
    let (told, store) = (Told::new(), Unreliable::new());
    let app = store.builder().at(moment()).start().await?;
    let _guard = app.subscribe_durably(told.plans("billing")).await?;
    app.settled().await?;
    store.fail(&["renew"]);
    soon("it waits", app.clock().slept_on_for(Duration::from_secs(10))).await;
    app.clock().advance(TimeDelta::seconds(40));
    store.failed("renew", 1).await;
    app.emit(plan("a")).await?;
    soon("it is about to be handed out", async {
        while store.find(&name("billing")).await.unwrap().unwrap().reach < Sequence(1) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    for failures in 2..4 {
        soon("it waits", app.clock().slept_on_for(Duration::from_secs(10))).await;
        app.clock().advance(TimeDelta::seconds(10));
        store.failed("renew", failures).await;
        assert_eq!(told.all(), [], "another may have taken over meanwhile");
    }
    store.fail(&[]);
    soon("it waits", app.clock().slept_on_for(Duration::from_secs(10))).await;
    app.clock().advance(TimeDelta::seconds(10));
    told.times(1).await;
    app.expect_subscription("billing").caught_up().await?;
    assert_eq!(told.all(), [(1, 1, false)]);
    Ok(())
}
