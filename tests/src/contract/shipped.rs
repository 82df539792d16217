//! Makers of the adapters we ship, for whoever wants them tried, wrapped or compared.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::subscription::Effect;
use domain::{AuditLog, LegalHolds, SubscriptionStore};
use infrastructure::memory::{InMemoryAuditLog, InMemoryLegalHolds, InMemorySubscriptionStore};
use infrastructure::seaorm::{
    AuditStorage, SeaOrmAuditErasure, SeaOrmAuditLog, SeaOrmAuditTree, SeaOrmLegalHolds,
    SeaOrmSubscriptionStore, StorageOptions,
};

use super::audit_erasure::{AuditErasureMaker, ErasableRecord};
use super::audit_log::AuditLogMaker;
use super::audit_tree::{AuditTreeMaker, Treed};
use super::legal_holds::{Held, LegalHoldsMaker};
use super::subscription_store::{EffectLedger, SubscriptionStoreMaker};
use crate::expect::must;
use crate::fakes::ManualClock;

/// Makes logs and stores in memory. Nothing outlives the process, so that there is no restart and no
/// sharing to try: see [`BEYOND_THE_PROCESS`](super::audit_log::BEYOND_THE_PROCESS).
#[derive(Debug, Clone, Copy, Default)]
pub struct InMemory;

#[async_trait]
impl AuditLogMaker for InMemory {
    async fn make(&self, clock: Arc<ManualClock>) -> Arc<dyn AuditLog> {
        Arc::new(InMemoryAuditLog::new(clock))
    }
}

#[async_trait]
impl AuditTreeMaker for InMemory {
    async fn make(&self, clock: Arc<ManualClock>) -> Treed {
        let log = InMemoryAuditLog::new(clock);
        let tree = Arc::new(log.tree());
        Treed { log: Arc::new(log), tree }
    }
}

#[async_trait]
impl SubscriptionStoreMaker for InMemory {
    async fn make(&self, clock: Arc<ManualClock>) -> Arc<dyn SubscriptionStore> {
        Arc::new(InMemorySubscriptionStore::new(clock))
    }
}

#[async_trait]
impl LegalHoldsMaker for InMemory {
    async fn make(&self, clock: Arc<ManualClock>) -> Held {
        let log: Arc<dyn AuditLog> = Arc::new(InMemoryAuditLog::new(clock));
        (Arc::clone(&log), Arc::new(InMemoryLegalHolds::new(log)))
    }
}

#[async_trait]
impl AuditErasureMaker for InMemory {
    async fn make(&self, clock: Arc<ManualClock>) -> ErasableRecord {
        let log = Arc::new(InMemoryAuditLog::new(clock));
        ErasableRecord { log: Arc::clone(&log) as _, erasure: log }
    }
}

/// Makes logs and stores in SQLite files, each in a folder of its own that goes with the maker.
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

    /// A new file, open.
    async fn new_file(&self) -> AuditStorage {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        self.open(self.folder.path().join(format!("{number}/audit.db"))).await
    }

    /// Opens a file and closes the one before, whose log or store is not used any more.
    async fn open(&self, file: PathBuf) -> AuditStorage {
        let storage = must(AuditStorage::connect(StorageOptions::new(file)).await);
        let before = self.replace(Some(storage.clone()));
        if let Some(before) = before {
            before.close().await;
        }
        storage
    }

    /// The file made last, opened anew once it is closed.
    async fn open_again(&self) -> Option<AuditStorage> {
        let open = self.replace(None)?;
        open.close().await;
        Some(self.open(open.file().to_owned()).await)
    }

    /// The file made last, opened once more.
    async fn open_twice(&self) -> Option<AuditStorage> {
        let file = self.file()?;
        Some(must(AuditStorage::connect(StorageOptions::new(file)).await))
    }

    fn file(&self) -> Option<PathBuf> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        Some(open.as_ref()?.file().to_owned())
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
        Arc::new(SeaOrmAuditLog::new(self.new_file().await, clock))
    }

    async fn reopen(
        &self,
        _: &Arc<dyn AuditLog>,
        clock: Arc<ManualClock>,
    ) -> Option<Arc<dyn AuditLog>> {
        Some(Arc::new(SeaOrmAuditLog::new(self.open_again().await?, clock)))
    }

    async fn share(&self, _: &dyn AuditLog, clock: Arc<ManualClock>) -> Option<Arc<dyn AuditLog>> {
        Some(Arc::new(SeaOrmAuditLog::new(self.open_twice().await?, clock)))
    }
}

