//! The disk under real databases: it changes nothing until it is told to, and then what SQLite
//! promises of such a disk holds, and what it does not promise is lost.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use indelible_fault_vfs::{Failure, Fault, FaultyDisk, Moment, Operation, Survival};
use rusqlite::{Connection, OpenFlags, ffi};
use tempfile::TempDir;

struct Place {
    folder: TempDir,
    disk: FaultyDisk,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = FaultyDisk::over(folder.path()).unwrap();
        Self { folder, disk }
    }

    fn open(&self) -> Connection {
        open(&self.folder.path().join("a.db"))
    }

    /// A table in a database that keeps a write-ahead log.
    fn table(&self, synchronous: &str) -> Connection {
        let database = self.open();
        database.pragma_update(None, "journal_mode", "wal").unwrap();
        database.pragma_update(None, "synchronous", synchronous).unwrap();
        database.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT)").unwrap();
        database
    }

    /// What is in the table after the power went.
    fn after(&self, at: Moment, survival: Survival) -> rusqlite::Result<Vec<i64>> {
        let folder = tempfile::tempdir().unwrap();
        self.disk.power_cut(at, survival, folder.path()).unwrap();
        numbers(&Connection::open(folder.path().join("a.db")).unwrap())
    }
}

fn open(file: &Path) -> Connection {
    Connection::open_with_flags_and_vfs(file, OpenFlags::default(), FaultyDisk::VFS).unwrap()
}

fn insert(database: &Connection, n: i64) -> rusqlite::Result<usize> {
    database.execute("INSERT INTO t VALUES (?, ?)", (n, "x".repeat(3000)))
}

fn numbers(database: &Connection) -> rusqlite::Result<Vec<i64>> {
    database.prepare("SELECT n FROM t ORDER BY n")?.query_map([], |row| row.get(0))?.collect()
}

#[test]
fn a_disk_that_is_not_told_to_fail_changes_nothing() {
    let place = Place::new();
    let database = place.table("full");
    // Through shared memory a second connection sees what the first one does.
    let second = place.open();
    for n in 0..10 {
        insert(&database, n).unwrap();
        assert_eq!(numbers(&second).unwrap().len(), usize::try_from(n).unwrap() + 1);
    }
    let mode: String = second.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    let file = place.folder.path().join("a.db");
    assert!(file.with_extension("db-shm").exists(), "the shared memory is the default VFS's own");
    drop((database, second));
    let plain = Connection::open(file).unwrap();
    assert_eq!(numbers(&plain).unwrap(), (0..10).collect::<Vec<_>>());
}

#[test]
fn files_that_no_disk_watches_and_temporary_ones_pass() {
    let place = Place::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let database = open(&elsewhere.path().join("a.db"));
    place.disk.fail(Fault::lasting(Operation::Write, 1, Failure::Io));
    database.execute_batch("PRAGMA journal_mode=delete; CREATE TABLE t (n INTEGER)").unwrap();
    database
        .execute_batch("PRAGMA temp_store=file; PRAGMA cache_size=1; CREATE TEMP TABLE s (t)")
        .unwrap();
    let many = "WITH RECURSIVE m(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM m WHERE n < 500) \
                INSERT INTO s SELECT hex(zeroblob(1000)) FROM m";
    database.execute_batch(many).unwrap();
    assert_eq!((place.disk.now(), place.disk.struck()), (Moment(0), 0));
}

#[test]
fn the_operation_that_was_chosen_fails_as_it_was_told_to_and_no_other() {
    for (operation, failure, code) in [
        (Operation::Write, Failure::Io, ffi::SQLITE_IOERR_WRITE),
        (Operation::Write, Failure::Full, ffi::SQLITE_FULL),
        (Operation::Write, Failure::Short, ffi::SQLITE_FULL),
        (Operation::Sync, Failure::Io, ffi::SQLITE_IOERR_FSYNC),
    ] {
        let place = Place::new();
        let database = place.table("full");
        place.disk.fail(Fault::once(operation, 1, failure));
        let error = insert(&database, 1).unwrap_err();
        let found = error.sqlite_error().unwrap().extended_code;
        assert_eq!(found, code, "{operation} {failure}");
        assert_eq!(place.disk.struck(), 1);
        assert!(place.disk.count(operation) >= 1);
        insert(&database, 2).unwrap();
        assert_eq!(numbers(&database).unwrap(), [2], "{operation} {failure}");
        assert_eq!(place.after(place.disk.now(), Survival::Nothing).unwrap(), [2]);

        place.disk.fail(Fault::lasting(operation, 2, failure));
        let done = (3..10).filter(|n| insert(&database, *n).is_ok()).count();
        assert!(done <= 1, "{operation} {failure}: {done} went through a disk that has failed");
        place.disk.mend();
        insert(&database, 10).unwrap();
    }
}

