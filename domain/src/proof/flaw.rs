//! Why a proof proves nothing.

use super::{CommittedField, SignatureFlaw};
use crate::Sequence;

/// What is wrong with a proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofFlaw {
    /// It cannot be read.
    #[error("this is no proof that can be read: {reason}")]
    Malformed {
        /// Where reading ended, and why.
        reason: String,
    },
    /// It is of a kind or a version that is not known here.
    #[error(
        "proofs of the format `{found}` cannot be read: use the version that they were made with"
    )]
    UnknownFormat {
        /// Its format.
        found: String,
    },
    /// Its checkpoint is not to be believed.
    #[error(transparent)]
    Signature(#[from] SignatureFlaw),
    /// The leaves are not at their places in the tree that the checkpoint speaks of.
    #[error("what the proof shows is not in the tree of its checkpoint: one of them was changed")]
    NotInTree,
    /// A value is not the one that the leaf stands for.
    #[error("the {field} of entry {} is not what was recorded", .sequence.0)]
    Content {
        /// The entry.
        sequence: Sequence,
        /// The field.
        field: CommittedField,
    },
    /// Entries do not bear the numbers of their places.
    #[error("entry {} is not where it belongs", .sequence.0)]
    Order {
        /// The entry.
        sequence: Sequence,
    },
    /// An entry that was asked for is not in the answer.
    #[error("entry {} was asked for, and is left out", .sequence.0)]
    LeftOut {
        /// The entry.
        sequence: Sequence,
    },
    /// The answer has an entry that was not asked for, or has it twice.
    #[error("entry {} is in the answer, and was not asked for there", .sequence.0)]
    NotAskedFor {
        /// The entry.
        sequence: Sequence,
    },
    /// Two checkpoints are of different logs.
    #[error("the checkpoints are of different logs, {old} and {new}")]
    DifferentLogs {
        /// The log of the earlier one.
        old: String,
        /// The log of the later one.
        new: String,
    },
    /// The later checkpoint has fewer entries.
    #[error(
        "the later checkpoint has {new} entries, and the earlier one {old}: give them in order, \
             unless entries were cut off"
    )]
    Truncation {
        /// How many the earlier one has.
        old: u64,
        /// How many the later one has.
        new: u64,
    },
    /// The later checkpoint is not one of a log that has only grown.
    #[error("the later checkpoint does not begin with the entries of the earlier one")]
    Fork,
}

impl ProofFlaw {
    /// Its kind in one word, for programs.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::UnknownFormat { .. } => "unknown-format",
            Self::Signature(SignatureFlaw::BadSignature { .. }) => "bad-signature",
            Self::Signature(SignatureFlaw::UnknownKey { .. }) => "unknown-key",
            Self::Signature(SignatureFlaw::OfAnotherLog { .. }) | Self::DifferentLogs { .. } => {
                "different-log"
            }
            Self::NotInTree => "not-in-tree",
            Self::Content { .. } => "content",
            Self::Order { .. } => "order",
            Self::LeftOut { .. } => "left-out",
            Self::NotAskedFor { .. } => "not-asked-for",
            Self::Truncation { .. } => "truncation",
            Self::Fork => "fork",
        }
    }
}
