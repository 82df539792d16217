//! What a reader still has to ask the record for, and what retention has taken from it.
//!
//! Deliberately absent: holding retention up for a reader.

use std::sync::Arc;

use domain::audit::Page;
use domain::{AuditLog, EventFilter, QueryError, RecordedEvent, Sequence};

use super::inbox::Span;
use super::shared::Shared;

/// How many entries are asked of the record at once.
pub(super) const PAGE: u32 = 256;

/// What is still to be read from the record.
pub(super) struct Behind {
    /// At least one.
    pub(super) spans: Vec<Span>,
    /// Everything up to here has been read or is known to be lost.
    pub(super) after: Sequence,
}

/// What retention has taken from a reader.
pub(super) struct Lost {
    pub(super) from: Sequence,
    pub(super) through: Sequence,
    /// How many of the reader's events there were; others' may lie between.
    pub(super) events: u64,
}

impl Behind {
    /// Reads the next page, and what was removed before it could be read.
    pub(super) async fn read(
        &self,
        shared: &Shared,
        filter: &EventFilter,
    ) -> Result<(Vec<RecordedEvent>, Option<Lost>), QueryError> {
        let (after, page) = (self.after, self.page());
        let asked = || {
            let (log, filter) = (Arc::clone(&shared.log), filter.clone());
            async move { fetch(&*log, &filter, after, page).await }
        };
        let (entries, there) = shared.ask(asked).await?;
        let lost = there.and_then(|there| self.lost_before(there));
        Ok((entries, lost))
    }

    /// The last of what is to be read.
    pub(super) fn end(&self) -> Sequence {
        self.spans.last().map_or(self.after, |span| *span.end())
    }

    /// The next page to ask for.
    fn page(&self) -> Page {
        Page {
            after: Some(self.after),
            before: Some(self.end().next()),
            limit: PAGE,
            reverse: false,
        }
    }

    /// The reader's events that are still to be read and come before `first`, the oldest entry there.
    fn lost_before(&self, first: Sequence) -> Option<Lost> {
        let part = |span: &Span| {
            let from = (*span.start()).max(self.after.next()).0;
            let until = span.end().next().min(first).0;
            (from < until).then_some(from..until)
        };
        let gone: Vec<_> = self.spans.iter().filter_map(part).collect();
        Some(Lost {
            from: Sequence(gone.first()?.start),
            through: Sequence(gone.last()?.end - 1),
            events: gone.iter().map(|part| part.end - part.start).sum(),
        })
    }

    /// Whether an entry is the reader's.
    pub(super) fn contains(&self, sequence: Sequence) -> bool {
        let at = self.spans.partition_point(|span| *span.end() < sequence);
        self.spans.get(at).is_some_and(|span| span.contains(&sequence))
    }
}

/// The entries of a page; and where it does not follow `after`, the first entry that was there when it
/// was read.
async fn fetch(
    log: &dyn AuditLog,
    filter: &EventFilter,
    after: Sequence,
    page: Page,
) -> Result<(Vec<RecordedEvent>, Option<Sequence>), QueryError> {
    let entries = log.page(filter.query(), page).await?;
    let found = entries.first().map(|event| event.sequence);
    if found == Some(after.next()) {
        return Ok((entries, None));
    }
    // Asked after the page, because what the page did not find any more is still gone now. Only
    // a start of the record is ever removed: from the first entry found on, all was there.
    let first = log.span().await?.first.map(|(first, _)| first);
    Ok((entries, found.into_iter().chain(first).min()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(after: u64) -> Behind {
        let spans = [3..=5, 8..=9].map(|span| Sequence(*span.start())..=Sequence(*span.end()));
        Behind { spans: spans.to_vec(), after: Sequence(after) }
    }

    #[test]
    fn lost_is_what_was_to_be_read_and_lies_before_what_is_there() {
        for (after, first, expected) in [
            (2, 1, None),
            (2, 3, None),
            (2, 4, Some((3, 3, 1))),
            (2, 6, Some((3, 5, 3))),
            (2, 8, Some((3, 5, 3))),
            (2, 9, Some((3, 8, 4))),
            (2, 20, Some((3, 9, 5))),
            (4, 5, None),
            (4, 8, Some((5, 5, 1))),
            (5, 8, None),
            (9, 20, None),
        ] {
            let lost = behind(after).lost_before(Sequence(first));
            let lost = lost.map(|lost| (lost.from.0, lost.through.0, lost.events));
            assert_eq!(lost, expected, "after {after}, before {first}");
        }
    }

    #[test]
    fn what_lies_between_the_spans_is_somebody_elses() {
        let contained: Vec<u64> = (0..12).filter(|at| behind(2).contains(Sequence(*at))).collect();
        assert_eq!((contained, behind(2).end()), (vec![3, 4, 5, 8, 9], Sequence(9)));
    }
}
