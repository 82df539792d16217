//! What the bus, its sequencer and its readers have in common.
//!
//! Deliberately absent: the queue. Only the bus itself holds the sending end, so that the sequencer
//! and with it everything else ends when the bus is dropped.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use application::panics;
use domain::ports::EventBatch;
use domain::{AuditLog, Clock, EventFilter, RecordedEvent};

use super::counting::Counts;
use super::readers::Readers;
use super::recent::Recent;
use super::recording::Recording;
use super::rest::Rest;
use super::subscribers::Subscribers;
use crate::sync::{AbortHandle, Handle, abortable, oneshot};

/// A committed batch, as every reader is handed it.
pub(super) type Batch = EventBatch;

/// The common part.
pub(super) struct Shared {
    pub(super) log: Arc<dyn AuditLog>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) runtime: Handle,
    pub(super) counts: Counts,
    pub(super) recording: Recording,
    pub(super) recent: Recent,
    pub(super) readers: Readers,
    pub(super) subscribers: Subscribers,
    pub(super) rest: Arc<Rest>,
}

impl Shared {
    /// Asks the record something. What is not answered at once is asked by a task of its own: it holds
    /// a connection, and maybe the log as it was when it began, which must not last for as long as
    /// nobody polls whoever asks. Dropping the future gives the question up.
    pub(super) async fn ask<T, F>(&self, question: impl Fn() -> F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let mut asked = Box::pin(question());
        if let Poll::Ready(answer) = poll_fn(|cx| Poll::Ready(asked.as_mut().poll(cx))).await {
            return answer;
        }
        let (tell, told) = oneshot::channel();
        let (task, handle) = abortable(async move {
            // Nobody may want to know any more.
            let _ = tell.send(asked.await);
        });
        let _given_up = GivenUp(handle);
        self.runtime.spawn(task);
        match told.await {
            Ok(answer) => answer,
            // The task has gone, with its runtime or over a log that panics.
            Err(_) => question().await,
        }
    }

    /// Whether `filter` accepts an event; one that panics does not.
    pub(super) fn accepts(&self, filter: &EventFilter, event: &RecordedEvent, who: &str) -> bool {
        catch_unwind(AssertUnwindSafe(|| filter.accepts(event))).unwrap_or_else(|panic| {
            self.counts.handler_panics.add(1);
            tracing::error!(
                event_id = %event.envelope.event_id,
                sequence = event.sequence.0,
                subscriber = who,
                panic = panics::message(&*panic),
                "a filter panicked, so its subscriber does not get the event"
            );
            false
        })
    }
}

/// Lets go of a task when it is dropped.
struct GivenUp(AbortHandle);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.abort();
    }
}
