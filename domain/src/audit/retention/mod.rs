//! Which entries may go: pure rules over times, categories and sequences.
//!
//! Deliberately absent: deleting. See [`crate::ports::AuditRetention`].

mod held_back;
mod rules;

pub use held_back::HeldBack;
pub use rules::{BelowFloor, RetentionRules};

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;

use chrono::{DateTime, Days, Utc};

use super::{LogSpan, Sequence};
use crate::subscription::{DeadLetter, SubscriptionName, SubscriptionStatus};

/// How long entries are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetentionPolicy {
    /// For ever.
    KeepForEver,
    /// At least this many days of 24 hours after they were recorded.
    KeepDays(u32),
}

impl RetentionPolicy {
    /// The same, or so many days where they are more.
    #[must_use]
    pub fn at_least(self, least: u32) -> Self {
        match self {
            Self::KeepDays(days) => Self::KeepDays(days.max(least)),
            Self::KeepForEver => self,
        }
    }

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

/// The longer an entry is kept, the greater its policy.
impl Ord for RetentionPolicy {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::KeepForEver, Self::KeepForEver) => Ordering::Equal,
            (Self::KeepForEver, Self::KeepDays(_)) => Ordering::Greater,
            (Self::KeepDays(_), Self::KeepForEver) => Ordering::Less,
            (Self::KeepDays(days), Self::KeepDays(others)) => days.cmp(others),
        }
    }
}

impl PartialOrd for RetentionPolicy {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for RetentionPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeepForEver => f.write_str("for ever"),
            Self::KeepDays(days) => write!(f, "{days} days"),
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

/// Why somebody still needs an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// The subscription has not come to it yet.
    ToCome,
    /// It is a dead letter of the subscription, and may be tried again.
    DeadLetter,
}

impl Need {
    /// The need in a word for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ToCome => "subscription",
            Self::DeadLetter => "dead-letter",
        }
    }
}

/// The oldest entry that a durable subscription still needs, whatever its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The subscription.
    pub subscription: SubscriptionName,
    /// The entry, which there need not be yet, or any more.
    pub sequence: Sequence,
    /// Why it is needed.
    pub need: Need,
}

impl fmt::Display for Hold {
    /// Who holds what back, and what can be done about it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subscription, sequence, need } = self;
        match need {
            Need::ToCome => {
                write!(
                    f,
                    "held back by subscription `{subscription}` at {sequence}: resume or remove it"
                )
            }
            Need::DeadLetter => write!(
                f,
                "held back by a dead letter of subscription `{subscription}` at {sequence}: retry or \
                 discard it"
            ),
        }
    }
}

/// What each subscription still needs, the oldest first.
#[must_use]
pub fn holds(subscriptions: &[SubscriptionStatus], letters: &[DeadLetter]) -> Vec<Hold> {
    let to_come = subscriptions.iter().map(|one| Hold {
        subscription: one.name.clone(),
        sequence: one.cursor.next(),
        need: Need::ToCome,
    });
    let dead = letters.iter().map(|letter| Hold {
        subscription: letter.subscription.clone(),
        sequence: letter.sequence,
        need: Need::DeadLetter,
    });
    let mut holds: Vec<Hold> = to_come.chain(dead).collect();
    // The sort is stable: what is to come stands before a dead letter of the same place.
    holds.sort_by(|one, other| {
        (one.sequence, &one.subscription).cmp(&(other.sequence, &other.subscription))
    });
    let mut seen = HashSet::new();
    holds.retain(|hold| seen.insert(hold.subscription.clone()));
    holds
}

/// The entries that may go: all up to `last_expired`, but none from `needed` on, the first that
/// somebody still needs, and never the newest one, which keeps the next sequence from being used
/// twice.
#[must_use]
pub fn prefix_that_may_go(
    span: &LogSpan,
    last_expired: Option<Sequence>,
    needed: Option<Sequence>,
) -> Option<Prefix> {
    let ((first, _), (newest, _)) = (span.first?, span.last?);
    let before = |sequence: Sequence| Sequence(sequence.0.saturating_sub(1));
    let kept = needed.map_or(newest, |needed| needed.min(newest));
    let through = last_expired?.min(before(kept));
    (through >= first).then_some(Prefix { from: first, through })
}
