//! Every byte of a small record's file, changed one at a time.
//!
//! A change that alters an entry or a hash of one is found by verifying; one elsewhere makes the file
//! unreadable, is reported by the database's own check, or changes nothing that anybody could read.

use std::sync::Arc;

use application::proof::{Verdict, VerifyAuditLog};
use infrastructure::seaorm::{Access, AuditStorage, SeaOrmAuditTree, StorageOptions};

use super::signed::Record;

/// What became of a file with one byte changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Found,
    Unreadable,
    Damaged,
    Harmless,
}

/// Everything that a reader of the record can see of it.
fn content(file: &std::path::Path) -> Option<Vec<String>> {
    let raw = rusqlite::Connection::open(file).ok()?;
    let mut content = Vec::new();
    // When a checkpoint or a key was kept is no part of what is proven.
    for (columns, table) in [
        ("*", "audit_log"),
        ("*", "audit_tile"),
        ("*", "audit_tree"),
        ("size, note", "audit_checkpoint"),
        ("verifier_key", "audit_signing_key"),
    ] {
        // By the table itself, so that an index cannot stand in for it.
        let mut all = raw.prepare(&format!("SELECT {columns} FROM {table} NOT INDEXED")).ok()?;
        let columns = all.column_count();
        let mut rows = all.query([]).ok()?;
        loop {
            match rows.next() {
                Ok(Some(row)) => {
                    let values =
                        (0..columns).map(|column| row.get_ref(column).map(|v| format!("{v:?}")));
                    content.push(values.collect::<Result<Vec<_>, _>>().ok()?.join("|"));
                }
                Ok(None) => break,
                Err(_) => return None,
            }
        }
    }
    Some(content)
}

fn is_sound(file: &std::path::Path) -> bool {
    let Ok(raw) = rusqlite::Connection::open(file) else { return false };
    let said = raw.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
    said.is_ok_and(|said| said == "ok")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_an_entry_or_its_hashes_is_changed_unnoticed() {
    let record = Record::of(3, &[3]).await;
    let original = std::fs::read(record.file()).unwrap();
    let before = content(&record.file()).unwrap();
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    // A page that is free or full of zeroes holds nothing; every byte that holds something is tried.
    let step = if std::env::var_os("INDELIBLE_TEST_EVERY_BYTE").is_some() { 1 } else { 13 };
    let places = original.iter().enumerate().filter(|(_, byte)| **byte != 0).step_by(step);
    for (place, byte) in places {
        let mut changed = original.clone();
        changed[place] = byte ^ 0x01;
        let file = record.beside("changed.db");
        for leftover in ["changed.db", "changed.db-wal", "changed.db-shm"] {
            let _ = std::fs::remove_file(record.beside(leftover));
        }
        std::fs::write(&file, &changed).unwrap();
        let outcome = outcome(&file).await;
        let outcome = match outcome {
            Outcome::Found | Outcome::Unreadable => outcome,
            _ if content(&file).as_ref() != Some(&before) => {
                let (is, was) = (content(&file).unwrap_or_default(), &before);
                let other: Vec<_> = is.iter().filter(|row| !was.contains(row)).collect();
                assert!(!is_sound(&file), "byte {place} alters {other:?}, and nobody notices");
                Outcome::Damaged
            }
            _ => Outcome::Harmless,
        };
        *counts.entry(format!("{outcome:?}")).or_default() += 1;
    }
    // Entries and hashes are most of what such a file holds.
    assert!(counts["Found"] > 100, "{counts:?}");
    eprintln!("bytes changed, by what became of it: {counts:?}");
}

async fn outcome(file: &std::path::Path) -> Outcome {
    let mut options = StorageOptions::new(file);
    options.access = Access::ReadOnly;
    let Ok(storage) = AuditStorage::connect(options).await else { return Outcome::Unreadable };
    let tree = Arc::new(SeaOrmAuditTree::new(storage.clone()));
    let verified = VerifyAuditLog::new(tree).run(|_| {}).await.ok();
    storage.close().await;
    match verified.map(|verified| verified.verdict) {
        None | Some(Verdict::Unknown) => Outcome::Unreadable,
        Some(Verdict::Tampered) => Outcome::Found,
        Some(Verdict::Intact) => Outcome::Harmless,
    }
}
