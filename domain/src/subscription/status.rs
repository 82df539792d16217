//! How a durable subscription stands, and who moves it on.

use chrono::{DateTime, Utc};

use super::{EventEffects, NewDeadLetter, RetriedLetter, SubscriptionName};
use crate::audit::Sequence;

/// Whether a durable subscription goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubscriptionState {
    /// It goes on, whenever somebody runs it.
    Active,
    /// Somebody has paused it.
    Paused,
    /// It has met an event that it cannot handle and must not skip; it waits for somebody.
    Halted,
}

impl SubscriptionState {
    /// The state as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Halted => "halted",
        }
    }
}

/// What went wrong last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionFailure {
    /// The event it was about, if it was about one.
    pub sequence: Option<Sequence>,
    /// What it failed with, and what caused that, outermost first.
    pub errors: Vec<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// How a durable subscription stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionStatus {
    /// Its name.
    pub name: SubscriptionName,
    /// Everything up to here is done with: handled, not wanted, or kept as a dead letter.
    pub cursor: Sequence,
    /// Up to here events may have been handed out already, whether or not that has been noted; never
    /// before `cursor`.
    pub reach: Sequence,
    /// Whether it goes on.
    pub state: SubscriptionState,
    /// Who runs it, as that one calls itself, and until when unless it says otherwise; `None` where
    /// nobody does.
    pub holder: Option<(String, DateTime<Utc>)>,
    /// The number of the last lease, from 1; 0 where there was none.
    pub token: u64,
    /// What went wrong last; `None` once something went well after it.
    pub failure: Option<SubscriptionFailure>,
    /// How many dead letters it has.
    pub dead_letters: u64,
    /// When it was first subscribed.
    pub created_at: DateTime<Utc>,
}

/// The right to move one subscription on, until somebody else gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The subscription.
    pub name: SubscriptionName,
    /// The fencing token: greater than that of every lease before.
    pub token: u64,
}

/// How far a subscription has come since it last said so. All of it is noted, or nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// Everything up to here is done with.
    pub cursor: Sequence,
    /// Up to here events are about to be handed out.
    pub reach: Sequence,
    /// What handled events change in the same database, in the order of the record.
    pub effects: Vec<EventEffects>,
    /// Events that could not be handled; one that is a dead letter already replaces it, and the
    /// attempts are added up.
    pub dead_letters: Vec<NewDeadLetter>,
    /// Events that have been handled and may be dead letters, as after a rewind: those are so no more.
    pub resolved: Vec<Sequence>,
    /// What came of dead letters that somebody had asked for, before all else. Each counts only if it
    /// is still asked for: what has come of it already, and what was discarded meanwhile, changes
    /// nothing.
    pub retried: Vec<RetriedLetter>,
    /// What went wrong last; `None` when all is well.
    pub failure: Option<SubscriptionFailure>,
}

#[cfg(test)]
mod tests {
    use super::SubscriptionState::{self, Active, Halted, Paused};

    #[test]
    fn a_state_is_written_as_one_word() {
        let written = [Active, Paused, Halted].map(SubscriptionState::as_str);
        assert_eq!(written, ["active", "paused", "halted"]);
    }
}
