//! Following the record as it grows, whoever adds to it.
//!
//! Deliberately absent: the bus. What another process records is not on our bus; the record is
//! the one place where everything is.

use std::sync::Arc;
use std::time::Duration;

use domain::audit::Page;
use domain::ports::QueryError;
use domain::{AuditFilter, AuditQuery, Clock, RecordedEvent, Sequence};
use futures::stream::{self, Stream, TryStreamExt};

use super::read_all::PAGE;

/// How often the end of the record is looked at. One look asks for the ends of the record alone,
/// and reads no event however large the newest is, so twenty a second cost next to nothing.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The entries after `after` that `filter` means, then those that are added, without end.
pub fn follow<L, C>(
    log: Arc<L>,
    clock: Arc<C>,
    filter: AuditFilter,
    after: Sequence,
) -> impl Stream<Item = Result<RecordedEvent, QueryError>> + Send
where
    L: AuditQuery + ?Sized,
    C: Clock + ?Sized,
{
    stream::try_unfold(after, move |mut after| {
        let (log, clock, filter) = (Arc::clone(&log), Arc::clone(&clock), filter.clone());
        async move {
            loop {
                // The end is read first: what is added while the page is read comes next time.
                let newest = log.span().await?.last.map(|(last, _)| last).unwrap_or_default();
                if newest > after {
                    let page = Page { before: Some(newest.next()), ..Page::after(after, PAGE) };
                    let events = log.page(&filter, page).await?;
                    after = match events.last() {
                        Some(last) if events.len() == PAGE as usize => last.sequence,
                        _ => newest,
                    };
                    if !events.is_empty() {
                        return Ok(Some((stream::iter(events.into_iter().map(Ok)), after)));
                    }
                } else {
                    clock.sleep(LOOK_EVERY).await;
                }
            }
        }
    })
    .try_flatten()
}
