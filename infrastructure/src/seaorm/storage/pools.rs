//! The connections to a file: how many there are, and what SQLite is told for each.
//!
//! Deliberately absent: opening any before it is used.

use std::time::Duration;

use sea_orm::sqlx::ConnectOptions as _;
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sea_orm::{DatabaseConnection, SqlxSqliteConnector};

use crate::seaorm::{Durability, StorageOptions};

/// How many pages the write-ahead log grows to before it is folded back. Four times SQLite's own
/// choice: a full writer gains about a tenth, since pages that many batches touch are folded once.
const CHECKPOINT_PAGES: &str = "4000";

/// How long SQLite itself waits for a lock; beyond it we try again.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

pub(in crate::seaorm) fn open(
    options: SqliteConnectOptions,
    connections: u32,
) -> DatabaseConnection {
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
pub(in crate::seaorm) fn in_memory() -> DatabaseConnection {
    open(SqliteConnectOptions::new().in_memory(true).disable_statement_logging(), 1)
}

pub(super) fn busy_timeout(options: &StorageOptions) -> Duration {
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

pub(super) fn read_options(options: &StorageOptions) -> SqliteConnectOptions {
    common_options(options).read_only(true)
}

pub(super) fn write_options(options: &StorageOptions) -> SqliteConnectOptions {
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
