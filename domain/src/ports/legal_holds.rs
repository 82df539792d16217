//! Legal holds: what must stay on record until somebody releases it.
//!
//! Deliberately absent: putting a hold on record, which the use case does before it places one.

use std::ops::RangeInclusive;

use async_trait::async_trait;
use shaku::Interface;

use super::{AppendError, QueryError};
use crate::audit::legal_hold::{HeldEntry, HoldId, LegalHold};
use crate::audit::{AuditFilter, Sequence};

/// Why something was not done to a hold, or holds could not be asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LegalHoldError {
    /// There is no such hold in force.
    #[error("no legal hold {id} is in force: `indelible hold list` lists those that are")]
    Unknown {
        /// The hold that was asked for.
        id: HoldId,
    },
    /// It is in force already.
    #[error("legal hold {id} is in force already: another one needs an event of its own")]
    Placed {
        /// The hold.
        id: HoldId,
    },
    /// What is to be done is not on record.
    #[error(
        "legal hold {id} is to be placed or released, but no event on record says so: emit it first"
    )]
    NotOnRecord {
        /// The hold.
        id: HoldId,
    },
    /// The holds could not be changed.
    #[error("the legal holds cannot be changed")]
    Append(#[from] AppendError),
    /// The holds could not be read.
    #[error("the legal holds cannot be read")]
    Query(#[from] QueryError),
}

/// The holds in force.
#[async_trait]
pub trait LegalHolds: Interface {
    /// Puts a hold in force.
    ///
    /// An adapter MUST refuse one whose id is not the place of an `audit.hold_placed` on record, and one
    /// that is in force already. Where it keeps the record as well, no entry that a hold covers goes from
    /// it once this has returned, whoever removes it.
    async fn place(&self, hold: &LegalHold) -> Result<(), LegalHoldError>;

    /// Ends a hold.
    ///
    /// An adapter MUST refuse one that no `audit.hold_released` on record names, and one that is not in
    /// force. It MUST keep nothing of what the hold was about.
    async fn release(&self, id: HoldId) -> Result<(), LegalHoldError>;

    /// The holds in force, by id.
    async fn in_force(&self) -> Result<Vec<LegalHold>, LegalHoldError>;

    /// For each hold that covers any of the entries that the filter means within the range: the oldest
    /// of them, oldest first, and of the same one by hold. Whoever is to remove or erase entries asks.
    ///
    /// An adapter MUST agree with [`LegalHold::covers`].
    async fn holding(
        &self,
        filter: &AuditFilter,
        within: RangeInclusive<Sequence>,
    ) -> Result<Vec<HeldEntry>, LegalHoldError>;
}
