//! How an audit log is opened.
//!
//! Deliberately absent: page sizes, caches and other knobs that measured as noise.

use std::path::PathBuf;
use std::time::Duration;

/// How sure it is that what was appended outlives a loss of power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Durability {
    /// Every append waits for the disk (`synchronous = FULL`).
    #[default]
    Full,
    /// The weaker choice (`synchronous = NORMAL`): the last appends may be lost with the power,
    /// though never with the process.
    Normal,
}

impl Durability {
    /// The number by which SQLite knows the setting.
    pub(super) const fn synchronous(self) -> i64 {
        match self {
            Self::Full => 2,
            Self::Normal => 1,
        }
    }
}

/// What the log is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Access {
    /// Appending, pruning and asking; creates what is missing.
    #[default]
    ReadWrite,
    /// Asking only; creates nothing.
    ReadOnly,
}

/// Where an audit log is and how it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageOptions {
    /// The SQLite file.
    pub file: PathBuf,
    /// How sure an append is.
    pub durability: Durability,
    /// What the log is opened for.
    pub access: Access,
    /// How long to wait while other processes hold the log.
    pub lock_timeout: Duration,
    /// The VFS that SQLite reaches the file through, by the name it was registered under in this
    /// process: one that encrypts, keeps the file elsewhere, or fails for a test. `None` is SQLite's
    /// own. It must keep what it syncs, and it must have shared memory, or the file cannot be
    /// opened: the log is kept in write-ahead mode. The file itself is made, and looked at before
    /// it is opened, by this program and not through the VFS.
    pub vfs: Option<String>,
}

impl StorageOptions {
    /// A file to read and write, with full durability, a lock timeout of 30 s, and SQLite's own VFS.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            durability: Durability::default(),
            access: Access::default(),
            lock_timeout: Duration::from_secs(30),
            vfs: None,
        }
    }
}
