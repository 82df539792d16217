//! Which library is refused, and that closing comes to an end.

use domain::{AppendError, AuditAppend};

use super::super::SeaOrmAuditLog;
use super::*;

#[tokio::test]
async fn closing_does_not_wait_without_end_for_a_question_nobody_reads_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let options = StorageOptions::new(folder.path().join("audit.db"));
    let storage = AuditStorage::connect(options).await.unwrap();
    let left = storage.readers().get_sqlite_connection_pool().acquire().await.unwrap();
    let deadline = Duration::from_mins(1);
    tokio::time::timeout(deadline, storage.close()).await.unwrap();
    assert!(storage.library_version().await.is_err(), "whatever is asked is refused");
    let log = SeaOrmAuditLog::new(storage.clone(), Arc::new(crate::clock::SystemClock));
    let appended = log.append(&[super::super::append::tests::entry("late")]).await;
    assert!(matches!(appended, Err(AppendError::Closed)), "the writer is closed: {appended:?}");
    drop(left);
    tokio::time::timeout(deadline, storage.close()).await.unwrap();
}

#[test]
fn a_library_that_can_lose_commits_is_recognised() {
    for good in ["3.51.3", "3.51.10", "3.52.0", "4.0.0", "3.53"] {
        assert!(is_recent_enough(good), "{good}");
    }
    for bad in ["3.51.2", "3.9.9", "3.51", "2.99.99", "", "new"] {
        assert!(!is_recent_enough(bad), "{bad}");
        let refused = check_library(Path::new("audit.db"), bad.to_owned()).unwrap_err();
        assert!(matches!(refused, OpenError::SqliteTooOld { .. }), "{refused:?}");
        assert!(refused.to_string().contains("build with a newer one"), "{refused}");
    }
}

#[tokio::test]
async fn whoever_is_kept_out_waits_as_long_as_was_asked_for_and_sqlite_itself_no_longer() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = StorageOptions::new(folder.path().join("audit.db"));
    options.lock_timeout = Duration::from_millis(70);
    assert_eq!(busy_timeout(&options), Duration::from_millis(70));
    options.lock_timeout = Duration::from_secs(70);
    assert_eq!(busy_timeout(&options), Duration::from_secs(5));
    let storage = AuditStorage::connect(options).await.unwrap();
    assert_eq!(storage.writer().unwrap().lock_timeout(), Duration::from_secs(70));
    storage.close().await;
}
