//! What has happened in a scenario, in order: what was emitted, recorded, refused, and handed to
//! whom, with what came of it.
//!
//! Deliberately absent: the words it is told in, which are in `narration`, and judging. Whether something that happened should have is an expectation's
//! business.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{AuditFilter, EmitError, EventEnvelope, EventType, Receipt, RecordedEvent};

/// Tells one call of `emit_batch` from another within a scenario.
pub type EmitNumber = u64;

/// Tells one subscription from another within a scenario; names may repeat.
pub type SubscriptionNumber = u64;

/// An event as it was handed to `emit`.
#[derive(Clone, Debug)]
pub struct Offered {
    /// Its type.
    pub event_type: EventType,
    /// What it would be put on record as, before redaction, and with an empty id where the bus is
    /// to make one; `None` when it cannot be written down at all.
    pub envelope: Option<EventEnvelope>,
}

/// One thing that has happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Happening {
    /// The application was started on this file, for the first time or again.
    Started {
        /// The file of the record.
        file: PathBuf,
    },
    /// The history the scenario begins with was put on record.
    Given {
        /// The receipts.
        receipts: Vec<Receipt>,
    },
    /// Somebody subscribed.
    Subscribed {
        /// The subscription.
        subscription: SubscriptionNumber,
        /// The subscriber's name.
        name: String,
        /// What it wants to be told of.
        wants: AuditFilter,
        /// Whether a predicate of its own narrows that down further.
        has_predicate: bool,
    },
    /// The bus let a subscriber go: it unsubscribed, or the bus has shut down.
    Left {
        /// The subscription.
        subscription: SubscriptionNumber,
        /// The subscriber's name.
        name: String,
    },
    /// Events were handed to `emit`, as one batch.
    Emitted {
        /// The call.
        emit: EmitNumber,
        /// The events.
        events: Vec<Offered>,
    },
    /// They are on record: `emit` has returned. Whoever was told of them may have been told before.
    Acknowledged {
        /// The call.
        emit: EmitNumber,
        /// One for each event.
        receipts: Vec<Receipt>,
    },
    /// They were refused.
    Refused {
        /// The call.
        emit: EmitNumber,
        /// Why.
        error: EmitError,
    },
    /// The emitter went away before `emit` returned.
    GivenUp {
        /// The call.
        emit: EmitNumber,
    },
    /// A subscriber was called.
    Handed {
        /// The subscription.
        subscription: SubscriptionNumber,
        /// The subscriber's name.
        name: String,
        /// The event.
        event: Arc<RecordedEvent>,
        /// The how many-th time this run of it does so, from 1.
        attempt: u32,
        /// Whether it was told that it may have handled the event before.
        repeated: bool,
    },
    /// The call ended.
    Handled {
        /// The subscription.
        subscription: SubscriptionNumber,
        /// The subscriber's name.
        name: String,
        /// The event.
        event: Arc<RecordedEvent>,
        /// What came of it.
        outcome: Handling,
    },
    /// The application was shut down.
    ShutDown {
        /// The subscribers that did not finish.
        abandoned: Vec<String>,
    },
    /// A child process on the same file was killed.
    Killed {
        /// How many events had been acknowledged to it.
        acknowledged: usize,
    },
}

/// What came of handing an event to a subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handling {
    /// It returned.
    Done,
    /// It returned an error: the whole chain.
    Failed(String),
    /// It panicked, and said this.
    Panicked(String),
    /// It was given up: unsubscribed or abandoned in the middle.
    Abandoned,
}

/// The timeline of a scenario. Clones are of the same one.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    happenings: Arc<Mutex<Vec<Happening>>>,
    /// The last number that was given to an emit, and to a subscription.
    numbers: Arc<(AtomicU64, AtomicU64)>,
}

impl Timeline {
    /// All that has happened so far, in order.
    #[must_use]
    pub fn happenings(&self) -> Vec<Happening> {
        self.lock().clone()
    }

    /// A number for the next emit.
    pub(super) fn next_emit(&self) -> EmitNumber {
        self.numbers.0.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A number for the next subscription.
    pub(super) fn next_subscription(&self) -> SubscriptionNumber {
        self.numbers.1.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Notes what has happened.
    pub(super) fn note(&self, happening: Happening) {
        self.lock().push(happening);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Vec<Happening>> {
        self.happenings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
