//! The one connection that writes, and whose turn it is.
//!
//! Deliberately absent: what is written; see `append` and `retention`.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::DatabaseConnection;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::sqlite::SqliteConnection;
use sea_orm::sqlx::{self, Sqlite};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::append::Head;

/// What the one that writes works with.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Kept, so that a write costs no trip through the pool.
    connection: Option<PoolConnection<Sqlite>>,
    /// The newest entry; known only after a success.
    pub(super) head: Option<Head>,
}

/// The right to write.
pub(super) type Turn = OwnedMutexGuard<State>;

/// The one connection that writes.
#[derive(Debug)]
pub(super) struct Writer {
    database: DatabaseConnection,
    lock_timeout: Duration,
    state: Arc<Mutex<State>>,
}

impl Writer {
    pub(super) fn new(database: DatabaseConnection, lock_timeout: Duration) -> Self {
        Self { database, lock_timeout, state: Arc::default() }
    }

    /// Waits for its turn to write. One that goes away while it waits has written nothing.
    pub(super) async fn turn(&self) -> Turn {
        Arc::clone(&self.state).lock_owned().await
    }

    /// The connection to write through.
    pub(super) async fn connection<'turn>(
        &self,
        turn: &'turn mut State,
    ) -> Result<&'turn mut SqliteConnection, sqlx::Error> {
        if turn.connection.is_none() {
            turn.connection = Some(self.pool().acquire().await?);
        }
        turn.connection.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    pub(super) fn lock_timeout(&self) -> Duration {
        self.lock_timeout
    }

    /// The setting as SQLite reads it back.
    pub(super) async fn synchronous(&self) -> Result<i64, sqlx::Error> {
        let mut turn = self.turn().await;
        let connection = self.connection(&mut turn).await?;
        sqlx::query_scalar("SELECT synchronous FROM pragma_synchronous").fetch_one(connection).await
    }

    /// Folds the write-ahead log back, as far as readers let us, and closes the connection.
    pub(super) async fn close(&self) {
        let mut turn = self.turn().await;
        if let Some(mut connection) = turn.connection.take() {
            // Whatever these cannot do, the next process that opens the file does.
            let _ = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&mut *connection).await;
            let _ = connection.close().await;
        }
        self.pool().close().await;
    }

    fn pool(&self) -> &sqlx::SqlitePool {
        self.database.get_sqlite_connection_pool()
    }
}
