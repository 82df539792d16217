//! Trouble while appending, as SQLite itself makes it on the writing connection.

use domain::{
    AuditAppend, AuditEntry, AuditQuery, AuditRetention, EventEnvelope, EventType, Receipt,
    RetentionError, Sequence,
};
use futures::FutureExt;

use super::super::problem::open_error;
use super::super::{AuditStorage, OpenError, SeaOrmAuditLog, StorageOptions};
use crate::unwritable::Unwritable;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use super::*;

struct Tried {
    _folder: tempfile::TempDir,
    storage: AuditStorage,
    log: SeaOrmAuditLog,
}

impl Tried {
    async fn with_clock(clock: Arc<dyn Clock>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = StorageOptions::new(folder.path().join("audit.db"));
        let storage = AuditStorage::connect(options).await.unwrap();
        let log = SeaOrmAuditLog::new(storage.clone(), clock);
        Self { _folder: folder, storage, log }
    }

    async fn new() -> Self {
        Self::with_clock(Arc::new(crate::clock::SystemClock)).await
    }

    /// Runs a statement on the connection that writes.
    async fn tell_writer(&self, statement: &'static str) -> Result<(), sqlx::Error> {
        let writer = self.storage.writer().unwrap();
        let mut turn = writer.turn().await;
        let connection = writer.connection(&mut turn).await?;
        sqlx::query(statement).execute(connection).await.map(drop)
    }

    async fn append(&self, name: &str, entries: usize) -> Result<Vec<Receipt>, AppendError> {
        let batch: Vec<_> = (0..entries).map(|n| entry(&format!("{name}-{n}"))).collect();
        self.log.append(&batch).await
    }
}

pub(in super::super) fn entry(id: &str) -> AuditEntry {
    AuditEntry::new(EventEnvelope {
        event_id: id.to_owned(),
        event_type: EventType::from_static("plan.created"),
        schema_version: 1,
        occurred_at: DateTime::UNIX_EPOCH,
        source: "urn:tests".to_owned(),
        subject: Some("x".repeat(2000)),
        plan_id: None,
        project_name: None,
        session_id: None,
        actor: None,
        user_identity: None,
        correlation_id: None,
        causation_id: None,
        trace_id: None,
        extensions: domain::Details::new(),
        details: domain::Details::new(),
    })
}

#[tokio::test]
async fn a_full_disk_is_told_and_records_nothing_and_room_mends_it() {
    let log = Tried::new().await;
    log.append("before", 3).await.unwrap();
    for size in [64, 65, 600] {
        // The file may not grow any more, as on a full disk.
        log.tell_writer("PRAGMA max_page_count = 1").await.unwrap();
        let refused = log.append("refused", size).await;
        assert!(matches!(refused, Err(AppendError::Full(_))), "{refused:?}");
        assert_eq!(log.log.span().await.unwrap().entries, 3, "all or nothing");
    }
    log.tell_writer("PRAGMA max_page_count = 100000").await.unwrap();
    let receipts = log.append("after", 600).await.unwrap();
    assert_eq!(receipts[0].sequence.0, 4);
}

#[tokio::test]
async fn a_log_that_may_not_be_written_says_so() {
    let log = Tried::new().await;
    for size in [1, 3] {
        log.tell_writer("PRAGMA query_only = 1").await.unwrap();
        let refused = log.append("refused", size).await;
        assert!(matches!(refused, Err(AppendError::ReadOnly(_))), "{refused:?}");
    }
    log.tell_writer("PRAGMA query_only = 1").await.unwrap();
    let refused = log.tell_writer("DELETE FROM audit_log").await.unwrap_err();
    let refused = open_error(log.storage.file(), refused, Duration::ZERO);
    assert!(matches!(refused, OpenError::ReadOnly { .. }), "{refused:?}");
    assert!(refused.to_string().contains("the right to write"), "{refused}");
}

/// Makes SQLite roll back by itself on this connection alone, as it does where the disk fills up or
/// breaks at a commit: what sqlx then sends to roll back fails.
const ROLLS_BACK_BY_ITSELF: [&str; 2] = [
    "CREATE TEMP TRIGGER no_insert BEFORE INSERT ON main.audit_log \
     BEGIN SELECT RAISE(ROLLBACK, 'broken'); END",
    "CREATE TEMP TRIGGER no_delete BEFORE DELETE ON main.audit_log \
     BEGIN SELECT RAISE(ROLLBACK, 'broken'); END",
];

