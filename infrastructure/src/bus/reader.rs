//! Reading from an inbox, and from the record where the inbox was too small.
//!
//! A reader sees the events that were recorded through its own bus while it was there, all of them,
//! whether it is quick or slow. What other processes record in the same log meanwhile it does not
//! see, neither live nor when it goes back to the record: otherwise what a subscriber is told would
//! depend on how busy it was. To follow a whole log, ask the log.
//!
//! What retention removes before a slow reader comes to it is lost to that reader, and it is told
//! so. Deliberately absent: holding retention up for a reader.

use std::collections::VecDeque;
use std::sync::Arc;

use domain::audit::Page;
use domain::{AuditLog, EventFilter, QueryError, RecordedEvent, Sequence};

use super::inbox::{Inbox, Span, Taken};
use super::shared::Shared;
use crate::sync::consume_budget;

/// How many entries are asked of the record at once.
const PAGE: u32 = 256;

/// One reader: a subscriber's or a stream's. Dropping it ends the reading.
pub(super) struct Reader {
    shared: Arc<Shared>,
    inbox: Arc<Inbox>,
    /// Taken, and not yet read.
    hand: VecDeque<Arc<RecordedEvent>>,
    behind: Option<Behind>,
}

/// What is still to be read from the record.
struct Behind {
    /// At least one.
    spans: Vec<Span>,
    /// Everything up to here has been read or is known to be lost.
    after: Sequence,
}

/// What retention has taken from a reader.
struct Lost {
    from: Sequence,
    through: Sequence,
    /// How many events of this bus there were; other processes' may lie between.
    events: u64,
}

impl Reader {
    /// A reader of what is recorded from now on.
    pub(super) fn open(shared: &Arc<Shared>, inbox: Inbox) -> Self {
        let inbox = Arc::new(inbox);
        shared.readers.add(&inbox);
        Self { shared: Arc::clone(shared), inbox, hand: VecDeque::new(), behind: None }
    }

    /// The inbox it reads from.
    pub(super) fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    /// Waits for the next event; `None` when nothing more will come. After an error, the next call
    /// tries again and nothing is skipped; [`QueryError::Removed`] has been logged and counted, and
    /// the next call goes on after what was removed.
    pub(super) async fn next(&mut self) -> Option<Result<Arc<RecordedEvent>, QueryError>> {
        // So that a reader that always finds something leaves room for other tasks.
        consume_budget().await;
        loop {
            if let Some(event) = self.hand.pop_front() {
                return Some(Ok(event));
            }
            if let Some(behind) = &self.behind {
                // Without a filter, nobody reads any more.
                let filter = self.inbox.filter()?;
                let (entries, lost) = match behind.read(&*self.shared.log, &filter).await {
                    Ok(read) => read,
                    Err(error) => return Some(Err(error)),
                };
                self.catch_up(&filter, entries);
                if let Some(lost) = lost {
                    return Some(Err(self.report(&lost)));
                }
                continue;
            }
            match self.inbox.take().await? {
                Taken::Batch(batch) => self.hand.extend(batch.iter().cloned()),
                Taken::Missed(spans) => self.fall_behind(spans),
            }
        }
    }

    /// Turns to the record.
    fn fall_behind(&mut self, spans: Vec<Span>) {
        self.shared.counts.fallbacks.add(1);
        tracing::debug!(
            subscriber = self.inbox.name(),
            from = spans.first().map(|span| span.start().0),
            through = spans.last().map(|span| span.end().0),
            "a reader is slower than the bus and goes back to the record"
        );
        let first = spans.first().map_or(0, |span| span.start().0);
        self.behind = Some(Behind { spans, after: Sequence(first.saturating_sub(1)) });
    }

    /// Says once what was lost.
    fn report(&self, lost: &Lost) -> QueryError {
        let &Lost { from, through, events } = lost;
        self.shared.counts.lost_to_retention.add(usize::try_from(events).unwrap_or(usize::MAX));
        tracing::warn!(
            subscriber = self.inbox.name(),
            from = from.0,
            through = through.0,
            events,
            "retention removed events before a reader that has fallen behind came to them"
        );
        QueryError::Removed { from, through }
    }

    /// Takes a page of the record in hand, less what is another process's or not wanted.
    fn catch_up(&mut self, filter: &EventFilter, entries: Vec<RecordedEvent>) {
        let Some(behind) = &mut self.behind else { return };
        let full = entries.len() >= PAGE as usize;
        behind.after = entries.last().map_or(behind.after, |event| event.sequence);
        for event in entries {
            if behind.contains(event.sequence)
                && self.shared.accepts(filter, &event, self.inbox.name())
            {
                self.hand.push_back(Arc::new(event));
            }
        }
        if !full {
            self.behind = None;
        }
    }
}

impl Behind {
    /// Reads the next page, and what was removed before it could be read.
    async fn read(
        &self,
        log: &dyn AuditLog,
        filter: &EventFilter,
    ) -> Result<(Vec<RecordedEvent>, Option<Lost>), QueryError> {
        let entries = log.page(filter.query(), self.page()).await?;
        let found = entries.first().map(|event| event.sequence);
        if found == Some(self.after.next()) {
            return Ok((entries, None));
        }
        // Asked after the page, because what the page did not find any more is still gone now. Only
        // a start of the record is ever removed: from the first entry found on, all was there.
        let first = log.span().await?.first.map(|(first, _)| first);
        let there = found.into_iter().chain(first).min();
        let lost = there.and_then(|there| self.lost_before(there));
        Ok((entries, lost))
    }

    /// The next page to ask for.
    fn page(&self) -> Page {
        Page {
            after: Some(self.after),
            before: self.spans.last().map(|span| span.end().next()),
            limit: PAGE,
            reverse: false,
        }
    }

    /// This bus's events that are still to be read and come before `first`, the oldest entry there.
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

    /// Whether an entry was recorded through this bus.
    fn contains(&self, sequence: Sequence) -> bool {
        let at = self.spans.partition_point(|span| *span.end() < sequence);
        self.spans.get(at).is_some_and(|span| span.contains(&sequence))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.shared.readers.remove(&self.inbox);
        self.inbox.discard();
    }
}
