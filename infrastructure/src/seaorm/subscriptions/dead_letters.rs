//! Events that could not be handled.

use domain::Sequence;
use domain::ports::SubscriptionStoreError;
use domain::subscription::{NewDeadLetter, SubscriptionName};
use sea_orm::sqlx::{self, SqliteConnection};

use super::change::Done;
use super::row;
use crate::moment;
use crate::seaorm::filter::stored;

/// Adds the attempts to those of a letter that is there already, which the new one replaces.
const NOTE: &str = "INSERT INTO audit_dead_letter \
    (subscription, sequence, attempts, errors, failed_at) VALUES (?, ?, ?, ?, ?) \
    ON CONFLICT (subscription, sequence) DO UPDATE SET \
    attempts = min(attempts + excluded.attempts, 4294967295), errors = excluded.errors, \
    failed_at = excluded.failed_at, retry_requested = 0";

/// The same for a letter that was tried again, as long as it is asked for.
const FAIL_RETRY: &str = "UPDATE audit_dead_letter SET \
    attempts = min(attempts + ?1, 4294967295), errors = ?2, failed_at = ?3, retry_requested = 0 \
    WHERE subscription = ?4 AND sequence = ?5 AND retry_requested = 1";

pub(super) async fn note(
    connection: &mut SqliteConnection,
    name: &SubscriptionName,
    letter: &NewDeadLetter,
) -> Done<()> {
    sqlx::query(NOTE)
        .bind(name.as_str())
        .bind(stored(letter.sequence))
        .bind(i64::from(letter.attempts))
        .bind(as_json(&letter.errors))
        .bind(moment::text(letter.failed_at)?)
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes a letter; whether there was one.
pub(super) async fn forget(
    connection: &mut SqliteConnection,
    name: &SubscriptionName,
    sequence: Sequence,
) -> Result<bool, sqlx::Error> {
    let forget = "DELETE FROM audit_dead_letter WHERE subscription = ? AND sequence = ?";
    let done = sqlx::query(forget).bind(name.as_str()).bind(stored(sequence)).execute(connection);
    Ok(done.await?.rows_affected() > 0)
}

/// Removes a letter that is asked for; whether there was one.
pub(super) async fn end_retry(
    connection: &mut SqliteConnection,
    name: &SubscriptionName,
    sequence: Sequence,
) -> Result<bool, sqlx::Error> {
    let end = "DELETE FROM audit_dead_letter \
               WHERE subscription = ? AND sequence = ? AND retry_requested = 1";
    let done = sqlx::query(end).bind(name.as_str()).bind(stored(sequence)).execute(connection);
    Ok(done.await?.rows_affected() > 0)
}

/// Notes that a letter has failed again, if it is asked for.
pub(super) async fn fail_retry(
    connection: &mut SqliteConnection,
    name: &SubscriptionName,
    letter: &NewDeadLetter,
) -> Done<()> {
    sqlx::query(FAIL_RETRY)
        .bind(i64::from(letter.attempts))
        .bind(as_json(&letter.errors))
        .bind(moment::text(letter.failed_at)?)
        .bind(name.as_str())
        .bind(stored(letter.sequence))
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn retry(
    connection: &mut SqliteConnection,
    name: SubscriptionName,
    sequence: Sequence,
) -> Done<()> {
    let retry = "UPDATE audit_dead_letter SET retry_requested = 1 \
                 WHERE subscription = ? AND sequence = ?";
    let done = sqlx::query(retry)
        .bind(name.as_str())
        .bind(stored(sequence))
        .execute(&mut *connection)
        .await?;
    found(connection, name, sequence, done.rows_affected() > 0).await
}

pub(super) async fn discard(
    connection: &mut SqliteConnection,
    name: SubscriptionName,
    sequence: Sequence,
) -> Done<()> {
    let there = forget(connection, &name, sequence).await?;
    found(connection, name, sequence, there).await
}

/// Says what is missing where there is no such letter.
async fn found(
    connection: &mut SqliteConnection,
    name: SubscriptionName,
    sequence: Sequence,
    there: bool,
) -> Done<()> {
    if there {
        return Ok(());
    }
    let known = row::find(connection, &name).await?.is_some();
    Err(if known {
        SubscriptionStoreError::NoDeadLetter { name, sequence }
    } else {
        SubscriptionStoreError::Unknown { name }
    }
    .into())
}

/// Errors as they are stored.
pub(super) fn as_json(errors: &[String]) -> String {
    serde_json::Value::from(errors).to_string()
}
