//! What is read from the record as a stream: events one by one or batch by batch, and how the reader
//! is doing meanwhile.
//!
//! Deliberately absent: where the events come from, which is the bus's business.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::QueryError;
use crate::audit::RecordedEvent;

/// Events that follow one another on record, as they are handed to every reader: one allocation,
/// shared. Never empty where a stream hands it out.
pub type EventBatch = Arc<[Arc<RecordedEvent>]>;

type Batches = Pin<Box<dyn Stream<Item = Result<EventBatch, QueryError>> + Send>>;

/// How a stream is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamStatus {
    /// It is told of what is recorded as it is recorded.
    Live,
    /// It reads from the record: its beginning lies in the past, others have added to the record, or
    /// it was slower than its buffer.
    CatchingUp {
        /// How many entries lie between what it has handed out and the newest it knows of, wanted or
        /// not; 0 until it has looked.
        behind: u64,
    },
    /// It has ended, or has been dropped.
    Ended,
}

/// What an adapter tells of a stream while it is read.
pub trait StreamProgress: Send + Sync {
    /// How the stream is doing now.
    fn status(&self) -> StreamStatus;

    /// How often it was slower than its buffer and went back to the record.
    fn fallbacks(&self) -> u64;
}

/// Looks at a stream while somebody else reads it. Holding it keeps neither the stream nor what its
/// filter has captured.
#[derive(Clone)]
pub struct StreamMonitor {
    progress: Arc<dyn StreamProgress>,
}

impl StreamMonitor {
    /// A monitor that asks `progress`.
    #[must_use]
    pub fn new(progress: Arc<dyn StreamProgress>) -> Self {
        Self { progress }
    }

    /// How the stream is doing now.
    #[must_use]
    pub fn status(&self) -> StreamStatus {
        self.progress.status()
    }

    /// How often it was slower than its buffer and went back to the record.
    #[must_use]
    pub fn fallbacks(&self) -> u64 {
        self.progress.fallbacks()
    }
}

impl fmt::Debug for StreamMonitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamMonitor")
            .field("status", &self.status())
            .field("fallbacks", &self.fallbacks())
            .finish()
    }
}

/// Recorded events in the order of the record, from where
/// [`EventBus::stream`](super::EventBus::stream) was told to begin. Read it event by event as a
/// [`Stream`], or batch by batch with [`Self::next_batch`]; both may be mixed.
///
/// An error means that the record could not be read; polling again tries again and nothing is
/// skipped. [`QueryError::Removed`] alone stands for events that are lost to the reader: retention
/// removed them before it came to them. It is said once, in their place, and polling again goes on
/// after them. After [`QueryError::Closed`] nothing more comes.
pub struct EventStream {
    /// `None` once they have ended, so that nothing of the reader is left.
    batches: Option<Batches>,
    /// Taken, and not yet handed out; the index of what comes next.
    hand: Option<(EventBatch, usize)>,
    monitor: StreamMonitor,
}

impl EventStream {
    /// A stream of the events in `batches`, of which `monitor` tells.
    pub fn new(
        batches: impl Stream<Item = Result<EventBatch, QueryError>> + Send + 'static,
        monitor: StreamMonitor,
    ) -> Self {
        Self { batches: Some(Box::pin(batches)), hand: None, monitor }
    }

    /// A stream that has ended.
    #[must_use]
    pub fn ended() -> Self {
        Self::new(Nothing, StreamMonitor::new(Arc::new(Nothing)))
    }

    /// Waits for the next events, as many as come together; `None` when nothing more will come. What
    /// this bus recorded in one commit comes in one batch, less what the filter does not want, so that
    /// whoever reads this way pays once for each commit.
    ///
    /// Dropping the future loses nothing. Errors mean what they mean for the stream.
    pub async fn next_batch(&mut self) -> Option<Result<EventBatch, QueryError>> {
        poll_fn(|context| self.poll_next_batch(context)).await
    }

    /// How the stream is doing now.
    #[must_use]
    pub fn status(&self) -> StreamStatus {
        self.monitor.status()
    }

    /// How often it was slower than its buffer and went back to the record.
    #[must_use]
    pub fn fallbacks(&self) -> u64 {
        self.monitor.fallbacks()
    }

    /// A handle to look at the stream with while somebody else reads it.
    #[must_use]
    pub fn monitor(&self) -> StreamMonitor {
        self.monitor.clone()
    }

    fn poll_next_batch(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<EventBatch, QueryError>>> {
        loop {
            match self.hand.take() {
                Some((batch, 0)) if !batch.is_empty() => return Poll::Ready(Some(Ok(batch))),
                Some((batch, next)) if next < batch.len() => {
                    return Poll::Ready(Some(Ok(Arc::from(&batch[next..]))));
                }
                _ => {}
            }
            match ready!(self.poll_batches(context)) {
                Some(Ok(batch)) => self.hand = Some((batch, 0)),
                end_or_error => return Poll::Ready(end_or_error),
            }
        }
    }

    fn poll_batches(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<EventBatch, QueryError>>> {
        let Some(batches) = &mut self.batches else { return Poll::Ready(None) };
        let next = ready!(batches.as_mut().poll_next(context));
        if next.is_none() {
            self.batches = None;
        }
        Poll::Ready(next)
    }
}

impl Stream for EventStream {
    type Item = Result<Arc<RecordedEvent>, QueryError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some((batch, next)) = &mut self.hand {
                if let Some(event) = batch.get(*next) {
                    *next += 1;
                    return Poll::Ready(Some(Ok(Arc::clone(event))));
                }
                self.hand = None;
            }
            match ready!(self.poll_batches(context)) {
                Some(Ok(batch)) => self.hand = Some((batch, 0)),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("monitor", &self.monitor).finish_non_exhaustive()
    }
}

/// No events, and no reader.
struct Nothing;

impl Stream for Nothing {
    type Item = Result<EventBatch, QueryError>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(None)
    }
}

impl StreamProgress for Nothing {
    fn status(&self) -> StreamStatus {
        StreamStatus::Ended
    }

    fn fallbacks(&self) -> u64 {
        0
    }
}
