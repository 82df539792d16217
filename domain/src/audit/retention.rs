//! Which entries may go: a pure rule over times and sequences.
//!
//! Deliberately absent: deleting. See [`crate::ports::AuditRetention`].

use chrono::{DateTime, Days, Utc};

use super::{LogSpan, Sequence};

/// How long entries are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetentionPolicy {
    /// For ever.
    KeepForEver,
    /// At least this many days of 24 hours after they were recorded.
    KeepDays(u32),
}

impl RetentionPolicy {
    /// The policy of a number of days, where 0 means for ever.
    #[must_use]
    pub const fn from_days(days: u32) -> Self {
        if days == 0 { Self::KeepForEver } else { Self::KeepDays(days) }
    }

    /// Entries recorded before this moment may go; `None` when none may, also when the policy
    /// reaches back further than the calendar.
    #[must_use]
    pub fn cutoff(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::KeepForEver => None,
            Self::KeepDays(days) => now.checked_sub_days(Days::new(u64::from(days))),
        }
    }
}

/// A range of entries at the start of the record, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// The oldest entry.
    pub from: Sequence,
    /// The last one that may go.
    pub through: Sequence,
}

impl Prefix {
    /// How many entries there are in the range.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.through.0 - self.from.0 + 1
    }
}

/// The entries that may go: all up to `last_expired`, but never the newest one, which keeps the
/// next sequence from being used twice.
#[must_use]
pub fn prefix_that_may_go(span: &LogSpan, last_expired: Option<Sequence>) -> Option<Prefix> {
    let ((first, _), (newest, _)) = (span.first?, span.last?);
    let through = last_expired?.min(Sequence(newest.0.saturating_sub(1)));
    (through >= first).then_some(Prefix { from: first, through })
}
