//! What the log says about itself, and what it answers once it is closed or was never opened.

use std::sync::Arc;

use super::place::{Place, ids, log_over};
use domain::audit::retention::Prefix;
use domain::audit::{AuditFilter, Page, TallyBy};
use domain::{
    AppendError, AuditAppend, AuditInspect, AuditLog, AuditQuery, AuditRetention, AuditTree, Clock,
    QueryError, RetentionError, Sequence,
};
use indelible_tests::contract::audit_log::{batch, entry};
use infrastructure::clock::SystemClock;
use infrastructure::memory::InMemoryAuditLog;
use infrastructure::seaorm::{SeaOrmAuditLog, SeaOrmAuditLogParameters, SeaOrmAuditTree};
use shaku::HasComponent;

shaku::module! {
    Stored {
        components = [SystemClock, SeaOrmAuditLog],
        providers = []
    }
}

shaku::module! {
    Kept {
        components = [SystemClock, InMemoryAuditLog],
        providers = []
    }
}

/// Every call of every port is refused by a log that cannot be used, as questions are by one that has
/// been closed or otherwise.
async fn assert_unusable(log: &dyn AuditLog, has_been_closed: bool) {
    let filter = AuditFilter::default();
    let appended = log.append(&[entry("new")]).await;
    assert!(matches!(appended, Err(AppendError::Closed)), "{appended:?}");
    let removed = log.remove_oldest(Sequence(1), 1).await;
    assert!(matches!(removed, Err(RetentionError::Append(AppendError::Closed))), "{removed:?}");
    for refused in [
        log.page(&filter, Page::first(1)).await.err(),
        log.by_sequence(Sequence(1)).await.err(),
        log.by_event_id("new").await.err(),
        log.span().await.err(),
        log.tally(&filter, TallyBy::Type).await.err(),
        log.last_recorded_before(chrono::Utc::now()).await.err(),
        log.newer_than(Sequence(9)).await.err(),
        log.inspect().await.err(),
    ] {
        let as_expected = match &refused {
            Some(QueryError::Closed) => has_been_closed,
            Some(QueryError::Storage(_)) => !has_been_closed,
            _ => false,
        };
        assert!(as_expected, "{refused:?}");
    }
}

#[tokio::test]
async fn a_component_without_storage_refuses_every_call() {
    let module = Stored::builder().build();
    let log: Arc<dyn AuditLog> = module.resolve();
    assert_unusable(&*log, false).await;
}

#[tokio::test]
async fn a_closed_log_refuses_every_call() {
    let place = Place::new();
    let storage = place.storage().await;
    let log = log_over(&storage);
    log.append(&[entry("first")]).await.unwrap();
    storage.close().await;
    storage.close().await;
    assert_unusable(&log, true).await;
    let left: Vec<_> = std::fs::read_dir(place.folder.path()).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "closing folds the write-ahead log back: {left:?}");
}

#[tokio::test]
async fn components_use_the_containers_clock() {
    let place = Place::new();
    let stored = Stored::builder()
        .with_component_parameters::<SeaOrmAuditLog>(SeaOrmAuditLogParameters {
            storage: Some(place.storage().await),
        })
        .build();
    let stored: Arc<dyn AuditLog> = stored.resolve();
    let kept: Arc<dyn AuditLog> = Kept::builder().build().resolve();
    for log in [stored, kept] {
        let before = SystemClock.now();
        let receipts = log.append(&[entry("first")]).await.unwrap();
        assert!((before..=SystemClock.now()).contains(&receipts[0].recorded_at));
    }
}

#[tokio::test]
async fn a_log_opened_for_reading_is_read_while_another_writes() {
    let place = Place::new();
    let writing = place.log().await;
    writing.append(&batch("e", 3)).await.unwrap();
    let storage = place.storage_to_read().await;
    let reading = log_over(&storage);
    assert_eq!(ids(&reading).await.len(), 3);
    writing.append(&[entry("later")]).await.unwrap();
    assert_eq!(ids(&reading).await.len(), 4);
    let refused = reading.append(&[entry("new")]).await;
    assert!(matches!(refused, Err(AppendError::ReadOnly(_))), "{refused:?}");
    let inspection = reading.inspect().await.unwrap();
    assert!(inspection.is_healthy(), "{inspection:?}");
    storage.close().await;
}

