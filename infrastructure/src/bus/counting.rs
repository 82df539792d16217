//! What has happened on a bus, counted.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::ports::BusCounters;

/// One count. Nothing is ordered by it, so that counting costs next to nothing.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    /// Counts `more` occurrences.
    pub(super) fn add(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counts of one bus; each means what the field of [`BusCounters`] means.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) recorded: Count,
    pub(super) already_on_record: Count,
    pub(super) refused: Count,
    pub(super) handler_failures: Count,
    pub(super) handler_panics: Count,
    pub(super) fallbacks: Count,
    pub(super) lost_to_retention: Count,
}

impl Counts {
    pub(super) fn snapshot(&self) -> BusCounters {
        BusCounters {
            recorded: self.recorded.get(),
            already_on_record: self.already_on_record.get(),
            refused: self.refused.get(),
            handler_failures: self.handler_failures.get(),
            handler_panics: self.handler_panics.get(),
            fallbacks: self.fallbacks.get(),
            lost_to_retention: self.lost_to_retention.get(),
        }
    }
}
