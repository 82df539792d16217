//! Whether an application is fit to be used: ready only while recording works and no loss is
//! unreconciled, degraded by a subscription that has halted, and always with the reason and the name.

use std::sync::Arc;
use std::time::Duration;

use application::CheckHealth;
use application::health::{Health, Readiness};
use application::proof::SignCheckpoints;
use chrono::TimeDelta;
use domain::subscription::SubscriptionFailure;
use domain::{AuditLog, Emit, Sequence, SubscriptionName, SubscriptionStore};
use indelible_tests::fakes::{
    Gate, ManualClock, PoisonRecorder, Refusal, RefusingRecorder, StallingRecorder, UnreadableLog,
};
use indelible_tests::scenario::{Outcome, TestApp};
use indelible_tests::stage::{Stage, memory_log, plan, plans};
use infrastructure::bus::BusSettings;
use infrastructure::memory::{InMemoryAuditLog, InMemorySubscriptionStore};
use infrastructure::signing::Ed25519Signer;

/// The check over a stage, and the subscriptions it looks at.
fn check(stage: &Stage) -> (CheckHealth, Arc<InMemorySubscriptionStore>) {
    let (clock, _) = memory_log();
    check_at(stage, clock)
}

/// The same at the time of this clock.
fn check_at(
    stage: &Stage,
    clock: Arc<ManualClock>,
) -> (CheckHealth, Arc<InMemorySubscriptionStore>) {
    let store = Arc::new(InMemorySubscriptionStore::new(Arc::clone(&clock) as _));
    let bus = Arc::clone(&stage.bus);
    (CheckHealth::new(bus, Arc::clone(&stage.log), Arc::clone(&store) as _, clock), store)
}

fn reasons(health: &Health) -> Vec<(&str, Readiness)> {
    health.reasons().map(|reason| (&*reason.what, reason.readiness)).collect()
}

#[tokio::test]
async fn an_application_is_ready_while_everything_works() -> Outcome {
    let app = TestApp::start().await?;
    app.emit(plan(1)).await?;
    let health = app.app().health().check().await;
    assert_eq!((health.readiness(), health.to_string().as_str()), (Readiness::Ready, "ready"));
    let looked_at: Vec<_> = health.conditions.iter().map(|one| &*one.what).collect();
    assert_eq!(looked_at, ["recording", "losses", "record", "tree"]);
    assert!(Health::default().readiness() == Readiness::Ready);
    Ok(())
}

