//! Reading a whole answer, however long, with one page of it in memory.

use std::sync::Arc;

use domain::audit::Page;
use domain::ports::QueryError;
use domain::{AuditFilter, AuditQuery, RecordedEvent, Sequence};
use futures::stream::{self, Stream, TryStreamExt};

/// Entries fetched at a time: large enough to make a page's fixed price small, small enough to
/// keep memory flat whatever the entries hold.
pub(super) const PAGE: u32 = 500;

/// Where reading a long answer stands.
struct Progress {
    after: Option<Sequence>,
    before: Option<Sequence>,
    left: u64,
}

/// The entries that `filter` means and that lie within `bounds`, in its order, page by page.
/// `limit` is how many at most, over all pages; the limit in `bounds` is ignored.
pub fn read_all<L>(
    log: Arc<L>,
    filter: AuditFilter,
    bounds: Page,
    limit: Option<u64>,
) -> impl Stream<Item = Result<RecordedEvent, QueryError>> + Send
where
    L: AuditQuery + ?Sized,
{
    let start =
        Progress { after: bounds.after, before: bounds.before, left: limit.unwrap_or(u64::MAX) };
    stream::try_unfold(start, move |mut progress| {
        let (log, filter) = (Arc::clone(&log), filter.clone());
        async move {
            if progress.left == 0 {
                return Ok(None);
            }
            let limit = u32::try_from(progress.left).map_or(PAGE, |left| left.min(PAGE));
            let page = Page {
                after: progress.after,
                before: progress.before,
                limit,
                reverse: bounds.reverse,
            };
            let events = log.page(&filter, page).await?;
            let Some(last) = events.last().map(|event| event.sequence) else {
                return Ok(None);
            };
            progress.left -= events.len() as u64;
            if bounds.reverse {
                progress.before = Some(last);
            } else {
                progress.after = Some(last);
            }
            Ok(Some((stream::iter(events.into_iter().map(Ok)), progress)))
        }
    })
    .try_flatten()
}
