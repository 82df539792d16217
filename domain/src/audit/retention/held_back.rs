//! What keeps entries on record that are old enough to go.
//!
//! Deliberately absent: finding it out, which takes a record to ask.

use std::fmt;

use super::{Hold, RetentionPolicy};
use crate::audit::Sequence;
use crate::audit::legal_hold::HeldEntry;
use crate::event::AuditCategory;

/// The oldest entry that something keeps, and so all after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldBack {
    /// A durable subscription, or a dead letter of one.
    Subscription(Hold),
    /// A legal hold.
    LegalHold(HeldEntry),
    /// A category whose entries are kept for longer than others.
    Category {
        /// The category; `None` for what has no policy of its own.
        category: Option<AuditCategory>,
        /// How long its entries are kept.
        policy: RetentionPolicy,
        /// The oldest of them that is kept.
        sequence: Sequence,
    },
    /// The floor, where a policy would let go what is younger.
    Floor {
        /// The days for which every entry is kept.
        days: u32,
        /// The oldest entry that only the floor keeps.
        sequence: Sequence,
    },
    /// It is the newest entry, which the next sequence is counted from.
    Newest {
        /// Its place.
        sequence: Sequence,
    },
}

impl HeldBack {
    /// The oldest entry that is kept.
    #[must_use]
    pub const fn sequence(&self) -> Sequence {
        match self {
            Self::Subscription(Hold { sequence, .. })
            | Self::LegalHold(HeldEntry { sequence, .. })
            | Self::Category { sequence, .. }
            | Self::Floor { sequence, .. }
            | Self::Newest { sequence } => *sequence,
        }
    }

    /// What kind of thing it is that keeps it, in a word for programs.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Subscription(hold) => hold.need.as_str(),
            Self::LegalHold(_) => "legal-hold",
            Self::Category { .. } => "category",
            Self::Floor { .. } => "floor",
            Self::Newest { .. } => "newest",
        }
    }
}

impl fmt::Display for HeldBack {
    /// Who holds what back, and what can be done about it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subscription(hold) => hold.fmt(f),
            Self::LegalHold(held) => held.fmt(f),
            Self::Category { category, policy, sequence } => {
                let whose = category.map_or("every other category", AuditCategory::as_str);
                write!(f, "held back by an entry of {whose} at {sequence}, which is kept {policy}")
            }
            Self::Floor { days, sequence } => {
                write!(f, "held back by the floor at {sequence}: everything is kept {days} days")
            }
            Self::Newest { sequence } => {
                write!(f, "{sequence} is the newest entry, which always stays")
            }
        }
    }
}
