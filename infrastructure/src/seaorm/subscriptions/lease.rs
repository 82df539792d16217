//! Leases: who may move a subscription on.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::ports::SubscriptionStoreError;
use domain::subscription::{Lease, SubscriptionName, SubscriptionStatus};
use sea_orm::sqlx::{self, SqliteConnection};

use super::change::Done;
use super::row;
use crate::moment;

/// For how long a lease is given, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) now: DateTime<Utc>,
    pub(super) ttl: Duration,
}

impl Terms {
    fn end(self) -> DateTime<Utc> {
        moment::later(self.now, self.ttl)
    }
}

pub(super) async fn acquire(
    connection: &mut SqliteConnection,
    name: SubscriptionName,
    owner: Arc<str>,
    terms: Terms,
) -> Done<Option<Lease>> {
    let Some(status) = row::find(connection, &name).await? else {
        return Err(SubscriptionStoreError::Unknown { name }.into());
    };
    if status.holder.is_some_and(|(holder, until)| *holder != *owner && terms.now < until) {
        return Ok(None);
    }
    let token = "UPDATE audit_lease_token SET last = last + 1 RETURNING last";
    let token: i64 = sqlx::query_scalar(token).fetch_one(&mut *connection).await?;
    let take =
        "UPDATE audit_subscription SET token = ?, holder = ?, lease_until = ? WHERE name = ?";
    sqlx::query(take)
        .bind(token)
        .bind(&*owner)
        .bind(moment::text(terms.end())?)
        .bind(name.as_str())
        .execute(connection)
        .await?;
    // They count from 1.
    Ok(Some(Lease { name, token: u64::try_from(token).unwrap_or_default() }))
}

pub(super) async fn renew(
    connection: &mut SqliteConnection,
    lease: Lease,
    terms: Terms,
) -> Done<SubscriptionStatus> {
    check(connection, &lease).await?;
    sqlx::query("UPDATE audit_subscription SET lease_until = ? WHERE name = ?")
        .bind(moment::text(terms.end())?)
        .bind(lease.name.as_str())
        .execute(&mut *connection)
        .await?;
    let status = row::find(connection, &lease.name).await?;
    status.ok_or_else(|| SubscriptionStoreError::Unknown { name: lease.name }.into())
}

pub(super) async fn release(connection: &mut SqliteConnection, lease: Lease) -> Done<()> {
    if is_good(connection, &lease).await? {
        give_back(connection, &lease.name).await?;
    }
    Ok(())
}

/// Refuses a lease that is not the newest, or was given back or taken away.
pub(super) async fn check(connection: &mut SqliteConnection, lease: &Lease) -> Done<()> {
    if is_good(connection, lease).await? {
        return Ok(());
    }
    Err(SubscriptionStoreError::Fenced { name: lease.name.clone() }.into())
}

async fn is_good(connection: &mut SqliteConnection, lease: &Lease) -> Result<bool, sqlx::Error> {
    let good = "SELECT EXISTS (SELECT 1 FROM audit_subscription \
                WHERE name = ? AND token = ? AND holder IS NOT NULL)";
    sqlx::query_scalar(good)
        .bind(lease.name.as_str())
        // A number that was never given is no lease's.
        .bind(i64::try_from(lease.token).unwrap_or(-1))
        .fetch_one(connection)
        .await
}

/// Leaves a subscription without a holder, and so every lease on it good no longer.
pub(super) async fn give_back(
    connection: &mut SqliteConnection,
    name: &SubscriptionName,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE audit_subscription SET holder = NULL, lease_until = NULL WHERE name = ?")
        .bind(name.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
