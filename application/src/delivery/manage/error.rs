//! Why something was not done to a subscription.

use domain::ports::{QueryError, SubscriptionStoreError};
use domain::{EmitError, Sequence, SubscriptionName};

/// Why something was not done to a subscription.
#[derive(Debug, thiserror::Error)]
pub enum ManageError {
    /// The store did not do it: there is nothing of this name, or it failed.
    #[error(transparent)]
    Store(#[from] SubscriptionStoreError),
    /// The record could not be read.
    #[error("the audit log cannot be read")]
    Query(#[from] QueryError),
    /// It could not be put on record, and so was not done.
    #[error("this could not be put on record, and so was not done")]
    Record(#[from] EmitError),
    /// It has halted, and hands nothing out.
    #[error(
        "`{name}` has halted, and hands nothing out until it is resumed: mend what it failed over \
         first"
    )]
    Halted {
        /// The subscription.
        name: SubscriptionName,
    },
    /// There is no such place on record yet.
    #[error(
        "nothing is on record as {asked} yet: the newest entry is {newest}; say a sequence up to \
         that, or `now`"
    )]
    NotOnRecord {
        /// The place that was asked for.
        asked: Sequence,
        /// The newest there is.
        newest: Sequence,
    },
}

impl ManageError {
    pub(super) fn unknown(name: SubscriptionName) -> Self {
        Self::Store(SubscriptionStoreError::Unknown { name })
    }
}
