//! What was begun and never ended.
//!
//! Deliberately absent: a judgement. A call may be lost, or may only take long; how long is too long
//! is the caller's to say.

use std::pin::pin;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::ports::QueryError;
use domain::{Actor, AuditFilter, AuditQuery, Catalogue, EventType, RecordedEvent, Sequence};
use futures::TryStreamExt;

use super::{Matching, entries_of_work};

/// Work that was begun and has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenWork {
    /// The place on record of its beginning.
    pub sequence: Sequence,
    /// The id of the event that began it.
    pub event_id: String,
    /// The type of that event.
    pub event_type: EventType,
    /// What tells it from other work of its kind.
    pub key: String,
    /// The entity it is about.
    pub subject: Option<String>,
    /// The plan it belongs to.
    pub plan_id: Option<String>,
    /// The actor that began it.
    pub actor: Option<Actor>,
    /// The run of work it belongs to.
    pub correlation_id: Option<String>,
    /// When it began, by the producer's clock.
    pub begun_at: DateTime<Utc>,
}

impl OpenWork {
    fn of(event: &RecordedEvent, key: &str) -> Self {
        let envelope = &event.envelope;
        Self {
            sequence: event.sequence,
            event_id: envelope.event_id.clone(),
            event_type: envelope.event_type.clone(),
            key: key.to_owned(),
            subject: envelope.subject.clone(),
            plan_id: envelope.plan_id.clone(),
            actor: envelope.actor.clone(),
            correlation_id: envelope.correlation_id.clone(),
            begun_at: envelope.occurred_at,
        }
    }
}

/// The work that has not ended, of that whose beginning `filter` means and that began before
/// `begun_before` where that is given: the first on record first.
///
/// # Errors
/// When the record cannot be read.
pub async fn open_work<L: AuditQuery + ?Sized>(
    log: Arc<L>,
    catalogue: Catalogue,
    filter: &AuditFilter,
    begun_before: Option<DateTime<Utc>>,
) -> Result<Vec<OpenWork>, QueryError> {
    let mut matching = Matching::new(catalogue);
    let mut events = pin!(entries_of_work(log, catalogue, None).await?);
    while let Some(event) = events.try_next().await? {
        // What is not meant is kept in mind all the same, so that its end ends nothing else.
        let meant = filter.matches(&event)
            && begun_before.is_none_or(|limit| event.envelope.occurred_at < limit);
        matching.take(&event, |key| meant.then(|| OpenWork::of(&event, key)));
    }
    let mut open: Vec<OpenWork> = matching.into_open().flatten().collect();
    open.sort_by_key(|work| work.sequence);
    Ok(open)
}
