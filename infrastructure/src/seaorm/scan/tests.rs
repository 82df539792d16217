//! Which files are read and how, and that closing comes to an end.

use std::sync::mpsc;

use futures::poll;
use tempfile::TempDir;

use super::super::problem::{Trouble, Troubled};
use super::*;

/// A database in write-ahead mode that nobody has open.
fn database(name: &str) -> (TempDir, StorageOptions) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    let database = Connection::open(&file).unwrap();
    database
        .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (n); INSERT INTO t VALUES (7)")
        .unwrap();
    (folder, StorageOptions::new(file))
}

fn scans(options: &StorageOptions, immutable: bool) -> Arc<Scans> {
    Arc::new(Scans::of(options, Duration::ZERO, immutable))
}

fn ask(rows: &Connection) -> Result<u8, rusqlite::Error> {
    rows.query_row("SELECT n FROM t", (), |row| row.get(0))
}

#[tokio::test]
async fn a_file_of_any_name_is_read_and_one_that_nobody_changes_as_such() {
    let (folder, options) = database("a b%20?c#d&é.db");
    let beside = || std::fs::read_dir(folder.path()).unwrap().count() - 1;
    let scans_of_fixed = scans(&options, true);
    assert_eq!(Arc::clone(&scans_of_fixed).run(ask).await.unwrap(), 7);
    assert_eq!(beside(), 0, "no file is made beside one that nobody changes");
    let scans = scans(&options, false);
    assert_eq!(Arc::clone(&scans).run(ask).await.unwrap(), 7);
    assert!(beside() > 0, "one that others change is shared with them");
}

#[tokio::test]
async fn nothing_is_written_through_them() {
    let (_folder, options) = database("audit.db");
    let write = |rows: &Connection| rows.execute("INSERT INTO t VALUES (8)", ());
    let refused = scans(&options, false).run(write).await.unwrap_err();
    assert_eq!(refused.trouble(), Trouble::ReadOnly, "{refused}");
}

#[tokio::test]
async fn the_file_is_reached_through_its_vfs() {
    let (_folder, options) = database("audit.db");
    let through = |vfs: &str| StorageOptions { vfs: Some(vfs.to_owned()), ..options.clone() };
    assert_eq!(scans(&through("unix"), false).run(ask).await.unwrap(), 7);
    let refused = scans(&through("nobody's"), false).run(ask).await.unwrap_err();
    assert!(refused.to_string().contains("no such vfs"), "{refused}");
}

#[tokio::test]
async fn closing_waits_for_who_is_at_it_and_refuses_all_others() {
    let (_folder, options) = database("audit.db");
    let scans = scans(&options, false);
    let ((begun, begins), (go_on, goes_on)) = (mpsc::channel(), mpsc::channel::<()>());
    let slow = tokio::spawn(Arc::clone(&scans).run(move |rows| {
        begun.send(()).unwrap();
        goes_on.recv().unwrap();
        ask(rows)
    }));
    // So that the other one has begun.
    tokio::task::spawn_blocking(move || begins.recv().unwrap()).await.unwrap();
    let mut closing = Box::pin(scans.close());
    assert!(poll!(&mut closing).is_pending(), "it waits");
    go_on.send(()).unwrap();
    closing.await;
    assert_eq!(slow.await.unwrap().unwrap(), 7);
    let refused = Arc::clone(&scans).run(ask).await.unwrap_err();
    assert_eq!(refused.trouble(), Trouble::Closed, "{refused}");
    assert!(scans.idle().is_empty(), "no connection is left open");
    scans.close().await;
}

#[tokio::test]
async fn who_is_at_it_longer_than_closing_waits_leaves_nothing_open() {
    let (_folder, options) = database("audit.db");
    let scans = scans(&options, false);
    let meanwhile = Arc::clone(&scans);
    let found = Arc::clone(&scans).run(move |rows| {
        meanwhile.refuse();
        ask(rows)
    });
    assert_eq!(found.await.unwrap(), 7);
    assert!(scans.idle().is_empty(), "its connection is closed when it is done");
}

#[tokio::test]
async fn what_goes_wrong_is_told_and_others_go_on() {
    let (_folder, options) = database("audit.db");
    let scans = scans(&options, false);
    let wrong = |statement: &'static str| {
        Arc::clone(&scans).run(move |rows| rows.query_row(statement, (), |row| row.get::<_, u8>(0)))
    };
    for (statement, trouble) in [
        ("SELECT n FROM nowhere", Trouble::Statement),
        ("SELECT n FROM t WHERE n = 9", Trouble::Other),
    ] {
        let told = wrong(statement).await.unwrap_err();
        assert_eq!(told.trouble(), trouble, "{told}");
    }
    let told = Arc::clone(&scans).run(|_| -> Result<(), _> { panic!("on purpose") }).await;
    assert_eq!(told.unwrap_err().trouble(), Trouble::Other);
    assert_eq!(Arc::clone(&scans).run(ask).await.unwrap(), 7);
}
