//! The database itself keeps the record append-only, whoever opens it.

use super::place::{Place, ids};
use domain::{AuditAppend, AuditTree};
use indelible_tests::contract::audit_log::batch;
use infrastructure::seaorm::SeaOrmAuditTree;
use rusqlite::Connection;

const COLUMNS: &str = "event_id, event_type, schema_version, occurred_at, source, subject, plan_id, \
                       project_name, session_id, actor, user_identity, correlation_id, \
                       causation_id, trace_id, extensions, details, recorded_at, leaf_hash";

/// A log of five entries that are in the tree, closed, and the file as another program sees it.
async fn recorded() -> (Place, Connection) {
    let place = Place::new();
    let storage = place.storage().await;
    super::place::log_over(&storage).append(&batch("e", 5)).await.unwrap();
    SeaOrmAuditTree::new(storage.clone()).grow().await.unwrap();
    storage.close().await;
    let raw = place.raw();
    (place, raw)
}

/// A copy of the first entry under another sequence and id, as a statement.
fn copy(verb: &str, sequence: &str, event_id: &str) -> String {
    let rest = COLUMNS.strip_prefix("event_id, ").unwrap();
    format!(
        "{verb} INTO audit_log (sequence, {COLUMNS}) \
         SELECT {sequence}, {event_id}, {rest} FROM audit_log WHERE sequence = 1"
    )
}

async fn refuses(statements: &[String], fix: &str) {
    for statement in statements {
        let (place, raw) = recorded().await;
        let refused = raw.execute(statement, []).unwrap_err().to_string();
        assert!(refused.contains(fix), "{statement} names the fix: {refused}");
        drop(raw);
        let untouched = ["e-0", "e-1", "e-2", "e-3", "e-4"];
        assert_eq!(ids(&place.log().await).await, untouched, "{statement} changes nothing");
    }
}

#[tokio::test]
async fn an_entry_is_never_changed() {
    refuses(
        &[
            "UPDATE audit_log SET details = '{}' WHERE sequence = 2".to_owned(),
            "UPDATE OR REPLACE audit_log SET sequence = 1 WHERE sequence = 2".to_owned(),
            "UPDATE OR IGNORE audit_log SET recorded_at = ''".to_owned(),
        ],
        "record a correcting event",
    )
    .await;
}

#[tokio::test]
async fn an_entry_is_not_deleted_outside_retention() {
    refuses(
        &[
            "DELETE FROM audit_log".to_owned(),
            "DELETE FROM audit_log WHERE sequence = 1".to_owned(),
            "DELETE FROM audit_log WHERE sequence = 5".to_owned(),
        ],
        "indelible prune",
    )
    .await;
}

#[tokio::test]
async fn an_entry_is_not_replaced() {
    refuses(&[copy("INSERT OR REPLACE", "6", "event_id")], "an id of its own").await;
    refuses(&[copy("REPLACE", "1", "'new'")], "has no gaps").await;
}

#[tokio::test]
async fn a_gap_cannot_be_inserted() {
    let statements =
        ["7", "0", "-1", "3", "9223372036854775807", "NULL"].map(|at| copy("INSERT", at, "'new'"));
    refuses(&statements, "append at the sequence after its newest").await;
}

#[tokio::test]
async fn the_next_entry_may_be_inserted_by_anybody() {
    let (place, raw) = recorded().await;
    raw.execute(&copy("INSERT", "6", "'new'"), []).unwrap();
    assert_eq!(ids(&place.log().await).await.last().map(String::as_str), Some("new"));
}

#[tokio::test]
async fn a_permit_covers_the_oldest_entries_only_and_never_the_newest() {
    let permit = "INSERT INTO audit_retention_permit (id, through_sequence) VALUES (1, 3)";
    for (statement, removed) in [
        ("DELETE FROM audit_log WHERE sequence = 1", Some(1)),
        ("DELETE FROM audit_log WHERE sequence <= 3", Some(3)),
        ("DELETE FROM audit_log WHERE sequence = 2", None),
        ("DELETE FROM audit_log WHERE sequence <= 4", None),
    ] {
        let (_place, raw) = recorded().await;
        raw.execute(permit, []).unwrap();
        assert_eq!(raw.execute(statement, []).ok(), removed, "{statement}");
    }
    let (_place, raw) = recorded().await;
    raw.execute(&permit.replace('3', "99"), []).unwrap();
    assert_eq!(raw.execute("DELETE FROM audit_log", []).ok(), None, "the newest entry stays");
    assert_eq!(raw.execute("DELETE FROM audit_log WHERE sequence < 5", []).ok(), Some(4));
    assert_eq!(raw.execute("DELETE FROM audit_log", []).ok(), None, "also when it is the last");
    assert!(raw.execute(&permit.replace("(1,", "(2,"), []).is_err(), "one permit at a time");
}
