//! Following the record as it grows, whoever adds to it.
//!
//! Deliberately absent: the bus, and looking again and again. The record itself says when it has
//! grown.

use std::sync::Arc;

use domain::audit::Page;
use domain::ports::QueryError;
use domain::{AuditFilter, AuditQuery, RecordedEvent, Sequence};
use futures::stream::{self, Stream, TryStreamExt};

use super::read_all::PAGE;

/// The entries after `after` that `filter` means, then those that are added, without end.
pub fn follow<L>(
    log: Arc<L>,
    filter: AuditFilter,
    after: Sequence,
) -> impl Stream<Item = Result<RecordedEvent, QueryError>> + Send
where
    L: AuditQuery + ?Sized,
{
    stream::try_unfold(after, move |mut after| {
        let (log, filter) = (Arc::clone(&log), filter.clone());
        async move {
            loop {
                // The end is read first: what is added while the page is read comes next time.
                let newest = log.newer_than(after).await?;
                let page = Page { before: Some(newest.next()), ..Page::after(after, PAGE) };
                let events = log.page(&filter, page).await?;
                after = match events.last() {
                    Some(last) if events.len() == PAGE as usize => last.sequence,
                    _ => newest,
                };
                if !events.is_empty() {
                    return Ok(Some((stream::iter(events.into_iter().map(Ok)), after)));
                }
            }
        }
    })
    .try_flatten()
}