#[tokio::test]
async fn it_is_not_ready_from_a_failure_to_record_until_recording_works_again() {
    let (_, log) = memory_log();
    let log = Arc::new(UnreadableLog::new(log));
    let stage = Stage::over(Arc::clone(&log) as Arc<dyn AuditLog>, BusSettings::default());
    stage.record_all();
    let (health, _) = check(&stage);
    log.fail_appends(2);
    stage.bus.emit_batch(plans(0..3)).await.unwrap_err();
    stage.bus.emit(plan(3)).await.unwrap_err();
    let found = health.check().await;
    assert_eq!(reasons(&found), [("recording", Readiness::NotReady)]);
    let said = found.to_string();
    for part in
        ["not ready", "4 events were refused", "locked by another process", "since 2024-10-04"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    stage.bus.emit(plan(4)).await.unwrap();
    assert_eq!(health.check().await.readiness(), Readiness::Ready);
}

#[tokio::test]
async fn an_event_that_a_recorder_refuses_by_its_own_rule_is_no_failure_to_record() {
    let stage = Stage::in_memory(BusSettings::default());
    stage.record_all_with(Arc::new(RefusingRecorder(Refusal::by_rule())));
    let (health, _) = check(&stage);
    stage.bus.emit(plan(1)).await.unwrap_err();
    assert_eq!(health.check().await.readiness(), Readiness::Ready);
    stage.record_all_with(Arc::new(RefusingRecorder(Refusal::PanicRecording)));
    stage.bus.emit(plan(1)).await.unwrap_err();
    assert_eq!(reasons(&health.check().await), [("recording", Readiness::NotReady)]);
}

#[tokio::test]
async fn events_refused_with_nobody_there_to_be_told_keep_it_from_being_ready_until_reconciled() {
    let stage = Stage::in_memory(BusSettings::default());
    let poisoned = PoisonRecorder::new(stage.plain(), "poison", Refusal::by_rule());
    let stalling = Arc::new(StallingRecorder::new(Arc::new(poisoned)));
    stage.record_all_with(Arc::clone(&stalling) as _);
    let (health, _) = check(&stage);

    let bus = Arc::clone(&stage.bus);
    let emit = tokio::spawn(async move { bus.emit(plan(1).with_id("poison")).await });
    stalling.gate.arrived(1).await;
    emit.abort();
    assert!(emit.await.unwrap_err().is_cancelled());
    stalling.gate.open();
    stage.bus.settled().await;
    let found = health.check().await;
    assert_eq!(reasons(&found), [("losses", Readiness::NotReady)]);
    assert!(found.to_string().contains("1 were refused with nobody there"), "{found}");

    assert_eq!(health.reconcile_losses(), 1);
    assert_eq!(health.reconcile_losses(), 0);
    assert_eq!(health.check().await.readiness(), Readiness::Ready);
}

#[tokio::test]
async fn events_that_retention_took_from_a_slow_reader_keep_it_from_being_ready_until_reconciled() {
    let settings = BusSettings { reader_buffer: 1, ..BusSettings::default() };
    let stage = Stage::in_memory(settings);
    stage.record_all();
    let (health, _) = check(&stage);
    let gate = Arc::new(Gate::closed());
    let probe = indelible_tests::fakes::Probe::new("slow").behind(Arc::clone(&gate));
    let (slow, _slow) = stage.watch_with(domain::EventFilter::all(), probe);
    for number in 0..6 {
        stage.bus.emit(plan(number)).await.unwrap();
        gate.arrived(1).await;
    }
    stage.log.remove_oldest(Sequence(5), 100).await.unwrap();
    gate.open();
    stage.bus.settled().await;
    let lost = stage.bus.counters().lost_to_retention;
    assert!(lost > 0 && slow.events().len() as u64 + lost == 6, "{lost}");
    assert_eq!(reasons(&health.check().await), [("losses", Readiness::NotReady)]);
    assert_eq!(health.reconcile_losses(), lost);
    assert_eq!(health.check().await.readiness(), Readiness::Ready);
}

#[tokio::test]
async fn a_subscription_that_halted_degrades_it_by_name() {
    let stage = Stage::in_memory(BusSettings::default());
    let (health, store) = check(&stage);
    let names = ["billing", "search"].map(|name| SubscriptionName::new(name).unwrap());
    for name in &names {
        store.ensure(name, Sequence(0)).await.unwrap();
    }
    assert_eq!(health.check().await.readiness(), Readiness::Ready);
    let lease = store.acquire(&names[0], "here", Duration::from_mins(1)).await.unwrap().unwrap();
    let failure = SubscriptionFailure {
        sequence: Some(Sequence(7)),
        errors: vec!["no invoice".to_owned(), "no number".to_owned()],
        at: chrono::DateTime::UNIX_EPOCH,
    };
    store.halt(&lease, failure).await.unwrap();
    let found = health.check().await;
    assert_eq!(found.readiness(), Readiness::Degraded);
    assert_eq!(reasons(&found), [("subscription billing", Readiness::Degraded)]);
    let said = found.to_string();
    for part in ["halted at 0", "event 7: no invoice: no number", "subscriptions resume billing"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    store.resume(&names[0]).await.unwrap();
    assert_eq!(health.check().await.readiness(), Readiness::Ready);
}

#[tokio::test]
async fn a_bus_that_has_shut_down_is_not_ready() {
    let stage = Stage::in_memory(BusSettings::default());
    let (health, _) = check(&stage);
    stage.bus.shutdown(Duration::ZERO).await;
    let found = health.check().await;
    assert_eq!(reasons(&found), [("recording", Readiness::NotReady)]);
    assert!(found.to_string().contains("start the application again"), "{found}");
}

#[tokio::test]
async fn a_record_that_can_no_longer_be_asked_is_not_ready() -> Outcome {
    let app = TestApp::start().await?;
    let health = app.app().health();
    app.shutdown().await;
    let found = health.check().await;
    let reasons = reasons(&found);
    let not_ready = ["recording", "record", "subscriptions"];
    for what in not_ready {
        assert!(reasons.contains(&(what, Readiness::NotReady)), "{what}: {reasons:?}");
    }
    // Whether it is signed cannot be told either, which by itself keeps nobody from recording.
    assert!(reasons.contains(&("tree", Readiness::Degraded)), "{reasons:?}");
    Ok(())
}

#[tokio::test]
async fn a_failure_that_nobody_has_tried_since_does_not_keep_events_away_for_ever() {
    let stage = Stage::in_memory(BusSettings::default());
    stage.record_all_with(Arc::new(RefusingRecorder(Refusal::PanicRecording)));
    let (clock, _) = memory_log();
    let (health, _) = check_at(&stage, Arc::clone(&clock));
    stage.bus.emit(plan(1)).await.unwrap_err();
    assert_eq!(health.check().await.readiness(), Readiness::NotReady);
    clock.advance(chrono::TimeDelta::seconds(30));
    let found = health.check().await;
    assert_eq!(reasons(&found), [("recording", Readiness::Degraded)]);
    assert!(found.to_string().contains("not tried since"), "{found}");
}

#[tokio::test]
async fn an_entry_that_waits_too_long_to_be_signed_degrades_it() {
    let (clock, _) = memory_log();
    let log = InMemoryAuditLog::new(Arc::clone(&clock) as _);
    let tree = Arc::new(log.tree());
    let stage = Stage::over(Arc::new(log), BusSettings::default());
    stage.record_elsewhere(2).await;
    let signer = Arc::new(Ed25519Signer::generate().unwrap());
    let sign = SignCheckpoints::new(tree, signer, Arc::clone(&clock) as _);
    let health = async || {
        let (check, _) = check_at(&stage, Arc::clone(&clock));
        let check = check.signing(sign.clone(), Some(Duration::from_secs(10)));
        check.check().await
    };
    clock.advance(TimeDelta::seconds(10));
    assert_eq!(health().await.readiness(), Readiness::Ready, "it has waited for as long as it may");
    clock.advance(TimeDelta::seconds(1));
    let late = health().await;
    assert_eq!(reasons(&late), [("tree", Readiness::Degraded)]);
    assert!(late.to_string().contains("2 entries since, which have waited"), "{late}");
    sign.run().await.unwrap();
    assert_eq!(health().await.readiness(), Readiness::Ready);
}
