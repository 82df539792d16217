//! What somebody changed is evidence: it is neither removed nor put into an archive, and nothing of it is
//! erased.

use super::place::{Place, log_over};
use domain::audit::retention::Prefix;
use domain::audit::{Erasure, ErasureSelection};
use domain::ports::{ArchiveError, ArchivePlace, ErasureError, RetentionError};
use domain::{
    AuditAppend, AuditArchive, AuditErasure, AuditQuery, AuditRetention, AuditTree, Sequence,
};
use indelible_tests::contract::audit_log::batch;
use infrastructure::seaorm::{
    AuditStorage, SeaOrmAuditArchive, SeaOrmAuditErasure, SeaOrmAuditTree,
};

/// A log of six hundred entries that are in the tree, and the file as somebody changed it whom no trigger
/// stopped.
async fn changed(statement: &str) -> (Place, AuditStorage) {
    let place = Place::new();
    let storage = place.storage().await;
    log_over(&storage).append(&batch("e", 600)).await.unwrap();
    SeaOrmAuditTree::new(storage.clone()).grow().await.unwrap();
    let raw = place.raw();
    let stopping = ["audit_log_is_never_changed", "audit_log_is_pruned_by_retention_only"];
    let guards = stopping.map(|guard| {
        let sql = format!("SELECT sql FROM sqlite_schema WHERE name = '{guard}'");
        let sql: String = raw.query_row(&sql, (), |row| row.get(0)).unwrap();
        raw.execute_batch(&format!("DROP TRIGGER {guard}")).unwrap();
        sql
    });
    raw.execute_batch(statement).unwrap();
    raw.execute_batch(&guards.join(";")).unwrap();
    (place, storage)
}

/// All of one entry that can be erased.
fn of(place: u64) -> Erasure {
    Erasure { selection: ErasureSelection::Entry(Sequence(place)), details: true }
}

fn rows(place: &Place) -> i64 {
    let count = "SELECT count(*) FROM audit_log";
    place.raw().query_row(count, (), |row| row.get(0)).unwrap()
}

/// All that can be erased, as it lies in the file.
fn stored(place: &Place) -> Vec<String> {
    let columns = "SELECT quote(actor) || quote(subject) || quote(user_identity) \
                   || quote(CAST(details AS BLOB)) || quote(extensions) || quote(erased) \
                   FROM audit_log ORDER BY sequence";
    let raw = place.raw();
    let mut all = raw.prepare(columns).unwrap();
    all.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// What was changed, and the first entry that is no longer as it was recorded.
const CHANGES: [(&str, u64); 6] = [
    (
        "UPDATE audit_log SET recorded_at = '2000-01-01T00:00:00.000000000Z' WHERE sequence = 300",
        300,
    ),
    ("UPDATE audit_log SET details = '{}' WHERE sequence = 1", 1),
    ("UPDATE audit_log SET details = CAST(x'ff' AS TEXT) WHERE sequence = 257", 257),
    ("UPDATE audit_log SET leaf_hash = zeroblob(32) WHERE sequence = 512", 512),
    // The hash beside the entry fits what was made of it; the one in the tree does not.
    (
        "UPDATE audit_log SET (event_type, leaf_hash) = ('plan.applied', \
         (SELECT leaf_hash FROM audit_log WHERE sequence = 4)) WHERE sequence = 3",
        3,
    ),
    ("DELETE FROM audit_log WHERE sequence = 256", 256),
];

#[tokio::test]
async fn an_entry_that_was_changed_is_not_removed_and_is_named() {
    for (statement, place_of_it) in CHANGES {
        let (place, storage) = changed(statement).await;
        let before = rows(&place);
        let log = log_over(&storage);
        let compared = log.compare_oldest(Sequence(599)).await.unwrap_err();
        log.compare_oldest(Sequence(place_of_it - 1)).await.unwrap();
        let refused = log.remove_oldest(Sequence(599), u32::MAX).await.unwrap_err();
        assert_eq!(compared.to_string(), refused.to_string(), "{statement}");
        assert!(
            matches!(refused, RetentionError::Changed { sequence } if sequence.0 == place_of_it),
            "{statement}: {refused:?}"
        );
        let says = refused.to_string();
        assert!(says.contains("indelible verify") && says.contains("restore"), "{says}");
        assert_eq!(rows(&place), before, "{statement}: nothing is removed");
        storage.close().await;
    }
}

#[tokio::test]
async fn what_lies_before_an_entry_that_was_changed_goes_and_no_more() {
    let (_place, storage) = changed(CHANGES[0].0).await;
    let log = log_over(&storage);
    let removed = log.remove_oldest(Sequence(299), u32::MAX).await.unwrap();
    assert_eq!(removed, Some(Prefix { from: Sequence(1), through: Sequence(299) }));
    assert!(log.remove_oldest(Sequence(300), u32::MAX).await.is_err());
    storage.close().await;
}

#[tokio::test]
async fn no_archive_is_made_of_an_entry_that_was_changed() {
    for (statement, place_of_it) in CHANGES {
        let (place, storage) = changed(statement).await;
        let folder = place.folder.path().join("archives");
        let target = ArchivePlace::Folder(folder.clone());
        let archive = SeaOrmAuditArchive::new(storage.clone());
        let refused = archive.archive(Sequence(599), &target).await.unwrap_err();
        assert!(
            matches!(refused, ArchiveError::Changed { sequence } if sequence.0 == place_of_it),
            "{statement}: {refused:?}"
        );
        assert!(refused.to_string().contains("indelible verify"), "{refused}");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "nothing is left of it");
        storage.close().await;
    }
}

