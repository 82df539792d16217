//! What the bus, its sequencer and its readers have in common.
//!
//! Deliberately absent: the queue. Only the bus itself holds the sending end, so that the sequencer
//! and with it everything else ends when the bus is dropped.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use application::panics;
use domain::ports::EventBatch;
use domain::{AuditLog, Clock, EventFilter, RecordedEvent};

use super::counting::Counts;
use super::readers::Readers;
use super::recent::Recent;
use super::recording::Recording;
use super::rest::Rest;
use super::subscribers::Subscribers;

/// A committed batch, as every reader is handed it.
pub(super) type Batch = EventBatch;

/// The common part.
pub(super) struct Shared {
    pub(super) log: Arc<dyn AuditLog>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) counts: Counts,
    pub(super) recording: Recording,
    pub(super) recent: Recent,
    pub(super) readers: Readers,
    pub(super) subscribers: Subscribers,
    pub(super) rest: Arc<Rest>,
}

impl Shared {
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
