//! Opening the file: examine, create, migrate, and the two pools.
//!
//! Deliberately absent: writing to a file before it is known to be ours or nobody's.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sea_orm::sqlx::{self, ConnectOptions as _};
use sea_orm::{
    DatabaseConnection, DbErr, SqliteTransactionMode, SqlxSqliteConnector, TransactionOptions,
    TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use tempfile::TempDir;

use super::archive::{self, unpack};
use super::examine::{Known, Marks, OnDisk, marks, on_disk};
use super::growth::Growth;
use super::migration::Migrator;
use super::problem::{Patience, Trouble, Troubled, open_error};
use super::scan::Scans;
use super::writer::Writer;
use super::{Access, Durability, OpenError, StorageOptions};

/// How many questions may be answered at a time.
const READERS: u32 = 4;

/// How many pages the write-ahead log grows to before it is folded back. Four times SQLite's own
/// choice: a full writer gains about a tenth, since pages that many batches touch are folded once.
const CHECKPOINT_PAGES: &str = "4000";

/// How long SQLite itself waits for a lock; beyond it we try again.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long closing waits for questions that are being answered. One that was left in the middle
/// of its answer would be waited for without end.
const PATIENCE_WITH_READERS: Duration = Duration::from_secs(2);

/// The oldest SQLite that does not lose commits when a write-ahead log is reset.
const OLDEST_SQLITE: [u32; 3] = [3, 51, 3];

/// An open audit log file: one writer, a few readers. Clones share them.
#[derive(Clone, Debug)]
pub struct AuditStorage {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: StorageOptions,
    readers: DatabaseConnection,
    scans: Arc<Scans>,
    writer: Option<Arc<Writer>>,
    growth: Growth,
    immutable: bool,
    earlier: bool,
    /// Where an archive was unpacked to; goes when the last one who reads it does.
    unpacked: Option<TempDir>,
}

impl AuditStorage {
    /// Opens the file, and creates it with its folders where the access allows it; a file made
    /// here belongs to its owner alone. Several processes may do so at once.
    ///
    /// # Errors
    /// When the file is not an audit log that this program can use; it is left as it was.
    pub async fn connect(options: StorageOptions) -> Result<Self, OpenError> {
        let file = options.file.as_path();
        let patience = Patience::of(options.lock_timeout);
        let mut reading = read_options(&options);
        let (mut immutable, mut earlier) = (false, false);
        match (on_disk(file)?, options.access) {
            (OnDisk::Database, access) => {
                let known = match examine(&options, &reading).await {
                    // SQLite wants to make a file beside it, which nobody lets us. Where no one
                    // has left a write-ahead log it can be read without.
                    Err(OpenError::ReadOnly { .. })
                        if access == Access::ReadOnly && !has_write_ahead_log(file) =>
                    {
                        reading = reading.immutable(true);
                        immutable = true;
                        examine(&options, &reading).await?
                    }
                    known => known?,
                };
                earlier = access == Access::ReadOnly && known == Some(Known::Earlier);
                if access == Access::ReadOnly && known == Some(Known::Empty) {
                    return Err(OpenError::Missing { file: file.to_owned() });
                }
            }
            (OnDisk::Archive, Access::ReadOnly) => return Self::connect_archive(options).await,
            (OnDisk::Archive, Access::ReadWrite) => {
                return Err(OpenError::Archive { file: file.to_owned() });
            }
            (OnDisk::Nothing, Access::ReadOnly) => {
                return Err(OpenError::Missing { file: file.to_owned() });
            }
            (OnDisk::Nothing, Access::ReadWrite) => create(file)?,
        }
        let writer = match options.access {
            Access::ReadOnly => None,
            Access::ReadWrite => {
                let database = open(write_options(&options), 1);
                prepare(&database, file, patience).await?;
                Some(Arc::new(Writer::new(database, options.lock_timeout)))
            }
        };
        let readers = open(reading, READERS);
        // Where a VFS keeps what it writes is its own affair.
        let growth = Growth::of(options.vfs.is_none().then_some(file));
        let scans = Arc::new(Scans::of(&options, busy_timeout(&options), immutable));
        let unpacked = None;
        let shared =
            Shared { options, readers, scans, writer, growth, immutable, earlier, unpacked };
        let storage = Self { shared: Arc::new(shared) };
        check_library(storage.file(), storage.library_version().await?)?;
        Ok(storage)
    }

    /// Opens an archive, by what it unpacks to.
    async fn connect_archive(options: StorageOptions) -> Result<Self, OpenError> {
        let unpacked = unpack(&options.file).await?;
        let file = unpacked.path().join(archive::NAME);
        let options = StorageOptions { file, vfs: None, ..options };
        let mut storage = Box::pin(Self::connect(options)).await?;
        if let Some(shared) = Arc::get_mut(&mut storage.shared) {
            shared.unpacked = Some(unpacked);
        }
        Ok(storage)
    }

    /// Folds the write-ahead log back into the file and closes it. Appends under way are finished
    /// first; whatever is asked afterwards is refused. A question that is never read to its end, such as
    /// a stream that nobody polls, holds its connection until it is dropped, and closing up by two
    /// seconds.
    pub async fn close(&self) {
        let readers = self.shared.readers.get_sqlite_connection_pool();
        // The writer comes last, since the last to close removes the write-ahead log, which those
        // who only read cannot. Readers that are still busy then do no harm: they are refused
        // whatever they ask next, and the next process that opens the file folds the log back.
        let closed = async { tokio::join!(readers.close(), self.shared.scans.close()) };
        let _ = tokio::time::timeout(PATIENCE_WITH_READERS, closed).await;
        self.shared.scans.refuse();
        if let Some(writer) = &self.shared.writer {
            writer.close().await;
        }
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.shared.options.file
    }

    /// What the file was opened with.
    pub(super) fn options(&self) -> &StorageOptions {
        &self.shared.options
    }

    /// The connections to ask through.
    pub(super) fn readers(&self) -> &DatabaseConnection {
        &self.shared.readers
    }

    /// The connections to go through many rows with.
    pub(super) fn scans(&self) -> &Arc<Scans> {
        &self.shared.scans
    }

    /// The one connection to write through, unless the file was opened for reading.
    pub(super) fn writer(&self) -> Option<&Arc<Writer>> {
        self.shared.writer.as_ref()
    }

    /// Whether it was opened as a file that nobody changes, so that no change to it is noticed.
    pub(super) fn is_immutable(&self) -> bool {
        self.shared.immutable
    }

    /// Whether it was unpacked from an archive, which holds a part of a record.
    pub(super) fn is_archive(&self) -> bool {
        self.shared.unpacked.is_some()
    }

    /// Whether it is of an earlier version, and is left so.
    pub(super) fn is_earlier(&self) -> bool {
        self.shared.earlier
    }

    /// The growth of the record, whoever adds to it.
    pub(super) fn growth(&self) -> &Growth {
        &self.shared.growth
    }

    async fn library_version(&self) -> Result<String, OpenError> {
        sqlx::query_scalar("SELECT sqlite_version()")
            .fetch_one(self.shared.readers.get_sqlite_connection_pool())
            .await
            .map_err(|error| open_error(self.file(), error, Duration::ZERO))
    }
}

/// Whether a version such as `3.51.3` keeps every commit.
pub(super) fn is_recent_enough(version: &str) -> bool {
    let parts: Vec<u32> = version.split('.').map_while(|part| part.parse().ok()).collect();
    parts.as_slice() >= OLDEST_SQLITE.as_slice()
}

/// Refuses a library that can lose commits.
fn check_library(file: &Path, found: String) -> Result<(), OpenError> {
    if is_recent_enough(&found) {
        return Ok(());
    }
    Err(OpenError::SqliteTooOld { file: file.to_owned(), found })
}

/// Looks into a database without being able to change it. `None` when only a writer can tell,
/// because a crash left something to be rolled back first.
async fn examine(
    options: &StorageOptions,
    reading: &SqliteConnectOptions,
) -> Result<Option<Known>, OpenError> {
    let file = options.file.as_path();
    let patience = Patience::of(options.lock_timeout);
    let database = open(reading.clone(), 1);
    let found = loop {
        let found = marks(&database).await;
        let Some(pause) = patience.pause_after(&found) else { break found };
        tokio::time::sleep(pause).await;
    };
    database.get_sqlite_connection_pool().close().await;
    match found {
        Ok(marks) => marks.judge(file).map(Some),
        Err(error)
            if options.access == Access::ReadWrite && error.trouble() == Trouble::ReadOnly =>
        {
            Ok(None)
        }
        Err(error) => Err(open_error(file, error, patience.waited())),
    }
}

/// Whether what was written last may still lie in a file beside the database.
fn has_write_ahead_log(file: &Path) -> bool {
    let mut beside = file.as_os_str().to_owned();
    beside.push("-wal");
    Path::new(&beside).metadata().is_ok_and(|log| log.len() > 0)
}

/// Makes an empty file and the folders above it.
fn create(file: &Path) -> Result<(), OpenError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut how = OpenOptions::new();
    // Not truncated: another process may have filled it since we looked.
    how.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
    folder
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| how.open(file).map(drop))
        .map_err(|error| OpenError::Create { file: file.to_owned(), source: Arc::new(error) })
}

