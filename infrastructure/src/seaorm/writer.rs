//! The one connection that writes.
//!
//! Deliberately absent: what is written, see `append` and `retention`; and whose turn it is, see
//! `turn`.

use std::time::Duration;

use sea_orm::DatabaseConnection;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::sqlite::SqliteConnection;
use sea_orm::sqlx::{self, Sqlite};

use super::append::Head;
use super::problem::{Trouble, Troubled};
use super::turn::{Held, Source, TurnWith, Turns};

/// What the one that writes works with: the connection, kept so that a write costs no trip through
/// the pool, and the newest entry.
pub(super) type State = Held<PoolConnection<Sqlite>, Head>;

/// The right to write.
pub(super) type Turn = TurnWith<PoolConnection<Sqlite>, Head>;

/// Whether the connection can still be relied on after a change. Only after a success or a lock in
/// the way is it known to be outside of any transaction: some failures, such as a disk that fills
/// up at the commit, make SQLite roll back by itself, which the library above it does not learn of.
pub(super) fn is_sound<T>(outcome: &Result<T, sqlx::Error>) -> bool {
    match outcome {
        Ok(_) => true,
        Err(error) => error.trouble() == Trouble::Busy,
    }
}

/// The one connection that writes.
#[derive(Debug)]
pub(super) struct Writer {
    database: DatabaseConnection,
    lock_timeout: Duration,
    turns: Turns<PoolConnection<Sqlite>, Head>,
}

impl Writer {
    pub(super) fn new(database: DatabaseConnection, lock_timeout: Duration) -> Self {
        Self { database, lock_timeout, turns: Turns::new() }
    }

    /// Waits for its turn to write. One that goes away while it waits has written nothing.
    pub(super) async fn turn(&self) -> Turn {
        self.turns.next().await
    }

    /// The connection to change the record through. Until the change is settled the connection is
    /// in doubt, so that one whose change failed or was abandoned is not used again.
    pub(super) async fn connection_to_change<'turn>(
        &self,
        turn: &'turn mut State,
    ) -> Result<&'turn mut SqliteConnection, sqlx::Error> {
        turn.for_changing(self).await.map(|connection| &mut **connection)
    }

    /// The connection, to look at.
    pub(super) async fn connection<'turn>(
        &self,
        turn: &'turn mut State,
    ) -> Result<&'turn mut SqliteConnection, sqlx::Error> {
        turn.for_looking(self).await.map(|connection| &mut **connection)
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
        if let Some(mut connection) = turn.give_up() {
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

impl Source for Writer {
    type Thing = PoolConnection<Sqlite>;
    type Error = sqlx::Error;

    async fn open(&self) -> Result<PoolConnection<Sqlite>, sqlx::Error> {
        self.pool().acquire().await
    }

    async fn close(&self, connection: PoolConnection<Sqlite>) {
        // SQLite rolls back what is left of a transaction when its connection is closed.
        let _ = connection.close().await;
    }
}
