//! What the contract suites say when an adapter fails them.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_trait::async_trait;
use domain::{AuditLog, EventEnvelope, Redactor};
use futures::FutureExt;
use indelible_tests::contract::audit_log::{AuditLogMaker, BEYOND_THE_PROCESS};
use indelible_tests::contract::shipped::InMemory;
use indelible_tests::contract::{self, Tried};
use indelible_tests::fakes::{ManualClock, NoRedaction};
use infrastructure::memory::{InMemoryAuditLog, InMemorySubscriptionStore};

/// What a future panics with.
async fn panic_of(future: impl Future) -> String {
    let Err(panic) = AssertUnwindSafe(future).catch_unwind().await else {
        panic!("this suite must fail")
    };
    let text = panic.downcast_ref::<String>().cloned();
    text.unwrap_or_else(|| panic!("a suite fails with words"))
}

#[tokio::test]
async fn a_suite_names_what_is_broken_what_it_says_and_what_was_seen() {
    let text = panic_of(contract::redactor(&|| NoRedaction)).await;
    for part in [
        "breaks 4 of the 14 promises of the redactor",
        "`no_place_of_an_envelope_keeps_a_secret` is broken",
        "the promise: No field of an envelope, no extension and no part of the payload keeps a",
        "what happened: event_id keeps a secret",
        "tests/src/contract/redactor/trials.rs:",
        "suite().promise(",
    ] {
        assert!(text.contains(part), "`{part}` is missing from:\n{text}");
    }
}

/// Panics over every event.
struct Hasty;

impl Redactor for Hasty {
    fn redact(&self, _: &mut EventEnvelope) -> usize {
        panic!("this redactor always panics")
    }
}

#[tokio::test]
async fn where_everything_is_broken_the_first_few_say_so() {
    let text = panic_of(contract::redactor(&|| Hasty)).await;
    assert_eq!(text.matches("what happened: this redactor always panics").count(), 5, "{text}");
    assert!(text.contains("The 9 that follow were not tried."), "{text}");
}

#[tokio::test]
async fn one_promise_can_be_tried_alone() {
    let suite = contract::redactor::suite();
    let kept = suite.promise("what_is_no_secret_is_kept");
    assert_eq!(kept.try_on(&|| NoRedaction).await, Ok(Tried::Holds));
    let broken = suite.promise("the_number_of_secrets_is_told").try_on(&|| NoRedaction).await;
    let Err(broken) = broken else { panic!("nothing is redacted, and nothing counted") };
    assert!(!broken.in_vain, "it was seen, not waited for");
    assert!(broken.how.contains("one secret, one replaced"), "{broken}");
}

#[tokio::test]
async fn what_an_adapter_is_excused_from_must_be_a_promise() {
    let suite = contract::clock::suite();
    let excused = panic_of(async { suite.except(&["it_is_never_late"]) }).await;
    assert!(excused.contains("the clock has no promise `it_is_never_late`"), "{excused}");
    assert!(excused.contains("a_sleep_may_be_given_up"), "those there are are listed: {excused}");
}

/// Finds an empty log at every restart.
struct Forgetful;

#[async_trait]
impl AuditLogMaker for Forgetful {
    async fn make(&self, clock: Arc<ManualClock>) -> Arc<dyn AuditLog> {
        InMemory.make(clock).await
    }

    async fn reopen(
        &self,
        _: &Arc<dyn AuditLog>,
        clock: Arc<ManualClock>,
    ) -> Option<Arc<dyn AuditLog>> {
        Some(InMemory.make(clock).await)
    }
}