#[test]
fn a_new_file_a_truncation_and_a_deletion_fail_when_they_are_told_to() {
    let place = Place::new();
    place.disk.fail(Fault::once(Operation::Create, 1, Failure::Io));
    let file = place.folder.path().join("a.db");
    let flags = OpenFlags::default();
    let refused = Connection::open_with_flags_and_vfs(&file, flags, FaultyDisk::VFS);
    assert_eq!(refused.unwrap_err().sqlite_error_code(), Some(ffi::ErrorCode::CannotOpen));

    let database = place.open();
    database.execute_batch("PRAGMA journal_mode=truncate; CREATE TABLE t (n INTEGER)").unwrap();
    place.disk.fail(Fault::once(Operation::Truncate, 1, Failure::Io));
    let refused = database.execute("INSERT INTO t VALUES (1)", []).unwrap_err();
    assert_eq!(refused.sqlite_error().unwrap().extended_code, ffi::SQLITE_IOERR_TRUNCATE);

    place.disk.mend();
    database.execute_batch("PRAGMA journal_mode=delete").unwrap();
    place.disk.fail(Fault::once(Operation::Delete, 1, Failure::Io));
    let refused = database.execute("INSERT INTO t VALUES (2)", []).unwrap_err();
    assert_eq!(refused.sqlite_error().unwrap().extended_code, ffi::SQLITE_IOERR_DELETE);
    place.disk.mend();
    database.execute("INSERT INTO t VALUES (3)", []).unwrap();
}

#[test]
fn what_was_committed_with_full_durability_outlives_any_loss_of_power() {
    let place = Place::new();
    let database = place.table("full");
    let created = place.disk.now();
    let mut committed = Vec::new();
    for n in 0..6 {
        insert(&database, n).unwrap();
        committed.push((place.disk.now(), n));
        if n == 3 {
            database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        }
    }
    drop(database);
    for at in created.0..=place.disk.now().0 {
        for survival in
            [Survival::Nothing, Survival::Everything, Survival::Torn { seed: at as u64 }]
        {
            let left = place.after(Moment(at), survival).unwrap();
            let sure = committed.iter().filter(|(when, _)| when.0 <= at).count();
            assert!(left.len() >= sure, "at {at}, {survival}: {left:?} of {sure}");
            assert!(left.iter().copied().zip(0..).all(|(n, expected)| n == expected));
        }
    }
}

#[test]
fn what_was_committed_with_less_is_lost_with_the_power() {
    let place = Place::new();
    let database = place.table("normal");
    database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    insert(&database, 1).unwrap();
    assert_eq!(place.after(place.disk.now(), Survival::Nothing).unwrap(), [0_i64; 0]);
    assert_eq!(place.after(place.disk.now(), Survival::Everything).unwrap(), [1]);
}

#[test]
fn a_folder_that_is_watched_anew_is_watched_also_after_the_older_watch_has_ended() {
    let Place { folder, disk: older } = Place::new();
    let place = Place { disk: FaultyDisk::over(folder.path()).unwrap(), folder };
    drop(older);
    insert(&place.table("full"), 1).unwrap();
    assert_eq!(place.after(place.disk.now(), Survival::Nothing).unwrap(), [1]);
}

#[test]
fn a_database_that_was_there_before_is_known_whole_and_keeps_its_locks() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.db");
    let earlier = Connection::open(&file).unwrap();
    earlier.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT)").unwrap();
    (0..20).for_each(|n| assert_eq!(insert(&earlier, n), Ok(1)));
    earlier.execute_batch("BEGIN IMMEDIATE").unwrap();

    let place = Place { disk: FaultyDisk::over(folder.path()).unwrap(), folder };
    let database = place.open();
    let left = place.after(place.disk.now(), Survival::Nothing).unwrap();
    assert_eq!(left, (0..20).collect::<Vec<_>>());
    assert!(!another_process_may_write(&file), "the lock is gone: the file was read past SQLite");
    earlier.execute_batch("COMMIT").unwrap();
    assert!(another_process_may_write(&file), "the other process cannot be asked");
    insert(&database, 20).unwrap();
}

/// Tells the other process which file it is about.
const FILE: &str = "INDELIBLE_FAULT_VFS_FILE";

/// Asks this very program, started once more: what a process locks it may always enter itself.
fn another_process_may_write(file: &Path) -> bool {
    let mut other = Command::new(std::env::current_exe().unwrap());
    other.args(["--exact", "--ignored", "the_file_that_is_named_may_be_written"]);
    other.env(FILE, file).output().unwrap().status.success()
}

#[test]
#[ignore = "for `another_process_may_write`"]
fn the_file_that_is_named_may_be_written() {
    let Some(file) = std::env::var_os(FILE) else { return };
    let database = Connection::open(file).unwrap();
    database.busy_timeout(Duration::ZERO).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
}

#[test]
fn a_folder_that_is_not_there_is_refused_by_its_name() {
    let refused = FaultyDisk::over(Path::new("/nowhere/at/all")).unwrap_err();
    assert!(refused.to_string().contains("/nowhere/at/all"), "{refused}");
}
