//! Makers of the adapters we ship, for whoever wants them tried, wrapped or compared.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::AuditLog;
use infrastructure::memory::InMemoryAuditLog;
use infrastructure::seaorm::{AuditStorage, SeaOrmAuditLog, StorageOptions};

use super::audit_log::AuditLogMaker;
use crate::expect::must;
use crate::fakes::ManualClock;

/// Makes logs in memory. Nothing outlives the process, so that there is no restart and no sharing
/// to try: see [`BEYOND_THE_PROCESS`](super::audit_log::BEYOND_THE_PROCESS).
#[derive(Debug, Clone, Copy, Default)]
pub struct InMemory;

#[async_trait]
impl AuditLogMaker for InMemory {
    async fn make(&self, clock: Arc<ManualClock>) -> Arc<dyn AuditLog> {
        Arc::new(InMemoryAuditLog::new(clock))
    }
}

/// Makes logs in SQLite files, each in a folder of its own that goes with the maker.
pub struct OnDisk {
    folder: tempfile::TempDir,
    made: AtomicUsize,
    open: Mutex<Option<AuditStorage>>,
}

impl OnDisk {
    /// A maker with a temporary folder of its own.
    ///
    /// # Panics
    /// When there is no place for one.
    #[must_use]
    pub fn new() -> Self {
        let folder = must(tempfile::tempdir());
        Self { folder, made: AtomicUsize::default(), open: Mutex::default() }
    }

    /// Opens a file and closes the one before, whose log is not used any more.
    async fn open(&self, file: PathBuf, clock: Arc<ManualClock>) -> Arc<dyn AuditLog> {
        let storage = must(AuditStorage::connect(StorageOptions::new(file)).await);
        let before = self.replace(Some(storage.clone()));
        if let Some(before) = before {
            before.close().await;
        }
        Arc::new(SeaOrmAuditLog::new(storage, clock))
    }

    fn replace(&self, storage: Option<AuditStorage>) -> Option<AuditStorage> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *open, storage)
    }
}

impl Default for OnDisk {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl AuditLogMaker for OnDisk {
    async fn make(&self, clock: Arc<ManualClock>) -> Arc<dyn AuditLog> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        self.open(self.folder.path().join(format!("{number}/audit.db")), clock).await
    }

    async fn reopen(
        &self,
        _: &Arc<dyn AuditLog>,
        clock: Arc<ManualClock>,
    ) -> Option<Arc<dyn AuditLog>> {
        let open = self.replace(None)?;
        open.close().await;
        Some(self.open(open.file().to_owned(), clock).await)
    }

    async fn share(&self, _: &dyn AuditLog, clock: Arc<ManualClock>) -> Option<Arc<dyn AuditLog>> {
        let file = {
            let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.as_ref()?.file().to_owned()
        };
        let storage = must(AuditStorage::connect(StorageOptions::new(file)).await);
        Some(Arc::new(SeaOrmAuditLog::new(storage, clock)))
    }
}