#[tokio::test]
async fn a_history_that_breaks_an_adapter_is_told_as_short_as_it_can_be() {
    let suite = contract::audit_log::suite();
    let history = suite.promise("any_history_agrees_with_a_plain_list");
    let Err(broken) = history.try_on(&Forgetful).await else {
        panic!("nothing outlives a restart")
    };
    let steps = |name: &str| broken.how.matches(name).count();
    assert!(broken.how.contains("the record"), "{}", broken.how);
    assert_eq!((steps(" Append("), steps(" Restart")), (1, 1), "two steps do: {}", broken.how);
    assert_eq!(steps("AskFor") + steps("Remove") + steps("MoveTheClock"), 0, "{}", broken.how);
    assert_eq!(steps("EventEnvelope {"), 2, "one event, given and recorded: {}", broken.how);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_tried_is_no_promise_that_is_kept() {
    let make = |clock: Arc<ManualClock>| async { InMemoryAuditLog::new(clock) };
    let text = panic_of(contract::audit_log(&make)).await;
    for part in [
        "these promises of the audit log were not tried",
        "`what_has_a_receipt_outlives_a_restart`\n    its maker does not say",
        "implement `AuditLogMaker::reopen`",
        "`several_who_share_a_storage_make_one_order`\n    its maker does not say",
        "implement `AuditLogMaker::share`",
        "suite().except(&[\"what_has_a_receipt_outlives_a_restart\", \"several_who_share",
    ] {
        assert!(text.contains(part), "`{part}` is missing from:\n{text}");
    }
    // Whoever can restart and not share says no more than that.
    let suite = contract::audit_log::suite().except(&BEYOND_THE_PROCESS[..1]);
    let text = panic_of(suite.hold(&make)).await;
    assert!(!text.contains("outlives") && text.contains("several_who_share"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_is_listed_when_the_rest_holds() {
    let suite = contract::audit_log::suite();
    let all = suite.promises().len();
    let held = suite.except(BEYOND_THE_PROCESS).hold(&InMemory).await;
    assert_eq!(
        (held.excused.as_slice(), held.kept.len()),
        (BEYOND_THE_PROCESS, all - BEYOND_THE_PROCESS.len())
    );
    let said = held.to_string();
    assert!(said.contains("left out, and not tried: what_has_a_receipt_outlives"), "{said}");
}

#[tokio::test]
async fn the_promises_beyond_the_process_are_those_that_a_closure_cannot_have_tried() {
    let make = |clock: Arc<ManualClock>| async { InMemoryAuditLog::new(clock) };
    for name in BEYOND_THE_PROCESS {
        let outcome = contract::audit_log::suite().promise(name).try_on(&make).await;
        assert!(matches!(outcome, Ok(Tried::Not(_))), "`{name}` is tried: {outcome:?}");
    }
}

#[tokio::test]
async fn what_a_tree_in_memory_is_excused_from_is_what_a_closure_cannot_have_tried() {
    use contract::audit_tree::{BEYOND_THE_PROCESS, suite};
    let make = |clock: Arc<ManualClock>| async {
        let log = InMemoryAuditLog::new(clock);
        let tree = log.tree();
        (log, tree)
    };
    for name in BEYOND_THE_PROCESS {
        let outcome = suite().promise(name).try_on(&make).await;
        assert!(matches!(outcome, Ok(Tried::Not(_))), "`{name}` is tried: {outcome:?}");
    }
}

#[tokio::test]
async fn what_a_store_in_memory_is_excused_from_is_what_a_closure_cannot_have_tried() {
    use contract::subscription_store::{BEYOND_THE_PROCESS, EFFECTS, suite};
    let make = |clock: Arc<ManualClock>| async { InMemorySubscriptionStore::new(clock) };
    for name in BEYOND_THE_PROCESS.iter().chain(EFFECTS) {
        let outcome = suite().promise(name).try_on(&make).await;
        assert!(matches!(outcome, Ok(Tried::Not(_))), "`{name}` is tried: {outcome:?}");
    }
}

fn names_and_sentences<S: ?Sized>(suite: &contract::Suite<S>) -> Vec<(&'static str, &'static str)> {
    suite.promises().iter().map(|promise| (promise.name(), promise.says())).collect()
}

#[test]
fn promises_have_names_of_their_own_and_say_something() {
    for suite in [
        names_and_sentences(&contract::audit_log::suite()),
        names_and_sentences(&contract::audit_erasure::suite()),
        names_and_sentences(&contract::audit_tree::suite()),
        names_and_sentences(&contract::subscription_store::suite()),
        names_and_sentences(&contract::event_bus::suite()),
        names_and_sentences(&contract::event_recorder::suite()),
        names_and_sentences(&contract::redactor::suite()),
        names_and_sentences(&contract::clock::suite()),
    ] {
        let names: HashSet<_> = suite.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), suite.len(), "a name is used twice: {suite:?}");
        for (name, says) in suite {
            let sentence = says.starts_with(char::is_uppercase) && says.ends_with('.');
            assert!(sentence, "`{name}` needs a sentence, in its doc comment: `{says}`");
        }
    }
}