/// Brings a file that is ours or nobody's to the current schema.
async fn prepare(
    database: &DatabaseConnection,
    file: &Path,
    patience: Patience,
) -> Result<(), OpenError> {
    loop {
        let outcome = prepare_once(database, file).await;
        let Some(pause) = patience.pause_after(&outcome) else {
            return match outcome {
                Ok(verdict) => verdict,
                Err(error) => Err(open_error(file, error, patience.waited())),
            };
        };
        tokio::time::sleep(pause).await;
    }
}

/// One attempt. The inner result is the verdict on the file, which another attempt would not
/// change.
async fn prepare_once(
    database: &DatabaseConnection,
    file: &Path,
) -> Result<Result<(), OpenError>, DbErr> {
    let judge = |found: &Marks| found.judge(file);
    if let Err(refused) = judge(&marks(database).await?) {
        return Ok(Err(refused));
    }
    // Asked for by statement, since the change needs the file for itself and may have to wait.
    sqlx::query("PRAGMA journal_mode = WAL")
        .execute(database.get_sqlite_connection_pool())
        .await
        .map_err(|error| DbErr::Exec(sea_orm::RuntimeErr::SqlxError(Arc::new(error))))?;
    if matches!(judge(&marks(database).await?), Ok(Known::Current)) {
        return Ok(Ok(()));
    }
    let transaction = database
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        })
        .await?;
    // Another process may have been here between the glance and the lock.
    match judge(&marks(&transaction).await?) {
        Ok(Known::Current) => Ok(Ok(())),
        Ok(Known::Empty | Known::Earlier) => {
            Migrator::up(&transaction, None).await?;
            transaction.commit().await.map(Ok)
        }
        Err(refused) => Ok(Err(refused)),
    }
}

