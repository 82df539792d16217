//! Following causes where no run of work holds the events together: upwards by id, and downwards by
//! reading on.
//!
//! Deliberately absent: an index of causes. It would make every append dearer for a question that is
//! seldom asked; so effects are sought in what was recorded after their cause, as far as the caller
//! allows.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::Arc;

use domain::audit::Page;
use domain::ports::QueryError;
use domain::{AuditFilter, AuditQuery, RecordedEvent, Sequence};
use futures::TryStreamExt;

use super::Node;
use super::tree::nearest;
use crate::read_all;

/// An event and its causes, as far up as the record knows them and at most so many, by sequence.
pub(super) async fn upwards<L: AuditQuery + ?Sized>(
    log: &Arc<L>,
    event: RecordedEvent,
    limit: usize,
) -> Result<Vec<RecordedEvent>, QueryError> {
    let mut seen = HashSet::from([event.sequence]);
    let mut chain = vec![event];
    while chain.len() < limit
        && let Some(last) = chain.last()
        && let Some(cause) = cause_of(log, last).await?
        // Causes that go in a circle end where they began.
        && seen.insert(cause.sequence)
    {
        chain.push(cause);
    }
    chain.sort_by_key(|event| event.sequence);
    Ok(chain)
}

async fn cause_of<L: AuditQuery + ?Sized>(
    log: &Arc<L>,
    effect: &RecordedEvent,
) -> Result<Option<RecordedEvent>, QueryError> {
    let Some(id) = &effect.envelope.causation_id else { return Ok(None) };
    let called = log.by_event_id(id).await?;
    let place = nearest(
        called.iter().enumerate().map(|(n, event)| (&*event.envelope.source, event.sequence, n)),
        &Node::of(effect, String::new()),
    );
    Ok(place.and_then(|n| called.into_iter().nth(n)))
}

/// Calls `found` with each effect of an event, effects of effects included, among the entries that
/// follow it, at most `scan` of them. Returns the last entry that was looked at where there are more.
pub(super) async fn downwards<L: AuditQuery + ?Sized>(
    log: &Arc<L>,
    cause: &RecordedEvent,
    scan: Option<u64>,
    mut found: impl FnMut(&RecordedEvent),
) -> Result<Option<Sequence>, QueryError> {
    let mut ids = HashSet::from([cause.envelope.event_id.clone()]);
    let newest = log.span().await?.last.map(|(last, _)| last).unwrap_or_default();
    let bounds = Page { before: Some(newest.next()), ..Page::after(cause.sequence, 0) };
    let mut last = cause.sequence;
    let mut entries = pin!(read_all(Arc::clone(log), AuditFilter::default(), bounds, scan));
    while let Some(event) = entries.try_next().await? {
        last = event.sequence;
        if event.envelope.causation_id.as_ref().is_some_and(|cause| ids.contains(cause)) {
            ids.insert(event.envelope.event_id.clone());
            found(&event);
        }
    }
    Ok((last < newest).then_some(last))
}
