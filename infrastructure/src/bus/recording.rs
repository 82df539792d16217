//! Whether recording works, as far as the last batch tells.
//!
//! Deliberately absent: trying it out. Nothing is put on record to find out whether it can be.

use std::sync::PoisonError;

use chrono::{DateTime, Utc};
use domain::ports::{RecordError, RecordingFailure};

use crate::sync::Mutex;

/// Whether recording works.
#[derive(Default)]
pub(super) struct Recording(Mutex<Option<RecordingFailure>>);

impl Recording {
    /// A batch was recorded.
    pub(super) fn works(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// So many events were not recorded. That a recorder refuses an event by a rule of its own is no
    /// failure: it works.
    pub(super) fn failed(&self, error: &RecordError, events: usize, now: DateTime<Utc>) {
        if matches!(error, RecordError::Refused(_)) {
            return;
        }
        let mut failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, before) =
            failing.as_ref().map_or((now, 0), |known| (known.since, known.events));
        let events = before.saturating_add(events as u64);
        *failing = Some(RecordingFailure { since, last: now, events, error: error.clone() });
    }

    /// What it has failed with since it last worked.
    pub(super) fn failure(&self) -> Option<RecordingFailure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
