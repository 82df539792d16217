//! How a subscription comes on: cursor, effects, dead letters and failure, all at once.

use std::sync::Arc;

use domain::subscription::{Lease, Progress, RetriedLetter, SubscriptionFailure};
use sea_orm::sqlx::{self, SqliteConnection};

use super::change::Done;
use super::{dead_letters, effects, lease};
use crate::moment;
use crate::seaorm::filter::stored;

pub(super) async fn advance(
    connection: &mut SqliteConnection,
    held: Lease,
    progress: Arc<Progress>,
) -> Done<()> {
    lease::check(connection, &held).await?;
    for retried in &progress.retried {
        match retried {
            // Only who finds the letter still asked for may change anything because of it.
            RetriedLetter::Handled(event) => {
                if dead_letters::end_retry(connection, &held.name, event.sequence).await? {
                    effects::run(connection, event).await?;
                }
            }
            RetriedLetter::Failed(letter) => {
                dead_letters::fail_retry(connection, &held.name, letter).await?;
            }
        }
    }
    for event in &progress.effects {
        effects::run(connection, event).await?;
    }
    for letter in &progress.dead_letters {
        dead_letters::note(connection, &held.name, letter).await?;
    }
    for sequence in &progress.resolved {
        dead_letters::forget(connection, &held.name, *sequence).await?;
    }
    let advance = "UPDATE audit_subscription SET cursor = max(cursor, ?1), \
                   reach = max(reach, ?1, ?2) WHERE name = ?3";
    sqlx::query(advance)
        .bind(stored(progress.cursor))
        .bind(stored(progress.reach))
        .bind(held.name.as_str())
        .execute(&mut *connection)
        .await?;
    fail(connection, &held, progress.failure.as_ref()).await
}

pub(super) async fn halt(
    connection: &mut SqliteConnection,
    held: Lease,
    failure: Arc<SubscriptionFailure>,
) -> Done<()> {
    lease::check(connection, &held).await?;
    fail(connection, &held, Some(&failure)).await?;
    sqlx::query("UPDATE audit_subscription SET state = 'halted' WHERE name = ?")
        .bind(held.name.as_str())
        .execute(&mut *connection)
        .await?;
    lease::give_back(connection, &held.name).await?;
    Ok(())
}

/// Notes what went wrong last, or that nothing did.
async fn fail(
    connection: &mut SqliteConnection,
    held: &Lease,
    failure: Option<&SubscriptionFailure>,
) -> Done<()> {
    let note = "UPDATE audit_subscription SET failed_at = ?, failed_sequence = ?, \
                failed_errors = ? WHERE name = ?";
    let at = failure.map(|failure| moment::text(failure.at)).transpose()?;
    sqlx::query(note)
        .bind(at)
        .bind(failure.and_then(|failure| failure.sequence).map(stored))
        .bind(failure.map(|failure| dead_letters::as_json(&failure.errors)))
        .bind(held.name.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
