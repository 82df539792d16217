//! The promises of reading an earlier audit log.

use std::error::Error;
use std::fs;

use super::*;

const TABLE: &str = "CREATE TABLE audit_log (id INTEGER PRIMARY KEY, event_type TEXT NOT NULL, \
                     plan_id TEXT, project_name TEXT, actor_name TEXT, user_identity TEXT, \
                     details TEXT, created_at TIMESTAMP)";

/// A folder with a file in which these statements were run.
async fn file_of(statements: &[&'static str]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("platform.db");
    let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    for statement in statements {
        sqlx::query(*statement).execute(&pool).await.unwrap();
    }
    pool.close().await;
    (folder, file)
}

const ROWS: &str = "INSERT INTO audit_log VALUES \
     (3, 'plan_applied', 'p', 'demo', 'planner', 'me', '{\"files_changed\": 1}', \
      '2026-07-01 09:00:00'), \
     (5, 'auth_success', NULL, NULL, NULL, 'me', NULL, 1782896400), \
     (9, 'plan_applied', NULL, NULL, NULL, NULL, '', 1782896400.25)";

#[tokio::test]
async fn all_rows_are_read_page_by_page_in_their_order_and_the_file_stays_as_it_was() {
    let (_folder, file) = file_of(&[TABLE, ROWS]).await;
    let before = fs::read(&file).unwrap();
    let log = LegacyAuditLog::open(&file).await.unwrap();
    let first = log.rows(None, 2).await.unwrap();
    assert_eq!(
        first[0],
        LegacyRow {
            position: 3,
            id: "3".to_owned(),
            event_type: "plan_applied".to_owned(),
            plan_id: Some("p".to_owned()),
            project_name: Some("demo".to_owned()),
            actor_name: Some("planner".to_owned()),
            user_identity: Some("me".to_owned()),
            details: Some("{\"files_changed\": 1}".to_owned()),
            created_at: Some("2026-07-01 09:00:00".to_owned()),
        }
    );
    assert_eq!(first[1].created_at.as_deref(), Some("1782896400"));
    assert_eq!((first[1].plan_id.as_ref(), first[1].details.as_ref()), (None, None));
    let second = log.rows(Some(first[1].position), 2).await.unwrap();
    assert_eq!(second.len(), 1);
    assert_eq!(second[0].created_at.as_deref(), Some("1782896400.25"));
    assert_eq!(log.rows(Some(9), 2).await.unwrap(), []);
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn the_types_in_a_file_are_counted() {
    let (_folder, file) = file_of(&[TABLE, ROWS]).await;
    let log = LegacyAuditLog::open(&file).await.unwrap();
    let types = [("auth_success".to_owned(), 1), ("plan_applied".to_owned(), 2)];
    assert_eq!(log.event_types().await.unwrap(), types);
}

#[tokio::test]
async fn ids_that_are_texts_are_read_in_the_order_they_were_written() {
    let table = "CREATE TABLE audit_log (id TEXT PRIMARY KEY, event_type TEXT, plan_id TEXT, \
                 project_name TEXT, actor_name TEXT, user_identity TEXT, details TEXT, \
                 created_at TEXT)";
    let rows = "INSERT INTO audit_log (id, event_type) VALUES ('z', 'a'), ('b', NULL)";
    let (_folder, file) = file_of(&[table, rows]).await;
    let log = LegacyAuditLog::open(&file).await.unwrap();
    let ids: Vec<_> = log.rows(None, 9).await.unwrap().into_iter().map(|row| row.id).collect();
    assert_eq!(ids, ["z", "b"]);
}

#[tokio::test]
async fn a_file_of_something_else_is_refused_with_what_it_lacks() {
    let (_folder, file) = file_of(&["CREATE TABLE other (id)"]).await;
    let error = LegacyAuditLog::open(&file).await.unwrap_err().to_string();
    assert!(error.ends_with("has no table `audit_log`: name a file of the earlier platform's"));

    let (_folder, file) = file_of(&["CREATE TABLE audit_log (id, EVENT_TYPE, details)"]).await;
    let error = LegacyAuditLog::open(&file).await.unwrap_err();
    let expected = ["plan_id", "project_name", "actor_name", "user_identity", "created_at"];
    assert!(
        matches!(&error, LegacyError::MissingColumns { missing, .. } if *missing == expected),
        "{error}"
    );
    assert!(error.to_string().contains("has no column plan_id, project_name, "), "{error}");
}

#[tokio::test]
async fn a_file_that_is_none_or_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent.db");
    let error = LegacyAuditLog::open(&absent).await.unwrap_err();
    assert!(error.to_string().contains("absent.db cannot be read"), "{error}");
    assert!(!absent.exists());

    let text = folder.path().join("text.db");
    fs::write(&text, "this is no database, whatever its name says ".repeat(100)).unwrap();
    let error = LegacyAuditLog::open(&text).await.unwrap_err();
    assert!(error.source().unwrap().to_string().contains("not a database"), "{error}");
}

#[tokio::test]
async fn a_file_that_can_no_longer_be_read_says_so() {
    let (_folder, file) = file_of(&[TABLE, ROWS]).await;
    let log = LegacyAuditLog::open(&file).await.unwrap();
    log.pool.close().await;
    assert!(matches!(log.rows(None, 1).await, Err(LegacyError::Unreadable { .. })));
    assert!(matches!(log.event_types().await, Err(LegacyError::Unreadable { .. })));
}
