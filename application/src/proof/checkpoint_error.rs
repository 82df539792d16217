//! Why the tree is not signed, or what was signed not kept, in the words of whoever wants it signed.
//!
//! Deliberately absent: why a record is not intact. See `verify`.

use std::sync::Arc;

use domain::ports::{AnchorError, SigningError, TreeError};
use domain::proof::{InvalidOrigin, NotASignedCheckpoint, SignatureFlaw, SignedCheckpoint};

use super::KeyInUseError;
use super::anchors::Unkept;
use super::tree::TreeReadError;

/// Why no checkpoint was made.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The tree cannot be read or grown.
    #[error("the tree of the record cannot be signed")]
    Tree(#[from] TreeReadError),
    /// The newest checkpoint there is does not belong to this tree.
    #[error(
        "the tree does not begin with the {size} entries that were signed before: the record was changed \
         from outside; run `indelible verify`"
    )]
    Rewritten {
        /// How many entries were signed before.
        size: u64,
    },
    /// The newest checkpoint there is cannot be read.
    #[error(
        "the newest checkpoint cannot be read: the record was changed from outside; run `indelible verify`"
    )]
    Unreadable(#[source] NotASignedCheckpoint),
    /// The newest checkpoint there is was not signed as it is.
    #[error(
        "the newest checkpoint was not signed by this record's keys: it was changed from outside; run \
         `indelible verify`"
    )]
    Forged(#[source] SignatureFlaw),
    /// A checkpoint that is kept outside the record does not belong to this tree.
    #[error(
        "a checkpoint in {place} is of {size} entries, and the record does not begin with them: it is an \
         older copy, or was changed from outside; run `indelible verify --against {place}`, and move that \
         file away where an older copy was put back on purpose"
    )]
    Contradicted {
        /// How many entries were signed before.
        size: u64,
        /// Where that is kept.
        place: String,
    },
    /// What the signer remembers was not signed by the record's keys.
    #[error(
        "the checkpoint in {place} was not signed by this record's keys: one of them was changed from \
         outside, or is of another record; run `indelible verify --against {place}`, and move that file \
         away where it does not belong here"
    )]
    Foreign {
        /// Where it is kept.
        place: String,
        /// What is wrong with the signature.
        #[source]
        source: SignatureFlaw,
    },
    /// Nothing is remembered, and where it might be kept cannot be asked.
    #[error(
        "it is not known what was signed before: nothing of it is remembered beside the key, and the anchor \
         does not say; see that the anchor can be read, or set none"
    )]
    Unasked(#[source] AnchorError),
    /// The record's name is not one.
    #[error(
        "the record has no name to sign for: it was changed from outside; run `indelible verify`"
    )]
    Nameless(#[from] InvalidOrigin),
    /// It is not on record that another key is in use than before.
    #[error(
        "nothing is signed, since it is not known to be on record with which key: see to what is in the way, and \
         start the program again"
    )]
    Withheld(#[source] Arc<KeyInUseError>),
    /// Signing failed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// It was made and kept, and could not be kept outside as well.
    #[error("a checkpoint of {} entries was made, and is kept in the record, but not with every anchor", .checkpoint.checkpoint().head.size)]
    Anchor {
        /// The checkpoint.
        checkpoint: Box<SignedCheckpoint>,
        /// What went wrong.
        #[source]
        source: Unkept,
    },
}

impl From<TreeError> for CheckpointError {
    fn from(error: TreeError) -> Self {
        Self::Tree(error.into())
    }
}
