//! How far a subscription is behind the record.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::audit::Page;
use domain::events::{DeadLetterEvent, SubscriptionEvent};
use domain::ports::QueryError;
use domain::subscription::SubscriptionStatus;
use domain::{AuditFilter, AuditLog, EventGroup, RecordedEvent, Sequence, SubscriptionStore};
use serde_json::Value;

use super::ManageError;

/// Entries that are looked at together.
const PAGE: u32 = 500;

/// A subscription, and how far it is behind the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionLag {
    /// How it stands.
    pub status: SubscriptionStatus,
    /// How many entries there are after its cursor, wanted or not, but for those that say what was done
    /// to the subscription itself: pausing one puts it behind nothing.
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
    let (own, before_first) = about_itself(log, &status, Sequence(newest)).await?;
    let events = newest.saturating_sub(status.cursor.0).saturating_sub(own);
    let next = log.page(&AuditFilter::default(), Page::after(before_first, 1)).await?;
    // A clock that was set back makes nothing younger than new.
    let age = next.first().map(|first| (now - first.recorded_at).to_std().unwrap_or_default());
    Ok(SubscriptionLag { status, events, age: age.unwrap_or_default() })
}

/// How many entries after a subscription's cursor say what was done to itself, and the last of those
/// before which there is no other.
async fn about_itself(
    log: &dyn AuditLog,
    status: &SubscriptionStatus,
    newest: Sequence,
) -> Result<(u64, Sequence), QueryError> {
    let name = status.name.as_str();
    let about_some = AuditFilter {
        contexts: vec![
            SubscriptionEvent::GROUP.context.into(),
            DeadLetterEvent::GROUP.context.into(),
        ],
        contains: Some(name.to_owned()),
        ..AuditFilter::default()
    };
    let says_so = |event: &RecordedEvent| {
        let details = &event.envelope.details;
        let about = details.get("subscription").or_else(|| details.get("name"));
        about.and_then(Value::as_str) == Some(name)
    };
    let (mut own, mut unbroken, mut after) = (0, status.cursor, status.cursor);
    loop {
        let page = Page { before: Some(newest.next()), ..Page::after(after, PAGE) };
        let events = log.page(&about_some, page).await?;
        for event in events.iter().filter(|event| says_so(event)) {
            own += 1;
            if event.sequence == unbroken.next() {
                unbroken = event.sequence;
            }
        }
        match events.last() {
            Some(last) if events.len() == PAGE as usize => after = last.sequence,
            _ => return Ok((own, unbroken)),
        }
    }
}
