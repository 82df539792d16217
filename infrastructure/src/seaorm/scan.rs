//! Connections for whoever goes through many rows.
//!
//! `SQLx` copies each value of each row and hands it to another thread, which takes longer than what is
//! done with it. Here whoever wants the rows steps through them on its own thread, and sees them where
//! SQLite has them.
//!
//! Deliberately absent: writing, and waiting for a lock longer than SQLite itself does.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use super::StorageOptions;

/// How many may go through rows at a time.
const SCANS: u32 = 4;

/// Why rows could not be gone through.
#[derive(Debug, thiserror::Error)]
pub(super) enum ScanError {
    #[error("the record was closed: open it again")]
    Closed,
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Gone(#[from] tokio::task::JoinError),
}

/// Reads a file through connections of its own, each used by one at a time.
#[derive(Debug)]
pub(super) struct Scans {
    name: String,
    vfs: Option<String>,
    busy_timeout: Duration,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Scans {
    /// Those of a file, which nobody changes where it is `immutable`. None is opened yet.
    pub(super) fn of(options: &StorageOptions, busy_timeout: Duration, immutable: bool) -> Self {
        Self {
            name: uri(&options.file, immutable),
            vfs: options.vfs.clone(),
            busy_timeout,
            permits: Arc::new(Semaphore::new(SCANS as usize)),
            idle: Mutex::default(),
        }
    }

    /// Has a thread that may block go through rows. It goes on to its end when nobody waits for it any
    /// more.
    pub(super) async fn run<T: Send + 'static>(
        self: Arc<Self>,
        scan: impl FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, ScanError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| ScanError::Closed)?;
        let scan = move || {
            let _permit = permit;
            let idle = self.idle().pop();
            let connection = idle.map_or_else(|| self.open(), Ok)?;
            let found = scan(&connection)?;
            // Asked under the lock, so that whoever closes finds it or it is not put back.
            let mut idle = self.idle();
            if !self.permits.is_closed() {
                idle.push(connection);
            }
            Ok::<T, rusqlite::Error>(found)
        };
        Ok(tokio::task::spawn_blocking(scan).await??)
    }

    /// Waits for those who are at it, and refuses all others from then on. Given up, it refuses them
    /// only once it is called again: see [`refuse`](Self::refuse).
    pub(super) async fn close(&self) {
        // It is refused where they are closed already.
        let all = self.permits.acquire_many(SCANS).await;
        self.refuse();
        drop(all);
    }

    /// Refuses all who come from now on.
    pub(super) fn refuse(&self) {
        self.permits.close();
        self.idle().clear();
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        // Nothing under this lock can panic halfway.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<Connection, rusqlite::Error> {
        let how = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match &self.vfs {
            Some(vfs) => Connection::open_with_flags_and_vfs(&self.name, how, vfs.as_str())?,
            None => Connection::open_with_flags(&self.name, how)?,
        };
        connection.busy_timeout(self.busy_timeout)?;
        Ok(connection)
    }
}

/// A file as SQLite takes it with what is to be said of it.
fn uri(file: &Path, immutable: bool) -> String {
    // Without this, what follows a second slash at the beginning of a path is taken for a host.
    let rooted = file.as_os_str().as_encoded_bytes().starts_with(b"/");
    let mut uri = if rooted { "file://" } else { "file:" }.to_owned();
    for byte in file.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    if immutable {
        uri.push_str("?immutable=1");
    }
    uri
}

#[cfg(test)]
mod tests;
