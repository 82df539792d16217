//! Legal holds: which entries must stay whatever a policy says, until somebody releases them.
//!
//! Who placed one, why and when is told by the event that put it on record, whose sequence is the hold's
//! id. A hold covers that entry too, so that it can be read as long as the hold is in force.
//!
//! Deliberately absent: where holds are kept, see [`crate::ports::LegalHolds`].

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use super::{RecordedEvent, Sequence};
use crate::envelope::ActorKind;

/// Names a hold: the place of its `audit.hold_placed` on record, and so never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HoldId(pub Sequence);

impl fmt::Display for HoldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for HoldId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// What a hold is about. What is recorded later is held as well.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HoldScope {
    /// The entries of a plan.
    Plan(String),
    /// The entries of a run of work.
    Correlation(String),
    /// The entries of a human: what happened on their behalf, and what they did themselves.
    User(String),
    /// A range of entries, both ends included, whether or not all are on record.
    Sequences {
        /// The first.
        from: Sequence,
        /// The last.
        through: Sequence,
    },
}

impl HoldScope {
    /// What kind it is, in a word.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Plan(_) => "plan",
            Self::Correlation(_) => "correlation",
            Self::User(_) => "user",
            Self::Sequences { .. } => "sequences",
        }
    }

    /// What it names: an id, or a range.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Self::Plan(id) | Self::Correlation(id) | Self::User(id) => id.clone(),
            Self::Sequences { from, through } => format!("{from}-{through}"),
        }
    }
}

/// A hold that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegalHold {
    /// Its id.
    pub id: HoldId,
    /// What it is about.
    pub scope: HoldScope,
}

impl LegalHold {
    /// Whether an entry is held. Adapters that find out in a database must agree with this.
    #[must_use]
    pub fn covers(&self, event: &RecordedEvent) -> bool {
        let envelope = &event.envelope;
        let own = event.sequence == self.id.0;
        own || match &self.scope {
            HoldScope::Plan(id) => envelope.plan_id.as_ref() == Some(id),
            HoldScope::Correlation(id) => envelope.correlation_id.as_ref() == Some(id),
            HoldScope::User(id) => {
                let actor = envelope.actor.as_ref();
                envelope.user_identity.as_ref() == Some(id)
                    || actor.is_some_and(|it| it.kind == ActorKind::Human && it.id == *id)
            }
            HoldScope::Sequences { from, through } => (*from..=*through).contains(&event.sequence),
        }
    }
}

/// The oldest entry that a hold keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldEntry {
    /// The hold.
    pub hold: HoldId,
    /// The entry.
    pub sequence: Sequence,
}

impl fmt::Display for HeldEntry {
    /// What is held by what, and what can be done about it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hold, sequence } = self;
        write!(
            f,
            "held back by legal hold {hold} at {sequence}: it stays until the hold is released"
        )
    }
}
