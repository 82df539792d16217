//! Placing and releasing: each in a transaction, in turn with those who append and remove.

use domain::AppendError;
use domain::audit::legal_hold::{HoldId, HoldScope, LegalHold};
use domain::ports::LegalHoldError;
use futures::future::BoxFuture;
use sea_orm::sqlx::{self, Connection, SqliteConnection};

use super::SeaOrmLegalHolds;
use crate::seaorm::filter::stored;
use crate::seaorm::log::{Unusable, problem};
use crate::seaorm::problem::{Patience, append_error};
use crate::seaorm::writer::{State, Writer, is_sound};

/// What a change comes to. The inner result is what the store has to say, which another attempt would
/// not change.
type Done = Result<Result<(), LegalHoldError>, sqlx::Error>;

impl SeaOrmLegalHolds {
    /// Changes something: all that `work` does, or nothing. It is called once more where another process
    /// held the file.
    pub(super) async fn change<W>(&self, work: W) -> Result<(), LegalHoldError>
    where
        W: for<'c> Fn(&'c mut SqliteConnection) -> BoxFuture<'c, Done> + Send + Sync,
    {
        let writer = self.storage.writer();
        let writer =
            writer.ok_or_else(|| AppendError::ReadOnly(problem(Unusable::OpenedReadOnly)))?;
        let mut turn = writer.turn().await;
        let patience = Patience::of(writer.lock_timeout());
        loop {
            let outcome = change_once(writer, &mut turn, &work).await;
            turn.settle(is_sound(&outcome));
            let Some(pause) = patience.pause_after(&outcome) else {
                return outcome
                    .unwrap_or_else(|error| Err(append_error(error, patience.waited()).into()));
            };
            tokio::time::sleep(pause).await;
        }
    }
}

async fn change_once<W>(writer: &Writer, turn: &mut State, work: &W) -> Done
where
    W: for<'c> Fn(&'c mut SqliteConnection) -> BoxFuture<'c, Done> + Send + Sync,
{
    let connection = writer.connection_to_change(turn).await?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let said = work(&mut transaction).await?;
    match said {
        Ok(()) => transaction.commit().await?,
        Err(_) => transaction.rollback().await?,
    }
    Ok(said)
}

pub(super) async fn place(connection: &mut SqliteConnection, hold: LegalHold) -> Done {
    let LegalHold { id, scope } = hold;
    if is_in_force(connection, id).await? {
        return Ok(Err(LegalHoldError::Placed { id }));
    }
    let on_record = "SELECT EXISTS (SELECT 1 FROM audit_log \
                     WHERE sequence = ? AND event_type = 'audit.hold_placed')";
    let on_record: bool =
        sqlx::query_scalar(on_record).bind(stored(id.0)).fetch_one(&mut *connection).await?;
    if !on_record {
        return Ok(Err(LegalHoldError::NotOnRecord { id }));
    }
    let kind = scope.kind();
    let (value, range) = match scope {
        HoldScope::Plan(value) | HoldScope::Correlation(value) | HoldScope::User(value) => {
            (Some(value), None)
        }
        HoldScope::Sequences { from, through } => (None, Some((stored(from), stored(through)))),
    };
    let place = "INSERT INTO audit_hold (id, scope, value, from_sequence, through_sequence) \
                 VALUES (?, ?, ?, ?, ?)";
    sqlx::query(place)
        .bind(stored(id.0))
        .bind(kind)
        .bind(value)
        .bind(range.map(|(from, _)| from))
        .bind(range.map(|(_, through)| through))
        .execute(connection)
        .await?;
    Ok(Ok(()))
}

pub(super) async fn release(connection: &mut SqliteConnection, id: HoldId) -> Done {
    if !is_in_force(connection, id).await? {
        return Ok(Err(LegalHoldError::Unknown { id }));
    }
    let on_record = "SELECT EXISTS (SELECT 1 FROM audit_log \
                     WHERE event_type = 'audit.hold_released' AND sequence > ?1 \
                     AND json_extract(details, '$.hold') = ?1)";
    let on_record: bool =
        sqlx::query_scalar(on_record).bind(stored(id.0)).fetch_one(&mut *connection).await?;
    if !on_record {
        return Ok(Err(LegalHoldError::NotOnRecord { id }));
    }
    // Who was held must not be found in the file once nobody is: what is deleted is overwritten.
    sqlx::query("PRAGMA secure_delete = ON").execute(&mut *connection).await?;
    let released = sqlx::query("DELETE FROM audit_hold WHERE id = ?")
        .bind(stored(id.0))
        .execute(&mut *connection)
        .await;
    sqlx::query("PRAGMA secure_delete = OFF").execute(connection).await?;
    released.map(|_| Ok(()))
}

async fn is_in_force(connection: &mut SqliteConnection, id: HoldId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM audit_hold WHERE id = ?)")
        .bind(stored(id.0))
        .fetch_one(connection)
        .await
}
