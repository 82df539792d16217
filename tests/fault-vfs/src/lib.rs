//! A disk under SQLite that fails and loses power when a test says so.
//!
//! [`FaultyDisk`] watches one folder. Databases in it that are opened with the VFS named
//! [`FaultyDisk::VFS`] work as ever, on real files and through SQLite's own default VFS, its locks
//! and its shared memory included. The disk keeps a history of everything that changed a file, and
//! does two things with it:
//!
//! - it fails the n-th write, sync, truncation, deletion or creation, as a [`Fault`] says;
//! - it works out, for any moment of the past, which files a loss of power would have left behind
//!   ([`FaultyDisk::power_cut`]), and writes them into another folder.
//!
//! What a loss of power leaves behind:
//!
//! - what was synced is there;
//! - of what was written since, any subset of its 512-byte sectors is there, in the order it was
//!   written, and the file may have grown without its content (zeros);
//! - a sync that failed wrote a part and gave up the rest for good: a later sync that succeeds does
//!   not make up for it, as on Linux;
//! - files that were made or deleted since their folder was last synced: such changes last in their
//!   order, up to a moment that is drawn. SQLite syncs the folder with the first sync of a new
//!   journal or write-ahead log;
//! - shared memory (`-shm`) is gone, as it is rebuilt by whoever opens the database first.
//!
//! ```
//! use indelible_fault_vfs::{Fault, FaultyDisk, Failure, Operation, Survival};
//! use rusqlite::{Connection, OpenFlags};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (folder, after) = (tempfile::tempdir()?, tempfile::tempdir()?);
//! let disk = FaultyDisk::over(folder.path())?;
//! let file = folder.path().join("a.db");
//! let database = Connection::open_with_flags_and_vfs(file, OpenFlags::default(), FaultyDisk::VFS)?;
//! database.pragma_update(None, "journal_mode", "wal")?;
//! database.execute_batch("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1);")?;
//!
//! disk.fail(Fault::once(Operation::Sync, 1, Failure::Io));
//! assert!(database.execute("INSERT INTO t VALUES (2)", []).is_err());
//!
//! disk.power_cut(disk.now(), Survival::Torn { seed: 7 }, after.path())?;
//! let left = Connection::open(after.path().join("a.db"))?;
//! let rows: i64 = left.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?;
//! assert!(rows >= 1, "what was committed is there; what failed is there whole or not at all");
//! # Ok(())
//! # }
//! ```
//!
//! Deliberately absent: reads that fail, other VFSs than the default one beneath, and memory-mapped
//! files, which are declined so that no write goes past the disk. A sync is not passed on to the
//! machine's own disk: what lasts is decided here, and thousands of runs cost no time that way.

#![cfg(unix)]

mod disk;
mod file;
mod history;
mod plan;
mod vfs;

pub use disk::{FaultyDisk, FaultyDiskError, Moment};
pub use history::{SECTOR, Survival};
pub use plan::{Failure, Fault, Operation};
