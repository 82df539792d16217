//! Both audit logs make the same promises.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::AuditLog;
use indelible_tests::contract::audit_log::{AuditLogMaker, audit_log};
use indelible_tests::fakes::ManualClock;
use infrastructure::memory::InMemoryAuditLog;
use infrastructure::seaorm::{AuditStorage, SeaOrmAuditLog, StorageOptions};

struct InMemory;

#[async_trait]
impl AuditLogMaker for InMemory {
    async fn make(&self, clock: Arc<ManualClock>) -> Arc<dyn AuditLog> {
        Arc::new(InMemoryAuditLog::new(clock))
    }
}

struct OnDisk {
    folder: tempfile::TempDir,
    made: AtomicUsize,
    open: Mutex<Option<AuditStorage>>,
}

impl OnDisk {
    async fn open(&self, file: PathBuf, clock: Arc<ManualClock>) -> Arc<dyn AuditLog> {
        let storage = AuditStorage::connect(StorageOptions::new(file)).await.unwrap();
        let before = self.open.lock().unwrap().replace(storage.clone());
        if let Some(before) = before {
            before.close().await;
        }
        Arc::new(SeaOrmAuditLog::new(storage, clock))
    }
}

#[async_trait]
impl AuditLogMaker for OnDisk {
    async fn make(&self, clock: Arc<ManualClock>) -> Arc<dyn AuditLog> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        self.open(self.folder.path().join(format!("{number}/audit.db")), clock).await
    }

    async fn reopen(&self, _: Arc<dyn AuditLog>, clock: Arc<ManualClock>) -> Arc<dyn AuditLog> {
        let open = self.open.lock().unwrap().take().unwrap();
        open.close().await;
        self.open(open.file().to_owned(), clock).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_in_memory_keeps_the_contract() {
    audit_log(&InMemory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_on_disk_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let on_disk = OnDisk { folder, made: AtomicUsize::default(), open: Mutex::default() };
    audit_log(&on_disk).await;
}
