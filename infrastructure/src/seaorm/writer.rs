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
use super::problem::{Trouble, Troubled};

/// What the one that writes works with.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Kept, so that a write costs no trip through the pool.
    connection: Option<PoolConnection<Sqlite>>,
    /// Whether a change was begun on the connection that is not known to have ended well.
    in_doubt: bool,
    /// The newest entry; known only after a success.
    pub(super) head: Option<Head>,
}

impl State {
    /// Says how a change ended. Only after a success or a lock in the way is the connection known
    /// to be outside of any transaction: some failures, such as a disk that fills up at the commit,
    /// make SQLite roll back by itself, which the library above it does not learn of.
    pub(super) fn settle<T>(&mut self, outcome: &Result<T, sqlx::Error>) {
        self.in_doubt = match outcome {
            Ok(_) => false,
            Err(error) => error.trouble() != Trouble::Busy,
        };
    }
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

    /// The connection to change the record through. Until the change is settled the connection is
    /// in doubt, so that one whose change failed or was abandoned is not used again.
    pub(super) async fn connection_to_change<'turn>(
        &self,
        turn: &'turn mut State,
    ) -> Result<&'turn mut SqliteConnection, sqlx::Error> {
        self.ensure_connected(turn).await?;
        turn.in_doubt = true;
        turn.connection.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    /// The connection, to look at.
    pub(super) async fn connection<'turn>(
        &self,
        turn: &'turn mut State,
    ) -> Result<&'turn mut SqliteConnection, sqlx::Error> {
        self.ensure_connected(turn).await?;
        turn.connection.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    /// Opens a connection where there is none, or none to rely on.
    async fn ensure_connected(&self, turn: &mut State) -> Result<(), sqlx::Error> {
        if turn.in_doubt
            && let Some(doubtful) = turn.connection.take()
        {
            // SQLite rolls back what is left of a transaction when its connection is closed.
            let _ = doubtful.close().await;
        }
        if turn.connection.is_none() {
            turn.connection = Some(self.pool().acquire().await?);
            turn.in_doubt = false;
        }
        Ok(())
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
