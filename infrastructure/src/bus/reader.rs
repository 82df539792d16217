//! Reading from an inbox, and from the record what is not in the inbox.
//!
//! A subscriber sees the events that were recorded through its own bus while it was there, all of
//! them, whether it is quick or slow. What other processes record in the same log meanwhile it does
//! not see, neither live nor when it goes back to the record: otherwise what it is told would depend
//! on how busy it was. A stream sees the whole record from where it begins, whoever adds to it.
//!
//! What retention removes before a slow reader comes to it is lost to that reader, and it is told
//! so.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{EventFilter, QueryError, RecordedEvent, Sequence};

use super::beginning::{Begin, Past};
use super::behind::{Behind, Lost, PAGE};
use super::inbox::{Inbox, Span, Taken};
use super::shared::{Batch, Shared};
use crate::sync::consume_budget;

/// One reader: a subscriber's or a stream's. Dropping it ends the reading.
pub(super) struct Reader {
    shared: Arc<Shared>,
    inbox: Arc<Inbox>,
    /// Where a stream begins, as long as that has not been looked up.
    past: Option<Past>,
    /// Nothing up to here is wanted.
    after: Sequence,
    /// Nothing that was recorded earlier is wanted; forgotten once something was not.
    not_before: Option<DateTime<Utc>>,
    /// Read from the record together with what was lost, and not yet handed out.
    hand: Option<Batch>,
    behind: Option<Behind>,
    /// The record has been closed, and that has been said.
    closed: bool,
}

impl Reader {
    /// A reader of what this bus records from now on.
    pub(super) fn open(shared: &Arc<Shared>, inbox: Inbox) -> Self {
        let inbox = Arc::new(inbox);
        shared.readers.add(&inbox);
        Self {
            shared: Arc::clone(shared),
            inbox,
            past: None,
            after: Sequence(0),
            not_before: None,
            hand: None,
            behind: None,
            closed: false,
        }
    }

    /// A reader of the whole record from a place in the past on. That place is looked up once the inbox
    /// is open, so that what the reader finds on record and what it finds there join.
    pub(super) fn open_in(shared: &Arc<Shared>, inbox: Inbox, past: Past) -> Self {
        let mut reader = Self::open(shared, inbox);
        reader.past = Some(past);
        reader.not_before = past.not_before();
        reader
    }

    /// The inbox it reads from.
    pub(super) fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    /// Waits for the next events, at least one; `None` when nothing more will come. After an error,
    /// the next call tries again and nothing is skipped; [`QueryError::Removed`] has been logged and
    /// counted, and the next call goes on after what was removed. Nothing more comes after
    /// [`QueryError::Closed`].
    pub(super) async fn next(&mut self) -> Option<Result<Batch, QueryError>> {
        // So that a reader that always finds something leaves room for other tasks.
        consume_budget().await;
        if self.closed {
            return None;
        }
        loop {
            if let Some(batch) = self.hand.take() {
                return Some(Ok(batch));
            }
            if let Some(past) = self.past {
                let log = &self.shared.log;
                let asked = || {
                    let log = Arc::clone(log);
                    async move { past.find(&*log).await }
                };
                match self.shared.ask(asked).await {
                    Ok(begin) => self.begin(begin),
                    Err(error) => return Some(Err(self.failed(error))),
                }
            }
            if let Some(behind) = &self.behind {
                // Without a filter, nobody reads any more.
                let filter = self.inbox.filter()?;
                let (entries, lost) = match behind.read(&self.shared, &filter).await {
                    Ok(read) => read,
                    Err(error) => return Some(Err(self.failed(error))),
                };
                self.catch_up(&filter, entries);
                if let Some(lost) = lost {
                    return Some(Err(self.report(&lost)));
                }
                continue;
            }
            match self.inbox.take().await? {
                Taken::Batch(batch) => self.hand = self.wanted(batch),
                Taken::Missed { spans, fell_behind } => self.turn_back(spans, fell_behind),
            }
        }
    }

    /// Notes whether it makes sense to try again.
    fn failed(&mut self, error: QueryError) -> QueryError {
        self.closed = matches!(error, QueryError::Closed);
        error
    }

    /// Turns to what was on record before the inbox answers for it.
    fn begin(&mut self, Begin { after, end }: Begin) {
        let joint = self.inbox.join(end);
        self.past = None;
        self.after = after;
        self.inbox.has_read(self.after);
        self.read_record(vec![self.after.next()..=joint]);
    }

    /// Turns to the record for what the inbox did not get.
    fn turn_back(&mut self, spans: Vec<Span>, fell_behind: bool) {
        if fell_behind {
            self.shared.counts.fallbacks.add(1);
        }
        tracing::debug!(
            subscriber = self.inbox.name(),
            from = spans.first().map(|span| span.start().0),
            through = spans.last().map(|span| span.end().0),
            fell_behind,
            "a reader goes back to the record, because it is slower than the bus or because \
             another process has recorded"
        );
        self.read_record(spans);
    }

    /// Has these spans read, less what is not wanted.
    fn read_record(&mut self, spans: Vec<Span>) {
        let first = spans.first().map_or(0, |span| span.start().0);
        let after = Sequence(first.saturating_sub(1)).max(self.after);
        let behind = Behind { spans, after };
        self.behind = (behind.end() > after).then_some(behind);
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
        let Some(mut behind) = self.behind.take() else { return };
        let full = entries.len() >= PAGE as usize;
        behind.after = match entries.last() {
            Some(last) if full => last.sequence,
            _ => behind.end(),
        };
        let name = self.inbox.name();
        let kept: Batch = entries
            .into_iter()
            .filter(|event| {
                behind.contains(event.sequence)
                    && is_late_enough(&mut self.not_before, event)
                    && self.shared.accepts(filter, event, name)
            })
            .map(Arc::new)
            .collect();
        self.hand = (!kept.is_empty()).then_some(kept);
        self.inbox.has_read(behind.after);
        if full {
            self.behind = Some(behind);
        }
    }

    /// What is wanted of a batch from the inbox, if anything is.
    fn wanted(&mut self, batch: Batch) -> Option<Batch> {
        if self.not_before.is_none() && batch.first()?.sequence > self.after {
            return Some(batch);
        }
        let kept: Batch = batch
            .iter()
            .filter(|event| {
                event.sequence > self.after && is_late_enough(&mut self.not_before, event)
            })
            .cloned()
            .collect();
        (!kept.is_empty()).then_some(kept)
    }
}

/// Whether an event was recorded late enough. Times of recording never go back: once one is, all are.
fn is_late_enough(not_before: &mut Option<DateTime<Utc>>, event: &RecordedEvent) -> bool {
    let late_enough = not_before.is_none_or(|moment| event.recorded_at >= moment);
    if late_enough {
        *not_before = None;
    }
    late_enough
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.shared.readers.remove(&self.inbox);
        self.inbox.discard();
    }
}
