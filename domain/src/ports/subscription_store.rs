//! Where durable subscriptions are kept: cursors, leases and dead letters.
//!
//! Deliberately absent: the events themselves, which are in the record, and handlers.

use std::time::Duration;

use async_trait::async_trait;
use shaku::Interface;

use super::{AppendError, QueryError, StorageProblem};
use crate::audit::Sequence;
use crate::subscription::{
    DeadLetter, Lease, Progress, SubscriptionFailure, SubscriptionName, SubscriptionStatus,
};

/// Why the store did not do what it was asked. Nothing of it was done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SubscriptionStoreError {
    /// There is no such subscription.
    #[error("there is no subscription `{name}`: `indelible subscriptions` lists those there are")]
    Unknown {
        /// The name.
        name: SubscriptionName,
    },
    /// There is no such dead letter.
    #[error(
        "event {sequence} is no dead letter of `{name}`: `indelible dead-letters` lists those \
         there are"
    )]
    NoDeadLetter {
        /// The subscription.
        name: SubscriptionName,
        /// The event.
        sequence: Sequence,
    },
    /// The lease is no longer the newest one.
    #[error(
        "the lease on `{name}` is no longer good: another instance has taken over, or somebody has \
         rewound, paused or removed the subscription; stop, and acquire a new one"
    )]
    Fenced {
        /// The subscription.
        name: SubscriptionName,
    },
    /// A statement of a handler was refused by the database.
    #[error("what the handler of event {sequence} wanted changed was refused by the database")]
    Effect {
        /// The event whose handler asked for it.
        sequence: Sequence,
        /// What the database said.
        #[source]
        source: StorageProblem,
    },
    /// This store cannot change anything for a handler.
    #[error(
        "this store has no database that a handler could change something in: have the handler \
         change it itself, or keep the record on SQLite"
    )]
    NoEffects,
    /// The store could not be written.
    #[error("the subscriptions could not be written")]
    Write(#[from] AppendError),
    /// The store could not be read.
    #[error("the subscriptions could not be read")]
    Read(#[from] QueryError),
}

/// Keeps durable subscriptions, for several processes at once.
///
/// What is written MUST be on stable storage before a method returns, and a future that is dropped MUST
/// leave all of it or nothing. A lease that runs out is good
/// until somebody else acquires one: an adapter MUST refuse with
/// [`SubscriptionStoreError::Fenced`] whatever is asked with a lease that is not the newest, also
/// when both arrive at once, and MUST judge that inside the transaction that does it.
#[async_trait]
pub trait SubscriptionStore: Interface {
    /// Makes a subscription that begins after `cursor`, unless there is one of this name, which
    /// MUST be left as it is; returns it either way.
    async fn ensure(
        &self,
        name: &SubscriptionName,
        cursor: Sequence,
    ) -> Result<SubscriptionStatus, SubscriptionStoreError>;

    /// A subscription, if there is one.
    async fn find(
        &self,
        name: &SubscriptionName,
    ) -> Result<Option<SubscriptionStatus>, SubscriptionStoreError>;

    /// All subscriptions, by name.
    async fn all(&self) -> Result<Vec<SubscriptionStatus>, SubscriptionStoreError>;

    /// Gets a lease for `ttl` from now, under the name `owner`; `None` while another owner's lasts, which
    /// it does until the moment at which it runs out. Whether the subscription goes on is not asked.
    /// Its token MUST be greater than that of every lease before, also of one that was released. An
    /// owner that asks again gets a new lease, and its old one is no longer good.
    async fn acquire(
        &self,
        name: &SubscriptionName,
        owner: &str,
        ttl: Duration,
    ) -> Result<Option<Lease>, SubscriptionStoreError>;

    /// Has a lease last for `ttl` from now, and says how the subscription stands.
    async fn renew(
        &self,
        lease: &Lease,
        ttl: Duration,
    ) -> Result<SubscriptionStatus, SubscriptionStoreError>;

    /// Gives a lease back, so that another owner need not wait for its end; it is good no longer. One
    /// that was so already is left alone.
    async fn release(&self, lease: &Lease) -> Result<(), SubscriptionStoreError>;

    /// Notes progress, together with the effects it carries: all of it or nothing. A cursor and a
    /// reach MUST never go back here. What came of a dead letter that was tried again, effects and
    /// all, MUST be left out where that letter is not there or not asked for any more. What fails for
    /// want of a disk MUST be told as [`SubscriptionStoreError::Write`], and not be blamed on the event
    /// whose effect met it.
    async fn advance(
        &self,
        lease: &Lease,
        progress: Progress,
    ) -> Result<(), SubscriptionStoreError>;

    /// Halts the subscription because of a failure; the lease is given back.
    async fn halt(
        &self,
        lease: &Lease,
        failure: SubscriptionFailure,
    ) -> Result<(), SubscriptionStoreError>;

    /// Pauses a subscription. A lease on it is good no longer.
    async fn pause(&self, name: &SubscriptionName) -> Result<(), SubscriptionStoreError>;

    /// Has a subscription go on that was paused or has halted; its failure is forgotten.
    async fn resume(&self, name: &SubscriptionName) -> Result<(), SubscriptionStoreError>;

    /// Has a subscription go on after `cursor`, which may lie before or after the present one. A
    /// lease on it is good no longer; its state and its reach stay, the latter at least `cursor`.
    async fn rewind(
        &self,
        name: &SubscriptionName,
        cursor: Sequence,
    ) -> Result<(), SubscriptionStoreError>;

    /// Forgets a subscription and its dead letters. A lease on it is good no longer, nor after
    /// another of this name has been made.
    async fn remove(&self, name: &SubscriptionName) -> Result<(), SubscriptionStoreError>;

    /// Dead letters, of one subscription or of all, by name and sequence.
    async fn dead_letters(
        &self,
        of: Option<&SubscriptionName>,
    ) -> Result<Vec<DeadLetter>, SubscriptionStoreError>;

    /// Asks for a dead letter to be tried again by whoever runs its subscription.
    async fn retry(
        &self,
        name: &SubscriptionName,
        sequence: Sequence,
    ) -> Result<(), SubscriptionStoreError>;

    /// Forgets a dead letter.
    async fn discard(
        &self,
        name: &SubscriptionName,
        sequence: Sequence,
    ) -> Result<(), SubscriptionStoreError>;
}
