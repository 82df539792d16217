//! Intent and outcome: what was begun on the record, how it ended, and what never ended.
//!
//! Which types open and end work is declared with them; here it is folded over the record, page by
//! page, with nothing in memory but what is open and the sums.
//!
//! Deliberately absent: any state of its own. What is open follows from the record, each time it is
//! asked for.

mod durations;
mod matching;
mod open;
mod open_under_key;
mod stats;

#[cfg(test)]
mod tests;

pub use durations::{Durations, Took};
pub use matching::{Matching, Step};
pub use open::{OpenWork, open_work};
pub use stats::{WorkBy, WorkReport, WorkStats, work_stats};

use std::sync::Arc;

use domain::audit::{Page, TypePattern};
use domain::ports::QueryError;
use domain::{AuditFilter, AuditQuery, Catalogue, RecordedEvent, Sequence};
use futures::stream::{self, Stream, StreamExt};

use crate::read_all;

/// Sequences that are looked at together. The types that take part are many, and a storage that has
/// them in an index by type puts them in order for each page anew: over all that is left of a long
/// record, that would take longer with every page.
const STRETCH: u32 = 2_000;

/// The entries to read in order to tell what became of work: those of the types that take part in it,
/// whatever else they say. An end need not look like its beginning. What is recorded while they are
/// read is left out.
async fn entries_of_work<L: AuditQuery + ?Sized>(
    log: Arc<L>,
    catalogue: Catalogue,
    opener: Option<&str>,
) -> Result<impl Stream<Item = Result<RecordedEvent, QueryError>> + Send + use<L>, QueryError> {
    let takes_part = |work: domain::Work| opener.is_none_or(|opener| work.opener == opener);
    let types = catalogue
        .events()
        .filter(|event| event.work.is_some_and(takes_part))
        .map(|event| TypePattern::new(event.event_type))
        .collect();
    let entries = AuditFilter { types, ..AuditFilter::default() };
    let span = log.span().await?;
    let place = |end: Option<(Sequence, _)>| end.map_or(0, |(sequence, _)| sequence.0);
    let (first, last) = (place(span.first), place(span.last));
    // From the start, whatever is asked for: an end may belong to work that was begun before that, and
    // would otherwise be taken for the end of other work.
    let stretches = (first.saturating_sub(1)..last).step_by(STRETCH as usize);
    Ok(stream::iter(stretches).flat_map(move |after| {
        let through = after.saturating_add(STRETCH.into()).min(last);
        let bounds = Page {
            after: Some(Sequence(after)),
            before: Some(Sequence(through).next()),
            ..Page::first(0)
        };
        read_all(Arc::clone(&log), entries.clone(), bounds, None)
    }))
}
