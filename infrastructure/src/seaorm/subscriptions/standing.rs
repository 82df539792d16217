//! Whether there is a subscription, where it stands, and whether it goes on.

use chrono::{DateTime, Utc};
use domain::Sequence;
use domain::ports::SubscriptionStoreError;
use domain::subscription::{SubscriptionName, SubscriptionStatus};
use sea_orm::sqlx::sqlite::SqliteArguments;
use sea_orm::sqlx::{self, SqliteConnection};

use super::change::Done;
use super::row;
use crate::moment;
use crate::seaorm::filter::stored;

pub(super) async fn ensure(
    connection: &mut SqliteConnection,
    name: SubscriptionName,
    cursor: Sequence,
    now: DateTime<Utc>,
) -> Done<SubscriptionStatus> {
    let make = "INSERT INTO audit_subscription (name, cursor, reach, state, created_at) \
                VALUES (?1, ?2, ?2, 'active', ?3) ON CONFLICT (name) DO NOTHING";
    sqlx::query(make)
        .bind(name.as_str())
        .bind(stored(cursor))
        .bind(moment::text(now)?)
        .execute(&mut *connection)
        .await?;
    let status = row::find(connection, &name).await?;
    status.ok_or_else(|| SubscriptionStoreError::Unknown { name }.into())
}

pub(super) async fn pause(connection: &mut SqliteConnection, name: SubscriptionName) -> Done<()> {
    let pause = "UPDATE audit_subscription SET state = 'paused', holder = NULL, \
                 lease_until = NULL WHERE name = ?";
    alter(connection, name, sqlx::query(pause)).await
}

pub(super) async fn resume(connection: &mut SqliteConnection, name: SubscriptionName) -> Done<()> {
    let resume = "UPDATE audit_subscription SET state = 'active', failed_at = NULL, \
                  failed_sequence = NULL, failed_errors = NULL WHERE name = ?";
    alter(connection, name, sqlx::query(resume)).await
}

pub(super) async fn rewind(
    connection: &mut SqliteConnection,
    name: SubscriptionName,
    cursor: Sequence,
) -> Done<()> {
    let rewind = "UPDATE audit_subscription SET cursor = ?1, reach = max(reach, ?1), \
                  holder = NULL, lease_until = NULL WHERE name = ?2";
    alter(connection, name, sqlx::query(rewind).bind(stored(cursor))).await
}

pub(super) async fn remove(connection: &mut SqliteConnection, name: SubscriptionName) -> Done<()> {
    sqlx::query("DELETE FROM audit_dead_letter WHERE subscription = ?")
        .bind(name.as_str())
        .execute(&mut *connection)
        .await?;
    let remove = "DELETE FROM audit_subscription WHERE name = ?";
    alter(connection, name, sqlx::query(remove)).await
}

/// Changes the row of a subscription, whose name is the statement's last value.
async fn alter(
    connection: &mut SqliteConnection,
    name: SubscriptionName,
    change: sqlx::query::Query<'_, sqlx::Sqlite, SqliteArguments>,
) -> Done<()> {
    let changed = change.bind(name.as_str()).execute(connection).await?;
    if changed.rows_affected() == 0 {
        return Err(SubscriptionStoreError::Unknown { name }.into());
    }
    Ok(())
}