#[tokio::test]
async fn an_inspection_names_what_is_wrong() {
    let drop_guards = "DROP TRIGGER audit_log_is_never_changed; \
                       DROP TRIGGER audit_log_is_pruned_by_retention_only;";
    for (damage, what, value) in [
        ("DELETE FROM audit_log WHERE sequence IN (3, 4, 6)", "gaps", "3 missing, the first is 3"),
        (
            "UPDATE audit_log SET recorded_at = '2000-01-01T00:00:00.000000000Z' WHERE sequence = 5",
            "recorded_at",
            "goes back at 5",
        ),
        (
            "INSERT INTO audit_retention_permit (id, through_sequence) VALUES (1, 3)",
            "retention",
            "a permit was left behind",
        ),
        (
            "SELECT 1",
            "schema",
            "audit_log_is_never_changed is missing, \
             audit_log_is_pruned_by_retention_only is missing",
        ),
        (
            "CREATE TRIGGER audit_log_is_never_changed BEFORE UPDATE ON audit_log \
             WHEN NEW.sequence < 0 BEGIN SELECT RAISE(ABORT, 'no'); END; \
             DROP INDEX audit_log_type; \
             CREATE INDEX audit_log_type ON audit_log (event_type) WHERE sequence > 7;",
            "schema",
            "audit_log_type differs, audit_log_is_never_changed differs, \
             audit_log_is_pruned_by_retention_only is missing",
        ),
        (
            "ALTER TABLE audit_log ADD COLUMN more TEXT",
            "schema",
            "audit_log differs, \
             audit_log_is_never_changed is missing, audit_log_is_pruned_by_retention_only is missing",
        ),
        (
            "UPDATE audit_log SET details = '[]' WHERE sequence IN (4, 6)",
            "details and extensions",
            "entry 4 is the first that holds no JSON object",
        ),
        (
            "UPDATE audit_log SET details = '{' WHERE sequence = 4",
            "details and extensions",
            "entry 4 is the first that holds no JSON object",
        ),
        (
            "UPDATE audit_log SET extensions = '7' WHERE sequence = 8; \
             UPDATE audit_log SET extensions = NULL, details = '{}' WHERE sequence < 8",
            "details and extensions",
            "entry 8 is the first that holds no JSON object",
        ),
        (
            "CREATE TABLE theirs (x); CREATE INDEX speedy ON audit_log (actor); \
             CREATE TRIGGER audit_log_spy AFTER INSERT ON audit_log \
             BEGIN INSERT INTO theirs VALUES (1); END",
            "foreign objects",
            "speedy, audit_log_spy",
        ),
        ("PRAGMA application_id = 7", "application id", "7"),
        ("PRAGMA user_version = 0", "schema version", "0"),
    ] {
        let place = Place::new();
        let log = place.log().await;
        log.append(&batch("e", 8)).await.unwrap();
        place.raw().execute_batch(&format!("{drop_guards} {damage}")).unwrap();
        let inspection = log.inspect().await.unwrap();
        let fact = inspection.facts.iter().find(|fact| fact.what == what).unwrap();
        assert_eq!(fact.value, value);
        assert!(fact.problem.is_some(), "{fact:?}");
    }
}

#[tokio::test]
async fn an_inspection_counts_the_tiles_of_all_levels_and_compares_the_hashes_in_each() {
    let place = Place::new();
    let storage = place.storage().await;
    let log = log_over(&storage);
    log.append(&batch("e", 600)).await.unwrap();
    SeaOrmAuditTree::new(storage.clone()).grow().await.unwrap();
    let value = async |what| {
        let inspection = log.inspect().await.unwrap();
        inspection.facts.into_iter().find(|fact| fact.what == what).unwrap().value
    };
    assert_eq!(value("tiles").await, "4, of 600 entries");
    assert_eq!(value("hashes").await, "beside the entries as in the tree");
    let raw = place.unguarded();
    for entry in [512, 257, 256, 1] {
        let change =
            format!("UPDATE audit_log SET leaf_hash = zeroblob(32) WHERE sequence = {entry}");
        raw.execute_batch(&change).unwrap();
        assert_eq!(
            value("hashes").await,
            format!("that of entry {entry} is not the one in the tree")
        );
    }
    raw.execute_batch("DELETE FROM audit_tile WHERE level = 1").unwrap();
    let found = "of the 2 hashes of level 1 only 0 are there, in 0 tiles";
    assert_eq!(value("tiles").await, found);
}

