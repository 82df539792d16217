//! Following the record as it grows, whoever adds to it.
//!
//! Deliberately absent: the bus, and looking again and again. The record itself says when it has
//! grown.

use std::sync::Arc;

use domain::audit::Page;
use domain::ports::QueryError;
use domain::{AuditFilter, AuditQuery, RecordedEvent, Sequence};
use futures::stream::{self, Stream, StreamExt};

use super::read_all::PAGE;

/// The entries after `after` that `filter` means, then those that are added, without end.
///
/// What retention removes before it was read is an error in its place, once
/// ([`QueryError::Removed`]), and what follows it comes next; wanted or not, since nobody can tell any
/// more. After any other error the stream ends.
pub fn follow<L>(
    log: Arc<L>,
    filter: AuditFilter,
    after: Sequence,
) -> impl Stream<Item = Result<RecordedEvent, QueryError>> + Send
where
    L: AuditQuery + ?Sized,
{
    stream::unfold(Some(after), move |after| {
        let (log, filter) = (Arc::clone(&log), filter.clone());
        async move {
            let mut after = after?;
            loop {
                let events = match look(&*log, &filter, after).await {
                    Ok((events, looked)) => {
                        after = looked;
                        events.into_iter().map(Ok).collect()
                    }
                    Err(error) => {
                        let QueryError::Removed { through, .. } = error else {
                            return Some((stream::iter(vec![Err(error)]), None));
                        };
                        after = through;
                        vec![Err(error)]
                    }
                };
                if !events.is_empty() {
                    return Some((stream::iter(events), Some(after)));
                }
            }
        }
    })
    .flatten()
}

/// What there is after `after`, as soon as there is something, and up to where that was looked for.
async fn look<L: AuditQuery + ?Sized>(
    log: &L,
    filter: &AuditFilter,
    after: Sequence,
) -> Result<(Vec<RecordedEvent>, Sequence), QueryError> {
    // The end is read first: what is added while the page is read comes next time.
    let newest = log.newer_than(after).await?;
    let page = Page { before: Some(newest.next()), ..Page::after(after, PAGE) };
    let events = log.page(filter, page).await?;
    // And the start afterwards: what was removed while the page was read is missing in it.
    let first = log.span().await?.first.map_or(newest.next(), |(first, _)| first);
    if first > after.next() {
        let through = Sequence(first.0.saturating_sub(1));
        return Err(QueryError::Removed { from: after.next(), through });
    }
    let looked = match events.last() {
        Some(last) if events.len() == PAGE as usize => last.sequence,
        _ => newest,
    };
    Ok((events, looked))
}