pub(super) fn open(options: SqliteConnectOptions, connections: u32) -> DatabaseConnection {
    let pool: SqlitePool = SqlitePoolOptions::new()
        .max_connections(connections)
        // Connections to a file do not go stale, so that asking whether they live is time lost.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(options);
    SqlxSqliteConnector::from_sqlx_sqlite_pool(pool)
}

/// An empty database that goes with its only connection.
pub(super) fn in_memory() -> DatabaseConnection {
    open(SqliteConnectOptions::new().in_memory(true).disable_statement_logging(), 1)
}

fn busy_timeout(options: &StorageOptions) -> Duration {
    BUSY_TIMEOUT.min(options.lock_timeout)
}

fn common_options(options: &StorageOptions) -> SqliteConnectOptions {
    let common = SqliteConnectOptions::new()
        .filename(&options.file)
        .busy_timeout(busy_timeout(options))
        .disable_statement_logging();
    match &options.vfs {
        Some(name) => common.vfs(name.clone()),
        None => common,
    }
}

fn read_options(options: &StorageOptions) -> SqliteConnectOptions {
    common_options(options).read_only(true)
}

fn write_options(options: &StorageOptions) -> SqliteConnectOptions {
    common_options(options)
        .synchronous(match options.durability {
            Durability::Full => SqliteSynchronous::Full,
            Durability::Normal => SqliteSynchronous::Normal,
        })
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        // The rows of a statement wait in a temporary table while the triggers look at them; in
        // memory that costs a full writer about a tenth less than in a file.
        .pragma("temp_store", "MEMORY")
}

#[cfg(test)]
mod tests;