#[tokio::test]
async fn of_a_table_that_was_changed_nothing_more_is_asked() {
    let place = Place::new();
    let log = place.log().await;
    log.append(&batch("e", 8)).await.unwrap();
    let other = "DROP TABLE audit_tile; CREATE TABLE audit_tile (other TEXT)";
    place.raw().execute_batch(other).unwrap();
    let inspection = log.inspect().await.unwrap();
    let schema = inspection.facts.iter().find(|fact| fact.what == "schema").unwrap();
    assert!(schema.value.starts_with("audit_tile differs"), "{schema:?}");
    assert!(inspection.facts.iter().all(|fact| fact.what != "tiles"), "{inspection:?}");
}

#[tokio::test]
async fn a_permit_that_was_left_behind_keeps_retention_from_nothing() {
    let place = Place::new();
    let log = place.log().await;
    log.append(&batch("e", 8)).await.unwrap();
    let permit = "INSERT INTO audit_retention_permit (id, through_sequence) VALUES (1, 6)";
    place.raw().execute_batch(permit).unwrap();
    let removed = log.remove_oldest(Sequence(3), 100).await.unwrap();
    assert_eq!(removed, Some(Prefix { from: Sequence(1), through: Sequence(3) }));
    let inspection = log.inspect().await.unwrap();
    assert!(inspection.is_healthy(), "and none is left: {inspection:?}");
}

#[tokio::test]
async fn an_inspection_tells_where_the_log_is_and_how_it_is_kept() {
    let place = Place::new();
    let log = place.log().await;
    log.append(&batch("e", 8)).await.unwrap();
    let facts = log.inspect().await.unwrap().facts;
    let value = |what: &str| facts.iter().find(|fact| fact.what == what).map(|fact| &*fact.value);
    assert_eq!(value("file"), place.file.to_str());
    assert_eq!(value("journal mode"), Some("wal"));
    assert_eq!(value("entries"), Some("8"));
    assert_eq!(value("sequences"), Some("1 to 8"));
    assert_eq!(value("schema"), Some("all 41 objects as made"));
    assert_eq!(value("details and extensions"), Some("JSON objects"));
    assert_eq!(value("schema version"), Some("4"));
    std::fs::remove_file(&place.file).unwrap();
    let gone = log.inspect().await;
    assert!(matches!(gone, Err(QueryError::Storage(_))), "{gone:?}");
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_named() {
    for (damage, problem) in [
        ("details = '[]'", "details are no JSON object"),
        ("details = '{'", "details are no JSON object"),
        ("extensions = '1'", "extensions are no JSON object"),
        ("occurred_at = 'yesterday'", "occurred_at is no time"),
        ("recorded_at = ''", "recorded_at is no time"),
        ("schema_version = -1", "schema version -1"),
        ("actor = 'robot:r2'", "actor `robot:r2`"),
        ("actor = 'human'", "actor `human`"),
        ("event_id = CAST(x'ff' AS TEXT)", "a column"),
    ] {
        let place = Place::new();
        let log = place.log().await;
        log.append(&batch("e", 3)).await.unwrap();
        let raw = place.raw();
        raw.execute_batch(&format!(
            "DROP TRIGGER audit_log_is_never_changed; \
             UPDATE audit_log SET {damage} WHERE sequence = 3"
        ))
        .unwrap();
        let error = log.by_sequence(Sequence(3)).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("entry 3") && text.contains(problem), "{damage}: {text}");
        if damage.starts_with("recorded_at") {
            assert!(log.span().await.unwrap_err().to_string().contains(problem));
            let fresh = place.log().await;
            let append = fresh.append(&[entry("new")]).await;
            assert!(matches!(append, Err(AppendError::Storage(_))), "{append:?}");
        }
        assert!(log.by_sequence(Sequence(2)).await.is_ok(), "its neighbours can be read");
    }
}
