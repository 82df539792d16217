//! One change of the store: a turn to write, a transaction, and patience with those who hold the file.
//!
//! Deliberately absent: what is changed.

use std::sync::Arc;

use domain::ports::SubscriptionStoreError;
use domain::{AppendError, QueryError};
use futures::future::BoxFuture;
use sea_orm::sqlx::{self, Connection, SqliteConnection};

use super::SeaOrmSubscriptionStore;
use crate::moment::UnwritableMoment;
use crate::seaorm::log::{Unusable, problem};
use crate::seaorm::problem::{Patience, append_error};
use crate::seaorm::writer::{State, Writer, is_sound};

/// Why a change was not made.
#[derive(Debug)]
pub(super) enum NotDone {
    /// The storage failed.
    Storage(sqlx::Error),
    /// It must not be made; the storage is well.
    Refused(SubscriptionStoreError),
}

impl From<sqlx::Error> for NotDone {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error)
    }
}

impl From<SubscriptionStoreError> for NotDone {
    fn from(error: SubscriptionStoreError) -> Self {
        Self::Refused(error)
    }
}

impl From<QueryError> for NotDone {
    fn from(error: QueryError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<UnwritableMoment> for NotDone {
    fn from(error: UnwritableMoment) -> Self {
        Self::Refused(AppendError::Storage(Arc::new(error)).into())
    }
}

/// What a change comes to.
pub(super) type Done<T> = Result<T, NotDone>;

impl SeaOrmSubscriptionStore {
    /// Changes something: all that `work` does, or nothing, also when the future is dropped. It is
    /// called once more where another process held the file.
    pub(super) async fn change<T, W>(&self, work: W) -> Result<T, SubscriptionStoreError>
    where
        T: Send,
        W: for<'c> Fn(&'c mut SqliteConnection) -> BoxFuture<'c, Done<T>> + Send + Sync,
    {
        let writer = self.storage.writer();
        let writer =
            writer.ok_or_else(|| AppendError::ReadOnly(problem(Unusable::OpenedReadOnly)))?;
        let mut turn = writer.turn().await;
        let patience = Patience::of(writer.lock_timeout());
        loop {
            let outcome = change_once(writer, &mut turn, &work).await;
            let Some(pause) = patience.pause_after(&outcome) else {
                return outcome
                    .unwrap_or_else(|error| Err(append_error(error, patience.waited()).into()));
            };
            tokio::time::sleep(pause).await;
        }
    }
}

/// One attempt. The inner result is what the store has to say, which another attempt would not
/// change.
async fn change_once<T, W>(
    writer: &Writer,
    turn: &mut State,
    work: &W,
) -> Result<Result<T, SubscriptionStoreError>, sqlx::Error>
where
    W: for<'c> Fn(&'c mut SqliteConnection) -> BoxFuture<'c, Done<T>> + Send + Sync,
{
    let outcome = attempt(writer, turn, work).await;
    let outcome = match outcome {
        Ok((said, sound)) => {
            turn.settle(sound);
            return Ok(said);
        }
        Err(error) => Err(error),
    };
    turn.settle(is_sound(&outcome));
    outcome
}

/// The same, and whether the connection can be relied on after what was said.
async fn attempt<T, W>(
    writer: &Writer,
    turn: &mut State,
    work: &W,
) -> Result<(Result<T, SubscriptionStoreError>, bool), sqlx::Error>
where
    W: for<'c> Fn(&'c mut SqliteConnection) -> BoxFuture<'c, Done<T>> + Send + Sync,
{
    let connection = writer.connection_to_change(turn).await?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    match work(&mut transaction).await {
        Ok(done) => {
            transaction.commit().await?;
            Ok((Ok(done), true))
        }
        // Rolled back as the transaction is dropped.
        Err(NotDone::Storage(error)) => Err(error),
        Err(NotDone::Refused(why)) => {
            // A handler's statement that failed may have had SQLite roll back by itself.
            let sound = transaction.rollback().await.is_ok();
            Ok((Err(why), sound))
        }
    }
}
