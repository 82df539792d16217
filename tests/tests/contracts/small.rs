//! Clocks, redactors and recorders keep the promises of their ports.

use std::sync::Arc;
use std::time::Duration;

use application::AuditEventSubscriber;
use domain::{AuditLog, EventRecorder};
use indelible_tests::contract;
use indelible_tests::contract::audit_log::start;
use indelible_tests::expect::must;
use indelible_tests::fakes::{
    ManualClock, NoRedaction, PoisonRecorder, Refusal, StallingRecorder, plain_recorder,
};
use indelible_tests::stage::memory_log;
use infrastructure::clock::SystemClock;
use infrastructure::redaction::{RedactionKey, RedactionSettings, SecretRedactor};

fn redactor_of(settings: &RedactionSettings) -> SecretRedactor {
    must(SecretRedactor::new(settings, RedactionKey::from_bytes([7; 32])))
}

#[tokio::test]
async fn the_machines_clock_keeps_the_contract() {
    contract::clock(&|| SystemClock).await;
}

#[tokio::test]
async fn the_manual_clock_keeps_the_contract() {
    contract::clock(&|| ManualClock::at(start())).await;
    let bounded = || ManualClock::at(start()).with_longest_sleep(Duration::from_hours(1));
    contract::clock(&bounded).await;
}

#[tokio::test]
async fn the_redactor_keeps_the_contract() {
    contract::redactor(&|| redactor_of(&RedactionSettings::default())).await;
}

#[tokio::test]
async fn the_redactor_keeps_the_contract_with_rules_of_a_deployment() {
    let make = || {
        redactor_of(&RedactionSettings {
            extra_keys: vec!["ssn".to_owned()],
            allowed_keys: vec!["token_count".to_owned()],
            extra_patterns: vec![("badge".to_owned(), "badge-([0-9]{4,})".to_owned())],
        })
    };
    contract::redactor(&make).await;
}

#[tokio::test]
async fn the_fake_that_redacts_nothing_keeps_the_rest_of_the_contract() {
    let suite = contract::redactor::suite().except(contract::redactor::SECRECY);
    suite.hold(&|| NoRedaction).await;
}

#[tokio::test]
async fn the_recorder_keeps_the_contract() {
    let make = |log: Arc<dyn AuditLog>| {
        AuditEventSubscriber::new(Arc::new(redactor_of(&RedactionSettings::default())), log)
    };
    contract::event_recorder(&make).await;
    let (_, log) = memory_log();
    assert_eq!(make(log).name(), "audit", "what a refusal and a report call it");
}

#[tokio::test]
async fn the_recorder_without_redaction_keeps_the_rest_of_the_contract() {
    let make = |log: Arc<dyn AuditLog>| AuditEventSubscriber::new(Arc::new(NoRedaction), log);
    contract::event_recorder::suite().except(contract::event_recorder::SECRECY).hold(&make).await;
}

#[tokio::test]
async fn the_fake_recorders_keep_the_rest_of_the_contract_until_they_are_told_to_fail() {
    let suite = || contract::event_recorder::suite().except(contract::event_recorder::SECRECY);
    let poisoned =
        |log: Arc<dyn AuditLog>| PoisonRecorder::new(plain_recorder(log), "", Refusal::by_rule());
    suite().hold(&poisoned).await;
    let stalling = |log: Arc<dyn AuditLog>| {
        let recorder = StallingRecorder::new(plain_recorder(log));
        recorder.gate.open();
        recorder
    };
    suite().hold(&stalling).await;
}
