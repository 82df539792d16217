//! What an adapter does when the disk fails, the power goes, or the process is killed.
//!
//! [`torture`] runs a [`Workload`] through the real bus and its recorder, over an adapter that keeps
//! its files on a [`FaultyDisk`]. First it counts what the workload does to the disk; then it runs
//! it again for every single write, sync, truncation, deletion and creation, failing that one, or
//! all from that one on; and it works out what a loss of power at every moment leaves behind, torn at
//! sectors. Each time what is left is opened anew, and must keep these promises:
//!
//! - every event that was acknowledged is there once, at its place, as it was emitted;
//! - of what was not acknowledged, each batch is there whole or not at all, and nothing is torn;
//! - the sequence has no gap, and begins after what was removed;
//! - the tree over it is that of the rows, removed ones included, and of every checkpoint that was kept;
//!   none of those is lost;
//! - it is healthy, takes new events, and its tree grows on;
//! - the bus has either recovered or refused out loud: nothing hung, and nobody was told of an event
//!   that was refused.
//!
//! To hold an adapter of your own to it, say how it opens its log in a folder. Whatever it keeps in
//! SQLite files it must open with the VFS it is given:
//!
//! ```
//! use std::sync::Arc;
//!
//! use indelible_tests::faults::{OpenLog, Place, Torture, Workload};
//! use infrastructure::seaorm::{AuditStorage, SeaOrmAuditLog, StorageOptions};
//!
//! let make = |place: Place| async move {
//!     let mut options = StorageOptions::new(place.folder.join("audit.db"));
//!     options.vfs = place.vfs.map(str::to_owned);
//!     let storage = AuditStorage::connect(options).await?;
//!     let log = SeaOrmAuditLog::new(storage.clone(), place.clock);
//!     Ok(OpenLog::new(Arc::new(log)).closed_by(move || async move { storage.close().await }))
//! };
//! let workload = Workload::empty().emit(2, 3).prune(1).reopen();
//! // A glance at every fortieth position; `torture(make, &workload)` tries each.
//! let report = Torture { stride: 40, ..Torture::default() }.run(make, &workload);
//! report.must_be_clean();
//! ```
//!
//! [`Killing`] kills the program itself, several processes at a time and as often as you like;
//! `cargo run --release -p indelible-tests --example kill -- --help` does it by hand.
//!
//! Deliberately absent: reads that fail, and several processes on one failing disk.

mod adapter;
mod breach;
mod case;
mod check;
mod kill;
mod ledger;
mod processes;
mod report;
mod run;
mod torture;
mod tree;
mod workload;

pub use adapter::{OpenLog, Place, Problem, sqlite};
pub use breach::Breach;
pub use case::{Case, NoSuchCase};
pub use indelible_fault_vfs::{Failure, Fault, FaultyDisk, Moment, Operation, Survival};
pub use kill::{KillReport, Killing};
pub use report::{Report, Tally, Violation};
pub use torture::Torture;
pub use workload::Workload;

/// Fails everything that an adapter does to its disk while it does a workload, one after the other,
/// and has the power go at every moment. Call it from a plain function: it makes runtimes of its own.
///
/// What the environment says of how much is tried, or which case alone, is heeded: see
/// [`Torture::from_env`], and [`Torture`] for saying it in the code.
///
/// # Panics
/// When a variable of the environment cannot be read.
pub fn torture<M, F>(make: M, workload: &Workload) -> Report
where
    M: Fn(Place) -> F + Sync,
    F: Future<Output = Result<OpenLog, Problem>>,
{
    Torture::from_env().run(make, workload)
}
