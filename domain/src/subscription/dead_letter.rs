//! Events that a durable subscription could not handle, kept until somebody decides.

use chrono::{DateTime, Utc};

use super::{EventEffects, SubscriptionName};
use crate::audit::Sequence;

/// An event that could not be handled, as it is noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDeadLetter {
    /// The event.
    pub sequence: Sequence,
    /// How often it was tried.
    pub attempts: u32,
    /// What the last attempt failed with, and what caused that, outermost first.
    pub errors: Vec<String>,
    /// When the last attempt failed.
    pub failed_at: DateTime<Utc>,
}

/// An event that a durable subscription could not handle. There is one at most for each event and
/// subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Whose it is.
    pub subscription: SubscriptionName,
    /// The event.
    pub sequence: Sequence,
    /// How often it was tried, over all rounds.
    pub attempts: u32,
    /// What the last attempt failed with, and what caused that, outermost first.
    pub errors: Vec<String>,
    /// When the last attempt failed.
    pub failed_at: DateTime<Utc>,
    /// Whether somebody has asked for it to be tried again and that has not happened yet.
    pub retry_requested: bool,
}

/// What came of another try at a dead letter that somebody has asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum RetriedLetter {
    /// It was handled, and this is to be changed because of it, if anything is; it is a dead letter no
    /// more.
    Handled(EventEffects),
    /// It has failed once more.
    Failed(NewDeadLetter),
}

impl RetriedLetter {
    /// The event.
    #[must_use]
    pub const fn sequence(&self) -> Sequence {
        match self {
            Self::Handled(event) => event.sequence,
            Self::Failed(letter) => letter.sequence,
        }
    }
}
