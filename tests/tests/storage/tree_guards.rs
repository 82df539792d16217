//! The database itself keeps the tree as it is, whoever opens it: it grows, and nothing else; and an entry
//! is changed by erasing alone.

use super::place::{Place, log_over};
use chrono::{DateTime, Utc};
use domain::ports::{KeptCheckpoint, KeptKey};
use domain::{AuditAppend, AuditRetention, AuditTree};
use indelible_tests::contract::audit_log::{batch, start};
use infrastructure::seaorm::SeaOrmAuditTree;
use rusqlite::Connection;

/// A log of 300 entries of which 260 are in the tree, with a checkpoint and two keys; closed.
async fn recorded() -> (Place, Connection) {
    let place = Place::new();
    let storage = place.storage().await;
    let tree = SeaOrmAuditTree::new(storage.clone());
    log_over(&storage).append(&batch("e", 260)).await.unwrap();
    tree.grow().await.unwrap();
    log_over(&storage).append(&batch("f", 40)).await.unwrap();
    let kept_at: DateTime<Utc> = start();
    for size in [3, 260] {
        let note = format!("note of {size}");
        tree.keep_checkpoint(&KeptCheckpoint { size, note, kept_at }).await.unwrap();
    }
    for verifier_key in ["one", "two"] {
        let verifier_key = verifier_key.to_owned();
        tree.keep_key(&KeptKey { verifier_key, kept_at }).await.unwrap();
    }
    storage.close().await;
    let raw = place.raw();
    (place, raw)
}