/// The record in an open file.
fn erasable(storage: AuditStorage, clock: Arc<ManualClock>) -> ErasableRecord {
    ErasableRecord {
        log: Arc::new(SeaOrmAuditLog::new(storage.clone(), clock)),
        erasure: Arc::new(SeaOrmAuditErasure::new(storage)),
    }
}

#[async_trait]
impl AuditErasureMaker for OnDisk {
    async fn make(&self, clock: Arc<ManualClock>) -> ErasableRecord {
        erasable(self.new_file().await, clock)
    }

    async fn reopen(&self, _: &ErasableRecord, clock: Arc<ManualClock>) -> Option<ErasableRecord> {
        Some(erasable(self.open_again().await?, clock))
    }
}

/// The log in a storage and its tree.
fn treed(storage: AuditStorage, clock: Arc<ManualClock>) -> Treed {
    let tree = Arc::new(SeaOrmAuditTree::new(storage.clone()));
    Treed { log: Arc::new(SeaOrmAuditLog::new(storage, clock)), tree }
}

#[async_trait]
impl AuditTreeMaker for OnDisk {
    async fn make(&self, clock: Arc<ManualClock>) -> Treed {
        treed(self.new_file().await, clock)
    }

    async fn reopen(&self, _: &Treed, clock: Arc<ManualClock>) -> Option<Treed> {
        Some(treed(self.open_again().await?, clock))
    }

    async fn share(&self, _: &Treed, clock: Arc<ManualClock>) -> Option<Treed> {
        Some(treed(self.open_twice().await?, clock))
    }
}

#[async_trait]
impl SubscriptionStoreMaker for OnDisk {
    async fn make(&self, clock: Arc<ManualClock>) -> Arc<dyn SubscriptionStore> {
        Arc::new(SeaOrmSubscriptionStore::new(self.new_file().await, clock))
    }

    async fn reopen(
        &self,
        _: &Arc<dyn SubscriptionStore>,
        clock: Arc<ManualClock>,
    ) -> Option<Arc<dyn SubscriptionStore>> {
        Some(Arc::new(SeaOrmSubscriptionStore::new(self.open_again().await?, clock)))
    }

    async fn share(
        &self,
        _: &dyn SubscriptionStore,
        clock: Arc<ManualClock>,
    ) -> Option<Arc<dyn SubscriptionStore>> {
        Some(Arc::new(SeaOrmSubscriptionStore::new(self.open_twice().await?, clock)))
    }

    async fn ledger(&self, _: &dyn SubscriptionStore) -> Option<Box<dyn EffectLedger>> {
        let table = WordTable { file: self.file()? };
        must(
            table.connection().execute_batch("CREATE TABLE ledger (word TEXT PRIMARY KEY) STRICT"),
        );
        Some(Box::new(table))
    }
}

/// A log and the holds in one storage.
fn held(storage: AuditStorage, clock: Arc<ManualClock>) -> Held {
    let holds: Arc<dyn LegalHolds> = Arc::new(SeaOrmLegalHolds::new(storage.clone()));
    (Arc::new(SeaOrmAuditLog::new(storage, clock)), holds)
}

#[async_trait]
impl LegalHoldsMaker for OnDisk {
    async fn make(&self, clock: Arc<ManualClock>) -> Held {
        held(self.new_file().await, clock)
    }

    async fn reopen(&self, _: &Held, clock: Arc<ManualClock>) -> Option<Held> {
        Some(held(self.open_again().await?, clock))
    }

    fn keeps_the_record(&self) -> bool {
        true
    }
}

/// A table of words beside the record, in its file.
#[derive(Debug, Clone)]
pub struct WordTable {
    file: PathBuf,
}

impl WordTable {
    /// Makes the table.
    ///
    /// # Panics
    /// When it is there already, or cannot be made.
    #[must_use]
    pub fn new(file: PathBuf) -> Self {
        let table = Self { file };
        must(
            table.connection().execute_batch("CREATE TABLE ledger (word TEXT PRIMARY KEY) STRICT"),
        );
        table
    }

    fn connection(&self) -> rusqlite::Connection {
        must(rusqlite::Connection::open(&self.file))
    }
}

#[async_trait]
impl EffectLedger for WordTable {
    fn write(&self, word: &str) -> Effect {
        Effect::new("INSERT INTO ledger (word) VALUES (?)").with(word)
    }

    async fn words(&self) -> Vec<String> {
        let connection = self.connection();
        let mut question = must(connection.prepare("SELECT word FROM ledger ORDER BY word"));
        let words = must(question.query_map((), |row| row.get(0)));
        words.map(must).collect()
    }
}
