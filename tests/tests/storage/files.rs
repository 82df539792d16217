//! What is no audit log of ours is refused with a reason and left as it was.

use std::fs;
use std::path::Path;

use super::place::{Place, ids, log_over};
use domain::{AppendError, AuditAppend, AuditInspect, AuditQuery, QueryError, Sequence};
use indelible_tests::contract::audit_log::{batch, entry};
use indelible_tests::expect::soon;
use infrastructure::seaorm::{Access, AuditStorage, Durability, OpenError, StorageOptions};

/// Opens for writing and for reading, expects both to be refused, and compares the bytes.
async fn refused(file: &Path) -> OpenError {
    let before = fs::read(file).ok();
    let read = StorageOptions { access: Access::ReadOnly, ..StorageOptions::new(file) };
    let reading = AuditStorage::connect(read).await.unwrap_err();
    let writing = AuditStorage::connect(StorageOptions::new(file)).await.unwrap_err();
    assert_eq!(reading.to_string(), writing.to_string());
    assert_eq!(fs::read(file).ok(), before, "{writing}: the file is untouched");
    assert!(writing.to_string().contains(file.to_str().unwrap()), "{writing}: names the file");
    writing
}

#[tokio::test]
async fn another_programs_database_is_refused_and_left_untouched() {
    for (marks, id) in [
        ("PRAGMA application_id = 1; CREATE TABLE theirs (x)", 1),
        ("PRAGMA application_id = -7", -7),
        ("CREATE TABLE theirs (x)", 0),
        ("PRAGMA user_version = 3", 0),
        ("PRAGMA journal_mode = WAL; CREATE TABLE theirs (x)", 0),
    ] {
        let place = Place::new();
        place.raw().execute_batch(marks).unwrap();
        let error = refused(&place.file).await;
        assert!(
            matches!(&error, OpenError::ForeignApplication { found, .. } if *found == id),
            "{marks}: {error:?}"
        );
        assert!(error.to_string().contains("name another file"), "{error}");
    }
}

#[tokio::test]
async fn another_programs_write_ahead_log_is_not_folded_back() {
    let place = Place::new();
    let theirs = place.raw();
    theirs.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE theirs (x)").unwrap();
    // A copy without its writer, as a crash leaves it.
    let copy = place.folder.path().join("copy.db");
    for suffix in ["", "-wal"] {
        let name = |file: &Path| format!("{}{suffix}", file.display());
        fs::copy(name(&place.file), name(&copy)).unwrap();
    }
    let log = fs::read(format!("{}-wal", copy.display())).unwrap();
    assert!(matches!(refused(&copy).await, OpenError::ForeignApplication { found: 0, .. }));
    assert_eq!(fs::read(format!("{}-wal", copy.display())).unwrap(), log);
}

