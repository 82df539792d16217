//! What the tests of the stored file share: a folder, a log over a file in it, and the file as any
//! other program sees it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::audit::Page;
use domain::{AuditFilter, AuditQuery};
use indelible_tests::contract::audit_log::start;
use indelible_tests::fakes::ManualClock;
use infrastructure::seaorm::{Access, AuditStorage, SeaOrmAuditLog, StorageOptions};

/// A folder with the path of a log in it.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) file: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("audit.db");
        Self { folder, file }
    }

    /// Options that do not wait for long.
    pub(crate) fn options(&self) -> StorageOptions {
        StorageOptions {
            lock_timeout: Duration::from_millis(200),
            ..StorageOptions::new(&self.file)
        }
    }

    pub(crate) async fn storage(&self) -> AuditStorage {
        AuditStorage::connect(StorageOptions::new(&self.file)).await.unwrap()
    }

    /// Its log as one opens it who only reads.
    pub(crate) async fn storage_to_read(&self) -> AuditStorage {
        let options = StorageOptions { access: Access::ReadOnly, ..self.options() };
        AuditStorage::connect(options).await.unwrap()
    }

    pub(crate) async fn log(&self) -> SeaOrmAuditLog {
        log_over(&self.storage().await)
    }

    /// The file as another program opens it.
    pub(crate) fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(&self.file).unwrap()
    }

    /// The same, for somebody whom no trigger stops any more.
    pub(crate) fn unguarded(&self) -> rusqlite::Connection {
        let raw = self.raw();
        let guards = "SELECT group_concat('DROP TRIGGER ' || name, ';') FROM sqlite_schema \
                      WHERE type = 'trigger'";
        let guards: String = raw.query_row(guards, (), |row| row.get(0)).unwrap();
        raw.execute_batch(&guards).unwrap();
        raw
    }
}

pub(crate) fn log_over(storage: &AuditStorage) -> SeaOrmAuditLog {
    SeaOrmAuditLog::new(storage.clone(), Arc::new(ManualClock::at(start())))
}

/// The ids on record, in order; fails where the sequences have a gap.
pub(crate) async fn ids(log: &SeaOrmAuditLog) -> Vec<String> {
    let record = log.page(&AuditFilter::default(), Page::first(u32::MAX)).await.unwrap();
    let first = record.first().map_or(1, |event| event.sequence.0);
    for (place, event) in (first..).zip(&record) {
        assert_eq!(event.sequence.0, place, "sequences have no gaps");
    }
    record.into_iter().map(|event| event.envelope.event_id).collect()
}
