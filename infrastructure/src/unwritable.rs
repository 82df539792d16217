//! Why an entry cannot be recorded, wherever it is to be kept.
//!
//! Deliberately absent: what a storage may say on top.

use domain::proof::MAX_LEAF_BYTES;

use crate::moment::UnwritableMoment;

/// Why an entry cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unwritable {
    /// A time in a year that has not four digits.
    #[error(transparent)]
    Moment(#[from] UnwritableMoment),
    /// Its leaf could never be published.
    #[error(
        "the event has {bytes} bytes beside its payload, and {MAX_LEAF_BYTES} is the most that can be \
         proven: shorten its id, its source, its plan or the like"
    )]
    TooLong { bytes: usize },
    /// There is nothing to draw salts from.
    #[error("the system has no random bytes to hide personal fields behind")]
    NoRandomness(#[from] getrandom::Error),
}
