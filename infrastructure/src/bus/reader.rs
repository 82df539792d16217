//! Reading from an inbox, and from the record where the inbox was too small.
//!
//! A reader sees the events that were recorded through its own bus while it was there, all of them,
//! whether it is quick or slow. What other processes record in the same log meanwhile it does not
//! see, neither live nor when it goes back to the record: otherwise what a subscriber is told would
//! depend on how busy it was. To follow a whole log, ask the log.

use std::collections::VecDeque;
use std::sync::Arc;

use domain::audit::Page;
use domain::{EventFilter, QueryError, RecordedEvent, Sequence};

use super::inbox::{Inbox, Span, Taken};
use super::shared::Shared;

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
    spans: Vec<Span>,
    after: Option<Sequence>,
}

impl Reader {
    /// A reader of what is recorded from now on.
    pub(super) fn open(
        shared: &Arc<Shared>,
        filter: EventFilter,
        name: &str,
        capacity: usize,
    ) -> Self {
        let inbox = Arc::new(Inbox::new(name.to_owned(), capacity, filter));
        shared.readers.add(&inbox);
        Self { shared: Arc::clone(shared), inbox, hand: VecDeque::new(), behind: None }
    }

    /// The inbox it reads from.
    pub(super) fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    /// Waits for the next event; `None` when nothing more will come. After an error, the next call
    /// tries again and nothing is skipped.
    pub(super) async fn next(&mut self) -> Option<Result<Arc<RecordedEvent>, QueryError>> {
        // So that a reader that always finds something leaves room for other tasks.
        tokio::task::coop::consume_budget().await;
        loop {
            if let Some(event) = self.hand.pop_front() {
                return Some(Ok(event));
            }
            if let Some(behind) = &self.behind {
                let page = behind.page();
                // Without a filter, nobody reads any more.
                let filter = self.inbox.filter()?;
                match self.shared.log.page(filter.query(), page).await {
                    Ok(entries) => self.catch_up(&filter, entries),
                    Err(error) => return Some(Err(error)),
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
        self.behind = Some(Behind { spans, after: None });
    }

    /// Takes a page of the record in hand, less what is another process's or not wanted.
    fn catch_up(&mut self, filter: &EventFilter, entries: Vec<RecordedEvent>) {
        let Some(behind) = &mut self.behind else { return };
        let full = entries.len() >= PAGE as usize;
        behind.after = entries.last().map(|event| event.sequence);
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
    /// The next page to ask for.
    fn page(&self) -> Page {
        let before_first = self.spans.first().and_then(|span| span.start().0.checked_sub(1));
        Page {
            after: self.after.or(before_first.map(Sequence)),
            before: self.spans.last().map(|span| span.end().next()),
            limit: PAGE,
            reverse: false,
        }
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
