//! Why values were not erased, or not all of them, in the words of whoever asked for it.
//!
//! Deliberately absent: why a request may not be made. See `request`.

use domain::ports::{EmitError, ErasureError, LegalHoldError, QueryError};

use super::{HeldFromErasure, NamesThePerson};

/// Why not everything was erased. Asked again under the same request, it goes on.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The request names whom it is about.
    #[error(transparent)]
    NamesThePerson(#[from] NamesThePerson),
    /// It could not be found out what there is to erase. Nothing was erased.
    #[error("could not find out what there is to erase")]
    Count(#[source] ErasureError),
    /// The record could not be asked how it stands. Nothing was erased.
    #[error("could not find out whether this request was begun before")]
    Query(#[from] QueryError),
    /// It could not be found out what is held. Nothing was erased.
    #[error("could not find out which entries are under a legal hold")]
    Holds(#[from] LegalHoldError),
    /// Legal holds keep what is to be erased. Where the request had been begun, it is on record that it
    /// was refused.
    #[error("legal holds keep some of it; {entries} entries were erased before that was found")]
    Held {
        /// How many were erased.
        entries: u64,
        /// The holds.
        #[source]
        holds: HeldFromErasure,
    },
    /// An entry is not what was recorded. Nothing was erased, and the request is not on record.
    #[error("nothing was erased")]
    Changed(#[source] ErasureError),
    /// The request could not be put on record. Nothing was erased.
    #[error("the request could not be put on record, and nothing was erased")]
    Start(#[source] EmitError),
    /// Some of the entries could not be erased.
    #[error(
        "stopped after {entries} entries; erase under the request `{request_id}` again to go on"
    )]
    Erase {
        /// How many were erased.
        entries: u64,
        /// The request that is begun.
        request_id: String,
        /// What went wrong.
        #[source]
        source: ErasureError,
    },
    /// In the middle it could not be found out what is held, and no more was erased.
    #[error(
        "stopped after {entries} entries, since it could not be found out which are under a legal hold; erase \
         under the request `{request_id}` again to go on"
    )]
    HoldsUnknown {
        /// How many were erased.
        entries: u64,
        /// The request that is begun.
        request_id: String,
        /// What went wrong.
        #[source]
        source: LegalHoldError,
    },
    /// What was done is not on record.
    #[error(
        "{entries} entries were erased, but how that ended could not be put on record; erase under the request \
         `{request_id}` again to have it there"
    )]
    Conclude {
        /// How many were erased.
        entries: u64,
        /// The request that is begun.
        request_id: String,
        /// What went wrong.
        #[source]
        source: EmitError,
    },
}