#[tokio::test]
async fn what_sqlite_rolled_back_by_itself_harms_nothing_after_it() {
    let log = Tried::new().await;
    log.append("before", 3).await.unwrap();
    for size in [1, 3, 600] {
        log.tell_writer(ROLLS_BACK_BY_ITSELF[0]).await.unwrap();
        let refused = log.append("refused", size).await;
        assert!(matches!(refused, Err(AppendError::Storage(_))), "{refused:?}");
        log.append(&format!("after {size}"), 1).await.unwrap();
    }
    log.tell_writer(ROLLS_BACK_BY_ITSELF[1]).await.unwrap();
    let refused = log.log.remove_oldest(Sequence(2), 1).await;
    let refused = refused.unwrap_err();
    assert!(matches!(refused, RetentionError::Append(AppendError::Storage(_))), "{refused:?}");
    log.append("after pruning", 1).await.unwrap();
    log.log.remove_oldest(Sequence(2), 1).await.unwrap();
    assert_eq!(log.log.span().await.unwrap().entries, 6, "3 before, 4 after, 1 removed");
}

#[tokio::test]
async fn an_append_that_was_abandoned_while_it_failed_harms_nothing_after_it() {
    for polls in 1..40 {
        let log = Tried::new().await;
        log.append("before", 1).await.unwrap();
        log.tell_writer(ROLLS_BACK_BY_ITSELF[0]).await.unwrap();
        let mut abandoned = Box::pin(log.append("abandoned", 600));
        for _ in 0..polls {
            if (&mut abandoned).now_or_never().is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(abandoned);
        log.append("after", 1).await.unwrap();
        assert_eq!(log.log.span().await.unwrap().entries, 2, "abandoned after {polls} polls");
    }
}

/// A clock that shows what it was set to; it breaks when it was set to nothing.
struct Broken(std::sync::Mutex<Option<DateTime<Utc>>>);

#[async_trait::async_trait]
impl Clock for Broken {
    fn now(&self) -> DateTime<Utc> {
        let now = *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        now.expect("this clock is broken")
    }

    async fn sleep(&self, _: Duration) {}
}

#[tokio::test]
async fn a_broken_clock_fails_one_append_and_harms_none_after_it() {
    let clock = Arc::new(Broken(std::sync::Mutex::default()));
    let log = Tried::with_clock(Arc::clone(&clock) as Arc<dyn Clock>).await;
    let set = |time| *clock.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = time;
    for broken in [None, Some(DateTime::<Utc>::MAX_UTC), None] {
        set(broken);
        // A clock that panics takes its caller with it; the bus keeps that from going further.
        let refused = AssertUnwindSafe(log.append("refused", 2)).catch_unwind().await;
        match (broken, refused) {
            (None, Err(_)) | (Some(_), Ok(Err(AppendError::Storage(_)))) => {}
            (_, refused) => panic!("a broken clock was taken at its word: {refused:?}"),
        }
        set(Some(DateTime::UNIX_EPOCH));
        log.append(&format!("after {broken:?}"), 1).await.unwrap();
    }
    // The broken clock is asked before anything is written, by both ways of writing.
    assert_eq!(log.log.span().await.unwrap().entries, 2);
}

/// A clock whose next time, where it is told so, is one that cannot be written.
#[derive(Default)]
struct WrongOnce(std::sync::atomic::AtomicBool);

#[async_trait::async_trait]
impl Clock for WrongOnce {
    fn now(&self) -> DateTime<Utc> {
        let wrong = self.0.swap(false, std::sync::atomic::Ordering::SeqCst);
        if wrong { DateTime::<Utc>::MAX_UTC } else { DateTime::UNIX_EPOCH }
    }

    async fn sleep(&self, _: Duration) {}
}

#[tokio::test]
async fn what_fails_once_is_not_tried_again_behind_the_callers_back() {
    let clock = Arc::new(WrongOnce::default());
    let log = Tried::with_clock(Arc::clone(&clock) as Arc<dyn Clock>).await;
    for name in ["from the newest that was read", "from the newest that is known"] {
        log.append(&format!("before {name}"), 1).await.unwrap();
        clock.0.store(true, std::sync::atomic::Ordering::SeqCst);
        let refused = log.append("refused", 1).await;
        assert!(matches!(refused, Err(AppendError::Storage(_))), "{name}: {refused:?}");
    }
    log.append("after", 1).await.unwrap();
    assert_eq!(log.log.span().await.unwrap().entries, 3);
}

#[test]
fn an_entry_is_refused_for_its_leaf_also_where_its_texts_are_short_of_the_limit() {
    // Each of these letters takes six in JSON.
    let of = |letters: usize| {
        let mut envelope = entry("e").into_envelope();
        envelope.subject = None;
        envelope.plan_id = Some("\u{1}".repeat(letters));
        NewRow::of(&[AuditEntry::new(envelope)])
    };
    assert!(of(10_000).is_ok());
    for letters in [domain::proof::MAX_LEAF_BYTES / 6, domain::proof::MAX_LEAF_BYTES / 5] {
        let refused = of(letters).err();
        assert!(matches!(refused, Some(Unwritable::TooLong { .. })), "{letters}: {refused:?}");
    }
}
