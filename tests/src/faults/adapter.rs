//! The adapter under torture: where it is to keep its log, and how it opens, keeps and closes it.
//!
//! Deliberately absent: which adapter. [`sqlite`] is the one that the product ships.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::{AuditLog, AuditTree, Clock};
use futures::future::BoxFuture;
use infrastructure::seaorm::{
    AuditStorage, Durability, SeaOrmAuditLog, SeaOrmAuditTree, StorageOptions,
};
use rusqlite::{Connection, OpenFlags};

/// Why an adapter could not open its log.
pub type Problem = Box<dyn Error + Send + Sync>;

/// Where a log is to be kept, and by which clock.
#[derive(Clone)]
pub struct Place {
    /// The folder for everything that belongs to the log.
    pub folder: PathBuf,
    /// The SQLite VFS to reach the files in it through; `None` is SQLite's own, when what is left is
    /// looked at after all has happened.
    pub vfs: Option<&'static str>,
    /// The clock that entries are stamped by.
    pub clock: Arc<dyn Clock>,
}

type Deed = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;
type Habit = Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// A log that is open, and what else its adapter can do with it.
#[must_use = "a log that is not closed may leave its last work undone"]
pub struct OpenLog {
    pub(super) log: Arc<dyn AuditLog>,
    pub(super) tree: Option<Arc<dyn AuditTree>>,
    close: Vec<Deed>,
    pub(super) keep: Option<Habit>,
}

impl OpenLog {
    /// A log that is closed by being dropped.
    pub fn new(log: Arc<dyn AuditLog>) -> Self {
        Self { log, tree: None, close: Vec::new(), keep: None }
    }

    /// The same log behind another one, such as one that breaks a promise on purpose.
    pub fn behind(mut self, wrap: impl FnOnce(Arc<dyn AuditLog>) -> Arc<dyn AuditLog>) -> Self {
        self.log = wrap(self.log);
        self
    }

    /// Says what the tree over it is, which is then held against the record as well.
    pub fn treed(mut self, tree: Arc<dyn AuditTree>) -> Self {
        self.tree = Some(tree);
        self
    }

    /// The same log with its tree, if it has one, behind another.
    pub fn tree_behind(
        mut self,
        wrap: impl FnOnce(Arc<dyn AuditTree>) -> Arc<dyn AuditTree>,
    ) -> Self {
        self.tree = self.tree.map(wrap);
        self
    }

    /// Says how it is closed; what is said later is done earlier, as with layers. A disk that fails
    /// meanwhile must not make it wait without end.
    pub fn closed_by<F: Future<Output = ()> + Send + 'static>(
        mut self,
        close: impl FnOnce() -> F + Send + 'static,
    ) -> Self {
        self.close.push(Box::new(|| Box::pin(close())));
        self
    }

    pub(super) async fn close(self) {
        for close in self.close.into_iter().rev() {
            close().await;
        }
    }

    /// Says what is done now and then to keep it, such as folding a journal back.
    pub fn kept_by<F: Future<Output = ()> + Send + 'static>(
        mut self,
        keep: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self {
        self.keep = Some(Box::new(move || Box::pin(keep())));
        self
    }
}

/// The shipped adapter on SQLite, to be passed to [`torture`](super::torture). Its housekeeping is a
/// checkpoint that empties the write-ahead log, as another process may make one at any time.
pub fn sqlite(
    durability: Durability,
) -> impl Fn(Place) -> BoxFuture<'static, Result<OpenLog, Problem>> + Send + Sync {
    move |place| Box::pin(open_sqlite(place, durability))
}

async fn open_sqlite(place: Place, durability: Durability) -> Result<OpenLog, Problem> {
    let file = place.folder.join("audit.db");
    let vfs = place.vfs.map(ToOwned::to_owned);
    let options = StorageOptions { durability, vfs, ..StorageOptions::new(&file) };
    let storage = AuditStorage::connect(options).await?;
    let log = SeaOrmAuditLog::new(storage.clone(), Arc::clone(&place.clock));
    let tree = Arc::new(SeaOrmAuditTree::new(storage.clone()));
    let keep = move || {
        let file = file.clone();
        async move {
            if let Err(error) = fold(&file, place.vfs) {
                tracing::debug!(%error, "the write-ahead log was not folded back");
            }
        }
    };
    let close = move || async move { storage.close().await };
    Ok(OpenLog::new(Arc::new(log)).treed(tree).closed_by(close).kept_by(keep))
}

/// Folds the write-ahead log back from a connection of its own.
fn fold(file: &Path, vfs: Option<&str>) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let other = match vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(file, flags, vfs)?,
        None => Connection::open_with_flags(file, flags)?,
    };
    // The answer says how far it came.
    other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}