/// Everything in a table, as SQLite writes it.
fn dump(raw: &Connection, table: &str) -> Vec<String> {
    let columns = format!(
        "SELECT group_concat('quote(' || name || ')', '||') FROM pragma_table_info('{table}')"
    );
    let columns: String = raw.query_row(&columns, (), |row| row.get(0)).unwrap();
    let mut rows = raw.prepare(&format!("SELECT {columns} FROM {table} ORDER BY 1")).unwrap();
    rows.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

const TABLES: [&str; 5] =
    ["audit_log", "audit_tree", "audit_tile", "audit_checkpoint", "audit_signing_key"];

fn everything(raw: &Connection) -> Vec<Vec<String>> {
    TABLES.iter().map(|table| dump(raw, table)).collect()
}

/// Runs statements that must all be refused, with this word in what is said, and must change nothing.
fn refuses(raw: &Connection, statements: &[&str], says: &str) {
    let before = everything(raw);
    for statement in statements {
        let outcome = raw.execute_batch(statement);
        let refused = outcome.err().map(|error| error.to_string());
        let told = refused.as_ref().is_some_and(|refused| refused.contains(says));
        assert!(told, "{statement}: refused with `{says}`, not {refused:?}");
        assert!(everything(raw) == before, "{statement} changes nothing");
    }
}

#[tokio::test]
async fn where_the_tree_stands_is_never_set_back_and_nothing_else_of_it_is_changed() {
    let (_place, raw) = recorded().await;
    refuses(
        &raw,
        &[
            "UPDATE audit_tree SET size = 259",
            "UPDATE audit_tree SET size = 0",
            "UPDATE OR REPLACE audit_tree SET log_id = 'another'",
            "UPDATE audit_tree SET genesis = 1, size = 261",
            "UPDATE audit_tree SET genesis = genesis + 1",
        ],
        "only grows",
    );
    refuses(&raw, &["DELETE FROM audit_tree", "DELETE FROM audit_tree WHERE id = 1"], "is kept");
    refuses(
        &raw,
        &[
            "INSERT INTO audit_tree VALUES (1, 'another', 0, 260)",
            "REPLACE INTO audit_tree VALUES (1, 'another', 0, 260)",
            "INSERT OR IGNORE INTO audit_tree VALUES (2, 'another', 0, 260)",
        ],
        "there already",
    );
    refuses(&raw, &["UPDATE audit_tree SET size = NULL"], "NOT NULL");
    refuses(&raw, &["UPDATE audit_tree SET size = 261"], "only grows with its tiles");
    raw.execute(&append("(SELECT leaf_hash FROM audit_log WHERE sequence = 261)"), ()).unwrap();
    raw.execute("UPDATE audit_tree SET size = 261", ()).unwrap();
}

#[tokio::test]
async fn a_hash_in_a_tile_is_never_changed() {
    let (_place, raw) = recorded().await;
    refuses(
        &raw,
        &[
            "UPDATE audit_tile SET hashes = zeroblob(8192) WHERE level = 0 AND place = 0",
            "UPDATE audit_tile SET hashes = zeroblob(length(hashes))",
            "UPDATE audit_tile SET hashes = substr(hashes, 1, 96) WHERE place = 1",
            "UPDATE audit_tile SET hashes = substr(hashes, 33) WHERE place = 1",
            "UPDATE audit_tile SET place = 7 WHERE place = 1",
            "UPDATE audit_tile SET level = 2 WHERE level = 1",
            "UPDATE OR REPLACE audit_tile SET place = 0 WHERE place = 1",
        ],
        "only grows",
    );
    refuses(
        &raw,
        &[
            "UPDATE audit_tile SET hashes = CAST(hashes || x'00' AS BLOB) WHERE place = 1",
            "UPDATE audit_tile SET hashes = CAST(hashes || (SELECT leaf_hash FROM audit_log \
             WHERE sequence = 257) AS BLOB) WHERE place = 0 AND level = 0",
        ],
        "CHECK",
    );
    refuses(&raw, &["DELETE FROM audit_tile", "DELETE FROM audit_tile WHERE level = 1"], "is kept");
    refuses(
        &raw,
        &[
            "INSERT INTO audit_tile VALUES (0, 1, zeroblob(160))",
            "REPLACE INTO audit_tile VALUES (0, 0, zeroblob(8192))",
            "INSERT OR REPLACE INTO audit_tile VALUES (1, 0, zeroblob(32))",
        ],
        "there already",
    );
    refuses(&raw, &[&append("zeroblob(32)")], "holds what is on record");
    raw.execute(&append("(SELECT leaf_hash FROM audit_log WHERE sequence = 261)"), ()).unwrap();
}

/// Appends a hash to the lowest tile that is not full.
fn append(hash: &str) -> String {
    format!(
        "UPDATE audit_tile SET hashes = CAST(hashes || {hash} AS BLOB) WHERE level = 0 AND place = 1"
    )
}

/// A tile of the hashes of entries, from one on.
fn tile_of(level: u8, place: u64, from: u64, entries: u64) -> String {
    let hash =
        |sequence: u64| format!("(SELECT leaf_hash FROM audit_log WHERE sequence = {sequence})");
    let hashes: Vec<String> = (from..from + entries).map(hash).collect();
    let hashes = hashes.join(" || ");
    format!("INSERT INTO audit_tile VALUES ({level}, {place}, CAST({hashes} AS BLOB))")
}

#[tokio::test]
async fn a_tile_is_begun_in_its_turn_with_what_is_on_record() {
    let (place, raw) = recorded().await;
    refuses(
        &raw,
        &[
            // Not its turn: the one before is not full, or is not there.
            &tile_of(0, 2, 1, 1),
            &tile_of(0, 7, 1, 1),
            &tile_of(1, 1, 1, 1),
            &tile_of(2, 0, 1, 1),
            // No tile below it is full but one.
            "UPDATE audit_tile SET hashes = CAST(hashes || zeroblob(32) AS BLOB) WHERE level = 1",
            // More than is on record, and another order.
            &append("zeroblob(41 * 32)"),
            &append("(SELECT leaf_hash FROM audit_log WHERE sequence = 262)"),
        ],
        "holds what is on record",
    );
    // What is right, and only too early, does not stand in the way of growing.
    raw.execute(&append("(SELECT leaf_hash FROM audit_log WHERE sequence = 261)"), ()).unwrap();
    let storage = place.storage().await;
    let grown = SeaOrmAuditTree::new(storage.clone()).grow().await.unwrap();
    assert_eq!(grown.size, 300);
    storage.close().await;
}

#[tokio::test]
async fn a_tree_grows_over_tiles_that_were_begun_too_early() {
    let place = Place::new();
    let storage = place.storage().await;
    let tree = SeaOrmAuditTree::new(storage.clone());
    log_over(&storage).append(&batch("e", 256)).await.unwrap();
    tree.grow().await.unwrap();
    log_over(&storage).append(&batch("f", 8)).await.unwrap();
    let raw = place.raw();
    raw.execute(&tile_of(0, 1, 257, 6), ()).unwrap();
    assert_eq!(tree.grow().await.unwrap().size, 264);
    let hashes = tree.tile(0, 1).await.unwrap().unwrap();
    let leaves = tree.entries(domain::Sequence(257), 9).await.unwrap();
    let leaves: Vec<u8> = leaves.into_iter().flat_map(|entry| entry.leaf_hash.unwrap()).collect();
    assert_eq!(hashes, leaves);
    // Also where more stands there than the tree is about to take, as when retention removes something.
    log_over(&storage).append(&batch("g", 6)).await.unwrap();
    for entry in 265..=269 {
        let hash = format!("(SELECT leaf_hash FROM audit_log WHERE sequence = {entry})");
        raw.execute(&append(&hash), ()).unwrap();
    }
    let removed = log_over(&storage).remove_oldest(domain::Sequence(266), 300).await.unwrap();
    assert_eq!(removed.map(|prefix| prefix.through.0), Some(266));
    assert_eq!(tree.standing().await.unwrap().size, 266);
    assert_eq!(tree.grow().await.unwrap().size, 270);
    storage.close().await;
}

#[tokio::test]
async fn an_entry_whose_hash_is_not_in_the_tree_is_not_removed_whatever_the_tree_is_said_to_hold() {
    let (_place, raw) = recorded().await;
    raw.execute_batch(
        "INSERT INTO audit_retention_permit (id, through_sequence) VALUES (1, 299); \
         DROP TRIGGER audit_tree_is_no_larger_than_its_tiles; \
         DROP TRIGGER audit_tile_only_grows; DROP TRIGGER audit_tile_takes_what_is_on_record;",
    )
    .unwrap();
    raw.execute("UPDATE audit_tree SET size = 300", ()).unwrap();
    assert_eq!(raw.execute("DELETE FROM audit_log WHERE sequence <= 258", ()).unwrap(), 258);
    refuses(&raw, &["DELETE FROM audit_log WHERE sequence <= 261"], "indelible prune");
    let forged = "UPDATE audit_tile SET hashes = zeroblob(32 * 44) WHERE level = 0 AND place = 1";
    raw.execute(forged, ()).unwrap();
    refuses(&raw, &["DELETE FROM audit_log WHERE sequence = 259"], "indelible prune");
    raw.execute("UPDATE audit_tree SET size = 600", ()).unwrap();
    refuses(&raw, &["DELETE FROM audit_log WHERE sequence = 259"], "indelible prune");
}

#[tokio::test]
async fn the_digests_of_what_was_erased_are_never_changed() {
    let (_place, raw) = recorded().await;
    let put = |erased: &str| {
        format!("UPDATE audit_log SET erased = '{erased}', actor = NULL WHERE sequence = 7")
    };
    raw.execute("INSERT INTO audit_erasure_permit (id) VALUES (1)", ()).unwrap();
    raw.execute(&put(r#"{"actor":"one","subject":null}"#), ()).unwrap();
    refuses(
        &raw,
        &[
            &put("{}"),
            &put(r#"{"actor":"one"}"#),
            &put(r#"{"subject":null}"#),
            &put(r#"{"actor":"another","subject":null}"#),
            &put(r#"{"actor":"one","subject":"two"}"#),
            &put(r#"{"actor":null,"subject":null}"#),
        ],
        "stay as they are",
    );
    raw.execute(&put(r#"{"actor":"one","details":"three","subject":null}"#), ()).unwrap();
}

#[tokio::test]
async fn a_checkpoint_is_never_changed() {
    let (_place, raw) = recorded().await;
    refuses(
        &raw,
        &[
            "UPDATE audit_checkpoint SET note = 'another'",
            "UPDATE audit_checkpoint SET kept_at = '2000' WHERE size = 3",
            "UPDATE OR REPLACE audit_checkpoint SET size = 3 WHERE size = 260",
            "UPDATE OR IGNORE audit_checkpoint SET size = 4 WHERE size = 3",
        ],
        "is never changed",
    );
    refuses(
        &raw,
        &["DELETE FROM audit_checkpoint", "DELETE FROM audit_checkpoint WHERE size = 3"],
        "is kept",
    );
    refuses(
        &raw,
        &[
            "INSERT INTO audit_checkpoint VALUES (3, 'another', '')",
            "REPLACE INTO audit_checkpoint VALUES (260, 'another', '')",
        ],
        "already",
    );
}

#[tokio::test]
async fn a_signing_key_is_never_changed() {
    let (_place, raw) = recorded().await;
    refuses(
        &raw,
        &[
            "UPDATE audit_signing_key SET verifier_key = 'another' WHERE verifier_key = 'one'",
            "UPDATE audit_signing_key SET kept_at = '2000'",
            "UPDATE OR REPLACE audit_signing_key SET id = 2 WHERE id = 1",
        ],
        "is never changed",
    );
    refuses(
        &raw,
        &["DELETE FROM audit_signing_key", "DELETE FROM audit_signing_key WHERE id = 2"],
        "is kept",
    );
    refuses(
        &raw,
        &[
            "INSERT INTO audit_signing_key (verifier_key, kept_at) VALUES ('two', '')",
            "REPLACE INTO audit_signing_key (verifier_key, kept_at) VALUES ('one', '')",
            "REPLACE INTO audit_signing_key VALUES (1, 'another', '')",
        ],
        "already",
    );
}

#[tokio::test]
async fn an_entry_that_is_not_in_the_tree_is_not_removed() {
    let (_place, raw) = recorded().await;
    let permit = "INSERT INTO audit_retention_permit (id, through_sequence) VALUES (1, 299)";
    raw.execute(permit, ()).unwrap();
    refuses(
        &raw,
        &[
            "DELETE FROM audit_log WHERE sequence <= 261",
            "DELETE FROM audit_log WHERE sequence < 300",
        ],
        "indelible prune",
    );
    assert_eq!(raw.execute("DELETE FROM audit_log WHERE sequence <= 260", ()).unwrap(), 260);
    refuses(&raw, &["DELETE FROM audit_log WHERE sequence = 261"], "indelible prune");
}

#[tokio::test]
async fn an_entry_has_the_hash_of_its_leaf_and_is_not_recorded_as_erased() {
    let (_place, raw) = recorded().await;
    let with = |hash: &str, erased: &str| {
        format!(
            "INSERT INTO audit_log (sequence, event_id, event_type, schema_version, occurred_at, \
             source, details, recorded_at, leaf_hash, erased) \
             SELECT 301, 'new', event_type, schema_version, occurred_at, source, details, \
             recorded_at, {hash}, {erased} FROM audit_log WHERE sequence = 1"
        )
    };
    for (hash, erased) in [
        ("NULL", "NULL"),
        ("x''", "NULL"),
        ("zeroblob(31)", "NULL"),
        ("zeroblob(33)", "NULL"),
        ("leaf_hash", "'{}'"),
    ] {
        refuses(&raw, &[&with(hash, erased)], "append through an AuditLog");
    }
    raw.execute(&with("leaf_hash", "NULL"), ()).unwrap();
}

/// Fields whose values may be erased, what is put in their place, and what must not be.
const ERASED: [(&str, &str); 7] = [
    ("subject", "NULL"),
    ("actor", "NULL"),
    ("user_identity", "NULL"),
    ("extensions", "NULL"),
    ("personal_salt", "NULL"),
    ("details_salt", "NULL"),
    ("details", "'{}'"),
];

#[tokio::test]
async fn no_column_of_an_entry_is_changed_but_by_erasing() {
    let (_place, raw) = recorded().await;
    let columns = "SELECT name, type FROM pragma_table_info('audit_log')";
    let columns: Vec<(String, String)> = raw
        .prepare(columns)
        .unwrap()
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(columns.len(), 22, "{columns:?}");
    let changed: Vec<String> = columns
        .iter()
        .filter(|(name, _)| name != "erased")
        .map(|(name, kind)| {
            let value = match &**kind {
                "INTEGER" => "9999",
                "BLOB" => "zeroblob(length(leaf_hash))",
                _ => "'{\"another\":1}'",
            };
            format!("UPDATE audit_log SET {name} = {value} WHERE sequence = 7")
        })
        .collect();
    let changed: Vec<&str> = changed.iter().map(String::as_str).collect();
    let erases: Vec<String> = ERASED
        .iter()
        .map(|(name, value)| format!("UPDATE audit_log SET {name} = {value} WHERE sequence = 7"))
        .chain(["UPDATE audit_log SET erased = '{}' WHERE sequence = 7".to_owned()])
        .collect();
    let erases: Vec<&str> = erases.iter().map(String::as_str).collect();
    refuses(&raw, &changed, "record a correcting event");
    refuses(&raw, &erases, "record a correcting event");

    // While values are erased, nothing but erasing is let through.
    raw.execute("INSERT INTO audit_erasure_permit (id) VALUES (1)", ()).unwrap();
    refuses(&raw, &changed, "record a correcting event");
    for erase in erases {
        assert_eq!(raw.execute(erase, ()).unwrap(), 1, "{erase}");
        // What was erased does not come back, and cannot be put there.
        refuses(&raw, &changed, "record a correcting event");
    }
    let forgets = "UPDATE audit_log SET erased = NULL WHERE sequence = 7";
    refuses(&raw, &[forgets], "record a correcting event");
}
