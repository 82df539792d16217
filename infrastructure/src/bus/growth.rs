//! Hearing that others have added to the record, for the streams.
//!
//! The sequencer alone listens, once for all streams, and between two of its own batches: so what it
//! hears of lies beyond everything it has handed on, and no stream asks the record because of what
//! this bus recorded itself.
//!
//! Deliberately absent: reading what was added. Each stream does so by itself, when it comes to it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use application::panics;
use domain::{QueryError, Sequence};
use futures::FutureExt;
use futures::future::BoxFuture;

use super::shared::Shared;
use crate::sync::yield_now;

/// How long a record that cannot be asked is left alone: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// What a log says that panics.
#[derive(Debug, thiserror::Error)]
#[error("the audit log panicked: {0}")]
struct Panicked(String);

/// The end of the record, as far as the bus knows it.
#[derive(Default)]
pub(super) struct Growth {
    /// The newest entry that was handed on, or that streams were told of.
    pub(super) newest: Sequence,
    /// Kept from one time to the next, so that an emit in between does not have it begun again.
    waiting: Option<BoxFuture<'static, Result<Sequence, QueryError>>>,
    pause: Option<Duration>,
    /// The record has been closed, and grows no more.
    closed: bool,
}

impl Growth {
    /// The same as [`Self::noticed`]; a log that panics over it is left alone for a while, and hurts
    /// neither the bus nor its emitters.
    pub(super) async fn noticed_soundly(&mut self, shared: &Shared) {
        let outcome = AssertUnwindSafe(self.noticed(shared)).catch_unwind().await;
        if let Err(panic) = outcome {
            self.waiting = None;
            let said = panics::message(&*panic).to_owned();
            self.give_way(&QueryError::Storage(Arc::new(Panicked(said))));
        }
    }

    /// Waits until others have added to the record, and tells the streams; or until there is something
    /// else to wait for. Dropping the future loses nothing.
    pub(super) async fn noticed(&mut self, shared: &Shared) {
        if self.closed || !shared.readers.has_streams() {
            self.waiting = None;
            return shared.readers.streams_changed().await;
        }
        let to_join = shared.readers.to_join();
        if !to_join.is_empty() {
            Self::pause(self.pause, shared).await;
            match shared.log.span().await {
                Ok(span) => {
                    shared.readers.join(&to_join, span.last.map_or(Sequence(0), |(last, _)| last));
                    self.pause = None;
                }
                Err(error) => self.give_way(&error),
            }
            return;
        }
        Self::pause(self.pause, shared).await;
        let newest = self.newest;
        let waiting = self.waiting.get_or_insert_with(|| {
            let log = Arc::clone(&shared.log);
            Box::pin(async move { log.newer_than(newest).await })
        });
        let heard = tokio::select! {
            biased;
            () = shared.readers.streams_changed() => return,
            heard = waiting => heard,
        };
        self.waiting = None;
        match heard {
            Ok(newest) => {
                self.pause = None;
                // What this bus has recorded meanwhile has been handed on.
                if newest > self.newest {
                    self.newest = newest;
                    shared.readers.grow(newest);
                }
            }
            Err(error) => self.give_way(&error),
        }
    }

    /// Leaves a record alone that could not be asked.
    async fn pause(pause: Option<Duration>, shared: &Shared) {
        if let Some(pause) = pause {
            shared.clock.sleep(pause).await;
            // A clock may stand still, or be moved on by whoever sleeps.
            yield_now().await;
        }
    }

    fn give_way(&mut self, error: &QueryError) {
        self.closed = matches!(error, QueryError::Closed);
        let (at_first, at_most) = PAUSES;
        let pause = self.pause.map_or(at_first, |pause| (pause * 2).min(at_most));
        self.pause = Some(pause);
        tracing::warn!(
            error = error as &dyn std::error::Error,
            pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
            "the record cannot be asked for what other processes add; streams are told of it later"
        );
    }
}
