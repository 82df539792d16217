//! The tree in the stored file: files from before it, what it costs, and what it says where somebody has
//! changed the file from outside.

use std::error::Error;

use super::place::{Place, ids, log_over};
use domain::events::PlanCreated;
use domain::ports::{KeptCheckpoint, KeptKey, TreeError};
use domain::{
    AuditAppend, AuditInspect, AuditRetention, AuditTree, DomainEvent, EventDraft, Sequence,
};
use indelible_tests::contract::audit_log::{batch, entry, start};
use indelible_tests::scenario::{Outcome, TestApp};
use infrastructure::seaorm::{AuditStorage, SeaOrmAuditTree};
use rusqlite::Connection;
use shaku::HasComponent;

shaku::module! {
    Treeless {
        components = [SeaOrmAuditTree],
        providers = []
    }
}

fn tree_over(storage: &AuditStorage) -> SeaOrmAuditTree {
    SeaOrmAuditTree::new(storage.clone())
}

/// An error with its causes.
fn told(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&error| error.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    format!("{error}: {}", causes.join(": "))
}

/// Files as the releases of their time made them, with the newest entry of each.
fn earlier_versions() -> [(Place, i64, u64); 2] {
    let (first, second) = (Place::new(), Place::new());
    let sql = [include_str!("place/first_version.sql"), include_str!("place/second_version.sql")];
    first.raw().execute_batch(sql[0]).unwrap();
    second.raw().execute_batch(&sql.concat()).unwrap();
    [(first, 1, 1), (second, 2, 3)]
}

/// The rows as they were before there was a tree, and how many of them have something of the tree.
fn rows(raw: &Connection) -> (Vec<String>, u32) {
    let columns = "quote(sequence)||quote(event_id)||quote(event_type)||quote(schema_version)\
        ||quote(occurred_at)||quote(source)||quote(subject)||quote(plan_id)||quote(project_name)\
        ||quote(session_id)||quote(actor)||quote(user_identity)||quote(correlation_id)\
        ||quote(causation_id)||quote(trace_id)||quote(extensions)||quote(details)\
        ||quote(recorded_at)";
    let mut all =
        raw.prepare(&format!("SELECT {columns} FROM audit_log ORDER BY sequence")).unwrap();
    let all = all.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let treed = "SELECT count(*) FROM audit_log WHERE leaf_hash IS NOT NULL \
                 OR personal_salt IS NOT NULL OR details_salt IS NOT NULL OR erased IS NOT NULL";
    // An earlier version has no such columns.
    (all, raw.query_row(treed, (), |row| row.get(0)).unwrap_or(0))
}

#[tokio::test]
async fn a_file_from_before_the_tree_is_brought_in_with_nothing_rewritten() {
    for (place, version, newest) in earlier_versions() {
        let before = rows(&place.raw());
        let storage = place.storage().await;
        let (log, tree) = (log_over(&storage), tree_over(&storage));
        assert_eq!(rows(&place.raw()), before, "version {version}: every byte stays");
        let begun = tree.standing().await.unwrap();
        assert_eq!((begun.genesis, begun.size), (Sequence(newest), 0), "it says where it begins");
        assert_eq!(tree.grow().await.unwrap(), begun, "nothing from before joins");

        log.append(&batch("next", 3)).await.unwrap();
        let grown = tree.grow().await.unwrap();
        assert_eq!((grown.genesis, grown.size), (Sequence(newest), 3), "what follows joins");
        assert_eq!(grown.index_of(Sequence(newest)), None, "what was there cannot be proven");
        assert_eq!(grown.index_of(Sequence(newest + 1)), Some(0), "and the next one can");
        assert_eq!(grown.sequence_of(0), Sequence(newest + 1));
        let entries = tree.entries(Sequence(0), 99).await.unwrap();
        let (old, new) = entries.split_at(usize::try_from(newest).unwrap());
        assert!(old.iter().all(|entry| entry.leaf_hash.is_none()), "{old:?}");
        let leaves: Vec<u8> = new.iter().flat_map(|entry| entry.leaf().unwrap().hash().0).collect();
        assert_eq!(tree.tile(0, 0).await.unwrap(), Some(leaves), "from this on it is provable");
        assert_eq!(rows(&place.raw()).0[..old.len()], before.0, "every byte is as it was");

        // What cannot be proven may go as well, and the tree stays where it is.
        let removed = log.remove_oldest(Sequence(newest), 99).await.unwrap();
        assert_eq!(removed.unwrap().through, Sequence(newest));
        assert_eq!(tree.standing().await.unwrap(), grown);
        let inspection = log.inspect().await.unwrap();
        assert!(inspection.is_healthy(), "{inspection:?}");
        storage.close().await;
        let storage = place.storage().await;
        assert_eq!(tree_over(&storage).standing().await.unwrap(), grown, "also when opened again");
    }
}