#[tokio::test]
async fn nothing_of_an_entry_that_was_changed_is_erased_and_it_is_named() {
    // What is gone, as by the last of the changes, cannot be erased either.
    for (statement, place_of_it) in &CHANGES[..5] {
        let (place, storage) = changed(statement).await;
        let before = stored(&place);
        let erasure = SeaOrmAuditErasure::new(storage.clone());
        let (changed, sound) = (of(*place_of_it), of(400));
        let all = Sequence(u64::MAX);
        let found = erasure.changed(&changed, all).await.unwrap();
        assert_eq!(found, Some(Sequence(*place_of_it)), "{statement}");
        let refused = erasure.erase(&changed, Sequence(0), all, 9).await.unwrap_err();
        assert!(
            matches!(refused, ErasureError::Changed { sequence } if sequence.0 == *place_of_it),
            "{statement}: {refused:?}"
        );
        assert!(refused.to_string().contains("indelible verify"), "{refused}");
        assert_eq!(stored(&place), before, "{statement}: all of it is still there");
        assert_eq!(erasure.changed(&sound, all).await.unwrap(), None);
        assert_eq!(erasure.erase(&sound, Sequence(0), all, 9).await.unwrap().entries, 1);
        storage.close().await;
    }
}

#[tokio::test]
async fn one_that_was_changed_is_found_behind_hundreds_that_were_not() {
    let (_place, storage) = changed(CHANGES[0].0).await;
    let first = log_over(&storage).by_sequence(Sequence(1)).await.unwrap().unwrap();
    let run = first.envelope.correlation_id.unwrap();
    let erasure = Erasure { selection: ErasureSelection::Correlation(run), details: true };
    let adapter = SeaOrmAuditErasure::new(storage.clone());
    assert_eq!(adapter.count(&erasure).await.unwrap().entries, 600);
    let found = adapter.changed(&erasure, Sequence(u64::MAX)).await.unwrap();
    assert_eq!(found, Some(Sequence(300)));
}

#[tokio::test]
async fn what_cannot_be_compared_is_not_taken_for_unchanged() {
    let (_place, storage) = changed("").await;
    let log = log_over(&storage);
    log.compare_oldest(Sequence(600)).await.unwrap();
    storage.close().await;
    log.compare_oldest(Sequence(600)).await.unwrap_err();
}

#[tokio::test]
async fn an_entry_that_is_not_in_the_tree_yet_is_compared_with_the_hash_beside_it() {
    let place = Place::new();
    let storage = place.storage().await;
    let log = log_over(&storage);
    log.append(&batch("e", 3)).await.unwrap();
    let erasure = SeaOrmAuditErasure::new(storage.clone());
    let all = Sequence(u64::MAX);
    let second = Erasure { selection: ErasureSelection::Entry(Sequence(2)), details: true };
    assert_eq!(erasure.changed(&second, all).await.unwrap(), None);
    log.compare_oldest(Sequence(3)).await.unwrap();
    place
        .raw()
        .execute_batch(
            "DROP TRIGGER audit_log_is_never_changed; \
             UPDATE audit_log SET plan_id = 'another' WHERE sequence = 2",
        )
        .unwrap();
    assert_eq!(erasure.changed(&second, all).await.unwrap(), Some(Sequence(2)));
    let refused = log.compare_oldest(Sequence(3)).await.unwrap_err();
    assert!(matches!(refused, RetentionError::Changed { sequence: Sequence(2) }), "{refused:?}");
    storage.close().await;
}

#[tokio::test]
async fn an_entry_from_before_the_tree_goes_as_it_is() {
    let place = Place::new();
    place.raw().execute_batch(include_str!("place/first_version.sql")).unwrap();
    let storage = place.storage().await;
    let log = log_over(&storage);
    log.append(&batch("e", 3)).await.unwrap();
    let removed = log.remove_oldest(Sequence(3), u32::MAX).await.unwrap();
    assert_eq!(removed, Some(Prefix { from: Sequence(1), through: Sequence(3) }));
    storage.close().await;
}

#[tokio::test]
async fn entries_behind_hundreds_from_before_the_tree_are_compared_with_their_own_hashes() {
    let place = Place::new();
    let storage = place.storage().await;
    let log = log_over(&storage);
    log.append(&batch("before", 300)).await.unwrap();
    let raw = place.unguarded();
    raw.execute_batch(
        "UPDATE audit_tree SET genesis = 300; \
         UPDATE audit_log SET leaf_hash = NULL, personal_salt = NULL, details_salt = NULL;",
    )
    .unwrap();
    log.append(&batch("e", 300)).await.unwrap();
    SeaOrmAuditTree::new(storage.clone()).grow().await.unwrap();
    log.compare_oldest(Sequence(600)).await.unwrap();
    raw.execute_batch("UPDATE audit_log SET details = '{}' WHERE sequence = 450").unwrap();
    let refused = log.compare_oldest(Sequence(600)).await.unwrap_err();
    assert!(matches!(refused, RetentionError::Changed { sequence: Sequence(450) }), "{refused:?}");
    storage.close().await;
}

#[tokio::test]
async fn the_newest_entry_in_the_tree_is_compared_with_its_hash_there() {
    let (place, storage) = changed("").await;
    let last = "UPDATE audit_tile SET hashes = CAST(substr(hashes, 1, length(hashes) - 32) \
                || zeroblob(32) AS BLOB) WHERE level = 0 AND place = 2";
    place.unguarded().execute_batch(last).unwrap();
    let erasure = SeaOrmAuditErasure::new(storage.clone());
    let all = Sequence(u64::MAX);
    assert_eq!(erasure.changed(&of(599), all).await.unwrap(), None);
    assert_eq!(erasure.changed(&of(600), all).await.unwrap(), Some(Sequence(600)));
    storage.close().await;
}
