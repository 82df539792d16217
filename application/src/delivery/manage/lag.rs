//! How far a subscription is behind the record.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::audit::Page;
use domain::ports::QueryError;
use domain::subscription::SubscriptionStatus;
use domain::{AuditFilter, AuditLog, SubscriptionStore};

use super::ManageError;

/// A subscription, and how far it is behind the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionLag {
    /// How it stands.
    pub status: SubscriptionStatus,
    /// How many entries there are after its cursor, wanted or not.
    pub events: u64,
    /// How long ago the first of them was recorded; zero when there is none.
    pub age: Duration,
}

impl SubscriptionLag {
    /// All subscriptions, by name, and how far each is behind at this moment.
    ///
    /// # Errors
    /// When the store or the record cannot be read.
    pub async fn of_all(
        store: &dyn SubscriptionStore,
        log: &dyn AuditLog,
        now: DateTime<Utc>,
    ) -> Result<Vec<Self>, ManageError> {
        let mut all = Vec::new();
        for status in store.all().await? {
            all.push(of(log, status, now).await?);
        }
        Ok(all)
    }
}

pub(super) async fn of(
    log: &dyn AuditLog,
    status: SubscriptionStatus,
    now: DateTime<Utc>,
) -> Result<SubscriptionLag, QueryError> {
    let newest = log.span().await?.last.map_or(0, |(last, _)| last.0);
    let events = newest.saturating_sub(status.cursor.0);
    let next = log.page(&AuditFilter::default(), Page::after(status.cursor, 1)).await?;
    // A clock that was set back makes nothing younger than new.
    let age = next.first().map(|first| (now - first.recorded_at).to_std().unwrap_or_default());
    Ok(SubscriptionLag { status, events, age: age.unwrap_or_default() })
}