#[tokio::test]
async fn a_file_from_before_the_tree_that_is_only_read_says_that_it_has_none() {
    for (place, version, newest) in earlier_versions() {
        let storage = place.storage_to_read().await;
        let (log, tree) = (log_over(&storage), tree_over(&storage));
        assert_eq!(ids(&log).await.len() as u64, newest, "its entries are read");
        for refused in [
            tree.standing().await.err(),
            tree.tile(0, 0).await.err(),
            tree.entries(Sequence(0), 1).await.err(),
            tree.checkpoints(0, 1).await.err(),
            tree.newest_checkpoint().await.err(),
            tree.keys().await.err(),
        ] {
            assert!(matches!(refused, Some(TreeError::NoTree)), "{refused:?}");
        }
        log.compare_oldest(Sequence(newest)).await.expect("there is nothing to compare with");
        let facts = log.inspect().await.unwrap().facts;
        let value = |what| facts.iter().find(|fact| fact.what == what).map(|fact| &*fact.value);
        let then = format!("{version}; it becomes 4 when it is written to");
        assert_eq!(value("schema version"), Some(&*then));
        let objects = format!("all {} objects as made", [11, 14][usize::from(version == 2)]);
        assert_eq!(value("schema"), Some(&*objects));
    }
}

#[tokio::test]
async fn a_tree_that_is_only_read_is_neither_grown_nor_added_to() {
    let place = Place::new();
    let storage = place.storage().await;
    log_over(&storage).append(&batch("e", 3)).await.unwrap();
    let grown = tree_over(&storage).grow().await.unwrap();
    let read_only = place.storage_to_read().await;
    let facts = log_over(&read_only).inspect().await.unwrap().facts;
    let version = facts.iter().find(|fact| fact.what == "schema version").unwrap();
    assert_eq!(version.value, "4", "it is the newest already");
    let reading = tree_over(&read_only);
    assert_eq!(reading.standing().await.unwrap(), grown);
    let checkpoint = KeptCheckpoint { size: 3, note: String::new(), kept_at: start() };
    let key = KeptKey { verifier_key: String::new(), kept_at: start() };
    for refused in [
        reading.grow().await.err(),
        reading.keep_checkpoint(&checkpoint).await.err(),
        reading.keep_key(&key).await.err(),
    ] {
        assert!(matches!(refused, Some(TreeError::ReadOnly(_))), "{refused:?}");
    }
    let module = Treeless::builder().build();
    let none: &dyn AuditTree = module.resolve_ref();
    for refused in [none.standing().await.err(), none.grow().await.err()] {
        assert!(matches!(refused, Some(TreeError::NotKept)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_growth_of_several_parts_takes_all() {
    let place = Place::new();
    let storage = place.storage().await;
    let (log, tree) = (log_over(&storage), tree_over(&storage));
    for part in 0..9 {
        log.append(&batch(&format!("{part}"), 512)).await.unwrap();
    }
    assert_eq!(tree.grow().await.unwrap().size, 9 * 512);
    let tile = tree.tile(1, 0).await.unwrap().unwrap();
    assert_eq!(tile.len(), 18 * 32, "each full tile has its hash in the row above");
    log.append(&[entry("one more")]).await.unwrap();
    assert_eq!(tree.grow().await.unwrap().size, 9 * 512 + 1);
    assert_eq!(tree.tile(0, 18).await.unwrap().unwrap().len(), 32);
}

#[tokio::test]
async fn a_lock_that_another_holds_is_waited_for_and_then_told() {
    let place = Place::new();
    let storage = AuditStorage::connect(place.options()).await.unwrap();
    let tree = tree_over(&storage);
    log_over(&storage).append(&batch("e", 3)).await.unwrap();
    let key = KeptKey { verifier_key: "key".to_owned(), kept_at: start() };
    let other = place.raw();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for refused in [tree.grow().await.err(), tree.keep_key(&key).await.err()] {
        assert!(matches!(refused, Some(TreeError::Storage(_))), "{refused:?}");
    }
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(tree.grow().await.unwrap().size, 3);
    tree.keep_key(&key).await.unwrap();
}

#[tokio::test]
async fn what_was_changed_from_outside_is_not_taken_into_the_tree_and_is_not_removed() {
    let drop_guards = "DROP TRIGGER audit_log_is_never_changed; DROP TRIGGER audit_tile_only_grows; \
                       DROP TRIGGER audit_tile_is_kept; \
                       DROP TRIGGER audit_tile_takes_what_is_on_record; \
                       DROP TRIGGER audit_log_is_pruned_by_retention_only;";
    for (damage, says) in [
        ("DELETE FROM audit_log WHERE sequence = 7", "entry 7 is missing"),
        ("UPDATE audit_log SET leaf_hash = NULL WHERE sequence = 8", "entry 8 has no hash"),
        ("UPDATE audit_log SET leaf_hash = x'00' WHERE sequence = 8", "entry 8 has no hash"),
        ("DELETE FROM audit_tile", "tile 0 of level 0"),
        ("UPDATE audit_tile SET hashes = substr(hashes, 33)", "tile 0 of level 0"),
        (
            "UPDATE audit_tile SET hashes = CAST(hashes || zeroblob(32) AS BLOB)",
            "tile 0 of level 0",
        ),
    ] {
        let place = Place::new();
        let storage = place.storage().await;
        let (log, tree) = (log_over(&storage), tree_over(&storage));
        log.append(&batch("e", 5)).await.unwrap();
        let grown = tree.grow().await.unwrap();
        log.append(&batch("f", 5)).await.unwrap();
        place.raw().execute_batch(&format!("{drop_guards} {damage}")).unwrap();
        let refused = tree.grow().await.unwrap_err();
        assert!(matches!(refused, TreeError::Storage(_)), "{damage}: {refused:?}");
        let reason = told(&refused);
        assert!(reason.contains(says) && reason.contains("restore"), "{damage}: {reason}");
        assert_eq!(tree.standing().await.unwrap(), grown, "{damage}: it stays where it stood");
        let before = rows(&place.raw());
        let removal = log.remove_oldest(Sequence(9), 99).await;
        assert!(removal.is_err(), "{damage}: what cannot be proven then is not removed");
        assert_eq!(rows(&place.raw()), before, "{damage}: nothing is removed");
    }
}

#[tokio::test]
async fn an_event_with_too_long_a_leaf_is_refused_alone() -> Outcome {
    let app = TestApp::start().await?;
    let long = || EventDraft::from(PlanCreated::sample()).about("x").in_plan("p".repeat(70_000));
    let short = |id: &str| EventDraft::from(PlanCreated::sample()).with_id(id);
    let ids: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let neighbours = ids.iter().map(|id| app.emit(short(id)));
    // All of them wait for the same commit, and most come into one batch.
    let (refused, recorded) = tokio::join!(app.emit(long()), futures::future::join_all(neighbours));
    let reason = told(&refused.unwrap_err());
    assert!(reason.contains("the most that can be proven: shorten"), "{reason}");
    assert!(recorded.iter().all(Result::is_ok), "{recorded:?}");
    app.expect::<PlanCreated>().on_record().times(20).await?;
    Ok(())
}

/// The pages that a log has, of which all but the newest of so many entries were removed.
async fn bytes_after_pruning(entries: usize) -> u64 {
    let place = Place::new();
    let storage = place.storage().await;
    let log = log_over(&storage);
    for part in 0..entries / 512 {
        log.append(&batch(&format!("{part}"), 512)).await.unwrap();
    }
    log.append(&[entry("the newest")]).await.unwrap();
    log.remove_oldest(Sequence(u64::MAX), u32::MAX).await.unwrap();
    storage.close().await;
    let raw = place.raw();
    raw.execute_batch("VACUUM").unwrap();
    let bytes = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let bytes: i64 = raw.query_row(bytes, (), |row| row.get(0)).unwrap();
    bytes.cast_unsigned()
}

#[tokio::test]
async fn what_is_kept_of_an_entry_that_was_pruned_is_forty_bytes_at_most() {
    const ENTRIES: usize = 40 * 512;
    let kept = bytes_after_pruning(ENTRIES).await - bytes_after_pruning(0).await;
    let hundredths = 100 * kept / ENTRIES as u64;
    println!("{}.{:02} bytes for each of {ENTRIES} entries", hundredths / 100, hundredths % 100);
    assert!(hundredths >= 3200, "a leaf's hash has 32 bytes: what was measured?");
    assert!(hundredths <= 4000, "{kept} bytes for {ENTRIES} entries");
}
