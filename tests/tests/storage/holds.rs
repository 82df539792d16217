//! The database itself keeps what is under a legal hold, whoever opens it.

use std::sync::Arc;

use super::place::{Place, ids, log_over};
use domain::audit::legal_hold::{HeldEntry, HoldId, HoldScope, LegalHold};
use domain::audit::{Erasure, ErasureSelection, Page};
use domain::events::{AuditHoldPlaced, AuditHoldReleased};
use domain::ports::{ErasureError, LegalHoldError};
use domain::{
    Actor, AppendError, AuditAppend, AuditEntry, AuditErasure, AuditFilter, AuditInspect,
    AuditQuery, AuditTree, DomainEvent, EventEnvelope, LegalHolds, Sequence,
};
use indelible_tests::contract::audit_log::{batch, envelope};
use infrastructure::seaorm::{AuditStorage, SeaOrmAuditErasure, SeaOrmAuditTree, SeaOrmLegalHolds};
use rusqlite::Connection;

/// An entry that says that a hold was placed or released.
fn said<E: DomainEvent>(id: &str, event: E) -> AuditEntry {
    AuditEntry::new(EventEnvelope {
        event_type: E::DESCRIPTOR.name(),
        details: event.into_details().unwrap(),
        plan_id: None,
        correlation_id: None,
        user_identity: None,
        actor: Some(Actor::human("ann")),
        ..envelope(id)
    })
}

/// A log of five entries and a hold on all of one plan, of which the third alone is; all in the tree.
async fn held(scope: HoldScope) -> (Place, AuditStorage) {
    let place = Place::new();
    let storage = place.storage().await;
    let log = log_over(&storage);
    for n in 1..=5 {
        let mut envelope = envelope(&format!("e-{n}"));
        if n == 3 {
            envelope.plan_id = Some("special".to_owned());
            envelope.correlation_id = Some("special".to_owned());
            envelope.user_identity = Some("special".to_owned());
        }
        if n == 4 {
            envelope.actor = Some(Actor::human("special"));
        }
        log.append(&[AuditEntry::new(envelope)]).await.unwrap();
    }
    log.append(&[said("placed", AuditHoldPlaced::sample())]).await.unwrap();
    let hold = LegalHold { id: HoldId(Sequence(6)), scope };
    SeaOrmLegalHolds::new(storage.clone()).place(&hold).await.unwrap();
    log.append(&batch("later", 1)).await.unwrap();
    SeaOrmAuditTree::new(storage.clone()).grow().await.unwrap();
    (place, storage)
}

fn plan() -> HoldScope {
    HoldScope::Plan("special".to_owned())
}

/// Another program, that permits itself whatever there are permits for.
fn permitted(place: &Place) -> Connection {
    let raw = place.raw();
    let permits = "INSERT INTO audit_retention_permit (id, through_sequence) VALUES (1, 99); \
                   INSERT INTO audit_erasure_permit (id) VALUES (1)";
    raw.execute_batch(permits).unwrap();
    raw
}

#[tokio::test]
async fn what_is_held_is_neither_deleted_nor_erased_by_any_program() {
    let named = || "special".to_owned();
    for (scope, first) in [
        (plan(), 3_i64),
        (HoldScope::Correlation(named()), 3),
        (HoldScope::User(named()), 3),
        (HoldScope::Sequences { from: Sequence(2), through: Sequence(4) }, 2),
        (HoldScope::Plan("of nobody".to_owned()), 6),
    ] {
        let (place, storage) = held(scope.clone()).await;
        storage.close().await;
        let raw = permitted(&place);
        let delete = "DELETE FROM audit_log WHERE sequence <= ?";
        let refused = raw.execute(delete, [first]).unwrap_err().to_string();
        assert!(refused.contains("under a legal hold"), "{scope:?}: {refused}");
        assert_eq!(
            raw.execute(delete, [first - 1]).unwrap(),
            usize::try_from(first - 1).unwrap(),
            "{scope:?}"
        );
        let erase = "UPDATE audit_log SET user_identity = NULL, erased = '{}' WHERE sequence = ?";
        let refused = raw.execute(erase, [first]).unwrap_err().to_string();
        assert!(refused.contains("under a legal hold"), "{scope:?}: {refused}");
        assert_eq!(raw.execute(erase, [7]).unwrap(), 1, "what is not held may be erased");
        let whose = raw.execute(erase, [4]);
        let covered = matches!(scope, HoldScope::User(_) | HoldScope::Sequences { .. });
        assert_eq!(whose.is_err(), covered, "who did it is held with whom it was done for");
    }
}

#[tokio::test]
async fn a_hold_is_changed_by_nobody_and_ends_with_its_release_alone() {
    let (place, storage) = held(plan()).await;
    storage.close().await;
    let raw = place.raw();
    for (statement, fix) in [
        ("DELETE FROM audit_hold", "in force until it is released"),
        ("UPDATE audit_hold SET value = 'other'", "place another one"),
        ("UPDATE OR REPLACE audit_hold SET id = 7", "place another one"),
        ("INSERT INTO audit_hold (id, scope, value) VALUES (1, 'plan', 'x')", "on record first"),
        ("INSERT INTO audit_hold (id, scope, value) VALUES (99, 'plan', 'x')", "on record first"),
        ("REPLACE INTO audit_hold (id, scope, value) VALUES (6, 'plan', 'x')", "on record first"),
    ] {
        let refused = raw.execute(statement, []).unwrap_err().to_string();
        assert!(refused.contains(fix), "{statement}: {refused}");
    }
    let log = place.log().await;
    log.append(&[said("other", AuditHoldReleased { hold: 5, reason: None })]).await.unwrap();
    assert!(raw.execute("DELETE FROM audit_hold", []).is_err(), "another's release is none");
    log.append(&[said("released", AuditHoldReleased { hold: 6, reason: None })]).await.unwrap();
    assert_eq!(raw.execute("DELETE FROM audit_hold", []).unwrap(), 1);
}

