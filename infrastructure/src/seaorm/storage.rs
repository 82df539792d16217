//! An open audit log file: who reads it, who writes it, and how it is opened and closed.
//!
//! Deliberately absent: what is done to a file before it is used, see `prepare.rs`, and how SQLite is
//! told to treat it, see `pools.rs`.

mod pools;
mod prepare;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::{DatabaseConnection, sqlx};
use tempfile::TempDir;

pub(super) use self::pools::{in_memory, open};

use self::pools::{busy_timeout, read_options, write_options};
use self::prepare::{create, examine, has_write_ahead_log, prepare};
use super::archive::{self, unpack};
use super::examine::{Known, OnDisk, on_disk};
use super::growth::Growth;
use super::problem::{Patience, open_error};
use super::scan::Scans;
use super::writer::Writer;
use super::{Access, OpenError, StorageOptions};

/// How many questions may be answered at a time.
const READERS: u32 = 4;

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
    archive: bool,
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
        let (mut immutable, mut earlier, mut archive) = (false, false, false);
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
                archive = known == Some(Known::Archive);
                if archive && access == Access::ReadWrite {
                    return Err(OpenError::Archive { file: file.to_owned() });
                }
                earlier = access == Access::ReadOnly && known == Some(Known::Earlier);
                if access == Access::ReadOnly && known == Some(Known::Empty) {
                    return Err(OpenError::Missing { file: file.to_owned() });
                }
            }
            (OnDisk::Compressed, Access::ReadOnly) => {
                return Self::connect_compressed(options).await;
            }
            (OnDisk::Compressed, Access::ReadWrite) => {
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
        let shared = Shared {
            options,
            readers,
            scans,
            writer,
            growth,
            immutable,
            earlier,
            archive,
            unpacked,
        };
        let storage = Self { shared: Arc::new(shared) };
        check_library(storage.file(), storage.library_version().await?)?;
        Ok(storage)
    }

    /// Opens what an archive's frame holds.
    async fn connect_compressed(options: StorageOptions) -> Result<Self, OpenError> {
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

    /// Whether it is of an earlier version, and is left so.
    pub(super) fn is_earlier(&self) -> bool {
        self.shared.earlier
    }

    /// Whether it was made as an archive: a part of a record, with the tree of all of it.
    #[must_use]
    pub fn is_archive(&self) -> bool {
        self.shared.archive
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
