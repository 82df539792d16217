//! The last events, for inspection at run time.
//!
//! Deliberately absent: any use by the bus itself; a reader that has fallen behind asks the record.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};

use domain::RecordedEvent;

use crate::sync::Mutex;

/// A ring of the last events.
pub(super) struct Recent {
    limit: usize,
    events: Mutex<VecDeque<Arc<RecordedEvent>>>,
}

impl Recent {
    /// A ring of at most `limit` events.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, events: Mutex::default() }
    }

    /// Adds a batch and forgets what is too old.
    pub(super) fn push(&self, batch: &[Arc<RecordedEvent>]) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = &batch[batch.len().saturating_sub(self.limit)..];
        let too_many = (events.len() + kept.len()).saturating_sub(self.limit);
        events.drain(..too_many);
        events.extend(kept.iter().cloned());
    }

    /// The events in the ring, oldest first.
    pub(super) fn list(&self) -> Vec<Arc<RecordedEvent>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