#[tokio::test]
async fn a_hold_has_an_id_or_a_range_that_does_not_end_before_it_begins() {
    let place = Place::new();
    let log = place.log().await;
    log.append(&[said("placed", AuditHoldPlaced::sample())]).await.unwrap();
    let raw = place.raw();
    for values in [
        "'plan', NULL, NULL, NULL",
        "'plan', 'x', 1, 2",
        "'sequences', 'x', 1, 2",
        "'sequences', NULL, 2, 1",
        "'sequences', NULL, 2, NULL",
        "'tenant', 'x', NULL, NULL",
    ] {
        let insert = format!("INSERT INTO audit_hold VALUES (1, {values})");
        assert!(raw.execute(&insert, []).is_err(), "{values}");
    }
    raw.execute("INSERT INTO audit_hold VALUES (1, 'sequences', NULL, 2, 2)", []).unwrap();
}

#[tokio::test]
async fn of_a_released_hold_nothing_is_left_in_the_file() {
    let needle = "somebody-held@example.org";
    let (place, storage) = held(HoldScope::User(needle.to_owned())).await;
    let found = |place: &Place| {
        let bytes = std::fs::read(&place.file).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
    };
    storage.close().await;
    assert!(found(&place), "it is there as long as the hold is in force");
    let storage = place.storage().await;
    let released = AuditHoldReleased { hold: 6, reason: None };
    log_over(&storage).append(&[said("released", released)]).await.unwrap();
    SeaOrmLegalHolds::new(storage.clone()).release(HoldId(Sequence(6))).await.unwrap();
    storage.close().await;
    assert!(!found(&place), "and nowhere once it is released");
}

#[tokio::test]
async fn holds_that_cannot_be_asked_for_are_not_taken_for_none() {
    let (_place, storage) = held(plan()).await;
    let holds = SeaOrmLegalHolds::new(storage.clone());
    assert_eq!(holds.in_force().await.unwrap().len(), 1);
    storage.close().await;
    holds.in_force().await.unwrap_err();
    let all = Sequence(0)..=Sequence(9);
    holds.holding(&AuditFilter::default(), all).await.unwrap_err();
}

#[tokio::test]
async fn a_file_of_an_earlier_version_has_no_holds_until_it_is_written_to() {
    let place = Place::new();
    place.raw().execute_batch(include_str!("place/first_version.sql")).unwrap();
    let storage = place.storage_to_read().await;
    let holds = SeaOrmLegalHolds::new(storage.clone());
    assert_eq!(holds.in_force().await.unwrap(), []);
    let all = Sequence(0)..=Sequence(9);
    assert_eq!(holds.holding(&AuditFilter::default(), all).await.unwrap(), []);
    let hold = LegalHold { id: HoldId(Sequence(1)), scope: plan() };
    let refused = holds.place(&hold).await;
    let read_only = matches!(refused, Err(LegalHoldError::Append(AppendError::ReadOnly(_))));
    assert!(read_only, "{refused:?}");
    storage.close().await;

    let storage = place.storage().await;
    let log = log_over(&storage);
    assert_eq!(ids(&log).await, ["first"], "what is on record stays");
    log.append(&[said("placed", AuditHoldPlaced::sample())]).await.unwrap();
    let hold = LegalHold { id: HoldId(Sequence(2)), scope: plan() };
    let holds = Arc::new(SeaOrmLegalHolds::new(storage));
    holds.place(&hold).await.unwrap();
    assert_eq!(holds.in_force().await.unwrap(), [hold]);
    assert!(log.inspect().await.unwrap().is_healthy());
}

#[tokio::test]
async fn a_hold_that_is_placed_after_it_was_asked_for_refuses_the_chunk_and_is_named() {
    let (place, storage) = held(plan()).await;
    let erasure = SeaOrmAuditErasure::new(storage.clone());
    let all = |selection| Erasure { selection, details: true };
    let run = all(ErasureSelection::Correlation("special".to_owned()));
    let refused = erasure.erase(&run, Sequence(0), Sequence(9), 9).await.unwrap_err();
    let expected = HeldEntry { hold: HoldId(Sequence(6)), sequence: Sequence(3) };
    assert!(matches!(&refused, ErasureError::Held(held) if *held == expected), "{refused:?}");
    assert!(refused.to_string().contains("`indelible hold release 6`"), "{refused}");
    // Another entry of the same chunk, and then another chunk.
    let others = all(ErasureSelection::User("ada@example.org".to_owned()));
    let user =
        AuditFilter { user_identity: Some("ada@example.org".to_owned()), ..AuditFilter::default() };
    let before = log_over(&storage).page(&user, Page::first(9)).await.unwrap();
    assert_eq!(before.len(), 5);
    let erased = erasure.erase(&others, Sequence(0), Sequence(9), 9).await.unwrap();
    assert_eq!(erased.entries, 5, "what is not held goes");
    storage.close().await;
    drop(place);
}