#[tokio::test]
async fn a_log_of_a_later_version_is_refused_and_left_untouched() {
    let place = Place::new();
    place.storage().await.close().await;
    place.raw().execute_batch("PRAGMA user_version = 5").unwrap();
    let error = refused(&place.file).await;
    assert!(matches!(error, OpenError::NewerSchema { found: 5, known: 4, .. }), "{error:?}");
    assert!(error.to_string().contains("update it"), "{error}");
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_left_untouched() {
    let place = Place::new();
    for content in ["{\"specversion\":\"1.0\"}\n".repeat(400), "x".to_owned()] {
        fs::write(&place.file, content).unwrap();
        let error = refused(&place.file).await;
        assert!(matches!(error, OpenError::NotADatabase { .. }), "{error:?}");
    }
    let mut torn = b"SQLite format 3\0".to_vec();
    torn.resize(5000, 0x5a);
    fs::write(&place.file, torn).unwrap();
    let error = refused(&place.file).await;
    assert!(matches!(error, OpenError::NotADatabase { .. }), "{error:?}");
}

#[tokio::test]
async fn a_directory_is_refused() {
    let place = Place::new();
    let error = refused(place.folder.path()).await;
    assert!(matches!(error, OpenError::Directory { .. }), "{error:?}");
    assert!(error.to_string().contains("audit.db"), "{error}");
}

#[tokio::test]
async fn a_path_through_a_file_is_refused() {
    let place = Place::new();
    fs::write(&place.file, "").unwrap();
    let inside = place.file.join("audit.db");
    let error = AuditStorage::connect(StorageOptions::new(&inside)).await.unwrap_err();
    assert!(matches!(error, OpenError::Storage { .. }), "{error:?}");
    let missing = place.folder.path().join("x".repeat(300)).join("audit.db");
    let error = AuditStorage::connect(StorageOptions::new(&missing)).await.unwrap_err();
    assert!(matches!(error, OpenError::Storage { .. } | OpenError::Create { .. }), "{error:?}");
}

#[tokio::test]
async fn reading_creates_nothing() {
    let place = Place::new();
    let options = StorageOptions { access: Access::ReadOnly, ..place.options() };
    let error = AuditStorage::connect(options.clone()).await.unwrap_err();
    assert!(matches!(error, OpenError::Missing { .. }), "{error:?}");
    assert_eq!(fs::read_dir(place.folder.path()).unwrap().count(), 0);

    fs::write(&place.file, "").unwrap();
    let error = AuditStorage::connect(options.clone()).await.unwrap_err();
    assert!(matches!(error, OpenError::Missing { .. }), "an empty file: {error:?}");
    place.raw().execute_batch("VACUUM").unwrap();
    let error = AuditStorage::connect(options).await.unwrap_err();
    assert!(matches!(error, OpenError::Missing { .. }), "an empty database: {error:?}");
}

#[tokio::test]
async fn an_empty_file_becomes_a_log() {
    for prepare in ["", "PRAGMA journal_mode = WAL", "VACUUM"] {
        let place = Place::new();
        fs::write(&place.file, "").unwrap();
        place.raw().execute_batch(prepare).unwrap();
        let log = place.log().await;
        log.append(&[entry("first")]).await.unwrap();
        assert_eq!(ids(&log).await, ["first"], "{prepare}");
    }
}

#[tokio::test]
async fn the_steps_that_made_a_log_are_in_it_by_their_names() {
    let place = Place::new();
    place.storage().await.close().await;
    let raw = place.raw();
    let mut steps = raw.prepare("SELECT version FROM seaql_migrations ORDER BY version").unwrap();
    let steps = steps.query_map((), |row| row.get::<_, String>(0)).unwrap();
    let steps: Vec<_> = steps.map(Result::unwrap).collect();
    let named = |name| format!("v000{name}");
    let made = ["1_create_audit_log", "2_create_subscriptions", "3_create_tree", "4_create_holds"];
    assert_eq!(steps, made.map(named));
}

#[tokio::test]
async fn a_start_that_was_killed_halfway_is_taken_up_again() {
    let place = Place::new();
    let halfway = place.folder.path().join("halfway.db");
    let writing = rusqlite::Connection::open(&halfway).unwrap();
    // A cache of one page, so that the unfinished transaction reaches the file.
    writing
        .execute_batch(
            "PRAGMA cache_size = 1; BEGIN; CREATE TABLE half (x); \
             WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5000) \
             INSERT INTO half SELECT x FROM n",
        )
        .unwrap();
    for suffix in ["", "-journal"] {
        let name = |file: &Path| format!("{}{suffix}", file.display());
        fs::copy(name(&halfway), name(&place.file)).unwrap();
    }
    drop(writing);
    let log = place.log().await;
    log.append(&[entry("first")]).await.unwrap();
    assert_eq!(ids(&log).await, ["first"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_log_belongs_to_its_owner_alone_and_its_folders_are_made() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let file = place.folder.path().join("a/b/audit.db");
    let storage = AuditStorage::connect(StorageOptions::new(&file)).await.unwrap();
    assert_eq!(storage.file(), file);
    log_over(&storage).append(&[entry("first")]).await.unwrap();
    for suffix in ["", "-wal"] {
        let mode = fs::metadata(format!("{}{suffix}", file.display())).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{suffix}");
    }
}

#[tokio::test]
async fn a_damaged_log_says_so_to_whoever_uses_it() {
    let place = Place::new();
    let storage = place.storage().await;
    log_over(&storage).append(&batch("e", 512)).await.unwrap();
    storage.close().await;
    let pages: Vec<i64> = {
        let raw = place.raw();
        let pages = "SELECT pageno FROM dbstat WHERE name LIKE 'audit_log%'";
        let mut pages = raw.prepare(pages).unwrap();
        pages.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let mut bytes = fs::read(&place.file).unwrap();
    for page in pages {
        let begin = (usize::try_from(page).unwrap() - 1) * 4096;
        bytes[begin..begin + 4096].fill(0xff);
    }
    fs::write(&place.file, bytes).unwrap();
    // What says that it is ours, and how it is laid out, is whole; what is on record is not.
    let log = place.log().await;
    let page = log.span().await;
    assert!(matches!(page, Err(QueryError::Corrupt(_))), "{page:?}");
    let append = log.append(&[entry("new")]).await;
    assert!(matches!(append, Err(AppendError::Corrupt(_))), "{append:?}");
    match log.inspect().await {
        Ok(inspection) => assert!(!inspection.is_healthy(), "{inspection:?}"),
        Err(error) => assert!(matches!(error, QueryError::Corrupt(_)), "{error:?}"),
    }
}

#[tokio::test]
async fn a_damage_that_keeps_the_file_from_being_examined_is_told_as_one() {
    let place = Place::new();
    let storage = place.storage().await;
    let raw = place.raw();
    // The version of the schema has everybody read it anew.
    raw.execute_batch(
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'no words of SQL' \
         WHERE name = 'audit_log_plan'; PRAGMA schema_version = 1000;",
    )
    .unwrap();
    let damage = log_over(&storage).damage().await.unwrap();
    assert!(damage.len() == 1 && damage[0].contains("malformed"), "{damage:?}");
    storage.close().await;
    let closed = log_over(&storage).damage().await;
    assert!(matches!(closed, Err(QueryError::Closed)), "{closed:?}");
}

/// A log, beside which SQLite can make no file that it wants to have there; what lies there as its
/// write-ahead log.
async fn with_nothing_beside_it(write_ahead_log: Option<&str>) -> Place {
    let place = Place::new();
    let storage = place.storage().await;
    log_over(&storage).append(&batch("e", 3)).await.unwrap();
    storage.close().await;
    // It follows no link there.
    let beside = format!("{}-shm", place.file.display());
    std::os::unix::fs::symlink("nowhere", beside).unwrap();
    if let Some(text) = write_ahead_log {
        fs::write(format!("{}-wal", place.file.display()), text).unwrap();
    }
    place
}

#[tokio::test]
async fn where_nothing_can_be_made_beside_it_a_log_is_read_as_it_is_and_not_followed() {
    for empty in [None, Some("")] {
        let place = with_nothing_beside_it(empty).await;
        let storage = place.storage_to_read().await;
        let log = log_over(&storage);
        assert_eq!(ids(&log).await.len(), 3);
        assert!(log.inspect().await.unwrap().is_healthy(), "by whichever library it is read");
        assert_eq!(log.newer_than(Sequence(2)).await.unwrap(), Sequence(3));
        let refused = soon("it is refused", log.newer_than(Sequence(3))).await;
        assert!(matches!(refused, Err(QueryError::Storage(_))), "{refused:?}");
        storage.close().await;
    }
    // What was written last may lie in what cannot be read without; nor is anything written.
    let options = |place: &Place, access| StorageOptions { access, ..place.options() };
    let place = with_nothing_beside_it(Some("frames")).await;
    let refused = AuditStorage::connect(options(&place, Access::ReadOnly)).await.unwrap_err();
    assert!(matches!(refused, OpenError::ReadOnly { .. }), "{refused:?}");
    for write_ahead_log in [None, Some("frames")] {
        let place = with_nothing_beside_it(write_ahead_log).await;
        let refused = AuditStorage::connect(options(&place, Access::ReadWrite)).await.unwrap_err();
        assert!(matches!(refused, OpenError::ReadOnly { .. }), "{refused:?}");
    }
}

#[tokio::test]
async fn the_weaker_durability_is_used_where_it_is_asked_for() {
    for (durability, name) in [(Durability::Full, "full"), (Durability::Normal, "normal")] {
        let place = Place::new();
        let options = StorageOptions { durability, ..place.options() };
        let log = log_over(&AuditStorage::connect(options).await.unwrap());
        let inspection = log.inspect().await.unwrap();
        assert!(inspection.is_healthy(), "{inspection:?}");
        let fact = inspection.facts.iter().find(|fact| fact.what == "synchronous").unwrap();
        assert_eq!(fact.value, name);
    }
}
