//! Durable subscriptions in the database that the record is in.
//!
//! Every change is one BEGIN IMMEDIATE transaction on the one connection that writes, taken in turn
//! with those who append; questions go through the readers.
//!
//! Deliberately absent: who runs a subscription, and what it does about a failure.

mod change;
mod dead_letters;
mod effects;
mod lease;
mod progress;
mod row;
mod standing;
mod statement;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::SubscriptionStoreError;
use domain::subscription::{
    DeadLetter, Lease, Progress, SubscriptionFailure, SubscriptionName, SubscriptionStatus,
};
use domain::{Clock, Sequence, SubscriptionStore};
use shaku::{Component, HasComponent, Module, ModuleBuildContext};

use super::AuditStorage;
use crate::memory::InMemorySubscriptionStore;

/// Durable subscriptions on SQLite. See [`domain::ports`] for what it promises.
///
/// The effects of handlers are statements of SQLite, run in the transaction that moves the cursor. Each
/// is one `INSERT`, `REPLACE`, `UPDATE`, `DELETE`, `WITH`, `CREATE`, `ALTER` or `DROP`, with a value for
/// each `?`. What would begin or end a transaction, change the connection, hold a second statement (and
/// so a trigger's body), or name a table, index or trigger of the record is refused before any of it
/// runs. So an effect cannot move a cursor, take back an entry, or be kept without its cursor. What a
/// trigger does that somebody else has made in the file is not looked at.
pub struct SeaOrmSubscriptionStore {
    storage: AuditStorage,
    clock: Arc<dyn Clock>,
}

impl SeaOrmSubscriptionStore {
    /// A store over an open storage; leases run out by `clock`.
    #[must_use]
    pub fn new(storage: AuditStorage, clock: Arc<dyn Clock>) -> Self {
        Self { storage, clock }
    }
}

#[async_trait]
impl SubscriptionStore for SeaOrmSubscriptionStore {
    async fn ensure(
        &self,
        name: &SubscriptionName,
        cursor: Sequence,
    ) -> Result<SubscriptionStatus, SubscriptionStoreError> {
        let (name, now) = (name.clone(), self.clock.now());
        self.change(move |connection| {
            Box::pin(standing::ensure(connection, name.clone(), cursor, now))
        })
        .await
    }

    async fn find(
        &self,
        name: &SubscriptionName,
    ) -> Result<Option<SubscriptionStatus>, SubscriptionStoreError> {
        Ok(self.statuses(Some(name)).await?.pop())
    }

    async fn all(&self) -> Result<Vec<SubscriptionStatus>, SubscriptionStoreError> {
        Ok(self.statuses(None).await?)
    }

    async fn acquire(
        &self,
        name: &SubscriptionName,
        owner: &str,
        ttl: Duration,
    ) -> Result<Option<Lease>, SubscriptionStoreError> {
        let (name, owner): (_, Arc<str>) = (name.clone(), owner.into());
        let clock = Arc::clone(&self.clock);
        self.change(move |connection| {
            let terms = lease::Terms { now: clock.now(), ttl };
            Box::pin(lease::acquire(connection, name.clone(), Arc::clone(&owner), terms))
        })
        .await
    }

    async fn renew(
        &self,
        lease: &Lease,
        ttl: Duration,
    ) -> Result<SubscriptionStatus, SubscriptionStoreError> {
        let (lease, clock) = (lease.clone(), Arc::clone(&self.clock));
        self.change(move |connection| {
            let terms = lease::Terms { now: clock.now(), ttl };
            Box::pin(lease::renew(connection, lease.clone(), terms))
        })
        .await
    }

    async fn release(&self, lease: &Lease) -> Result<(), SubscriptionStoreError> {
        let lease = lease.clone();
        self.change(move |connection| Box::pin(lease::release(connection, lease.clone()))).await
    }

    async fn advance(
        &self,
        lease: &Lease,
        progress: Progress,
    ) -> Result<(), SubscriptionStoreError> {
        let (lease, progress) = (lease.clone(), Arc::new(progress));
        self.change(move |connection| {
            Box::pin(progress::advance(connection, lease.clone(), Arc::clone(&progress)))
        })
        .await
    }

    async fn halt(
        &self,
        lease: &Lease,
        failure: SubscriptionFailure,
    ) -> Result<(), SubscriptionStoreError> {
        let (lease, failure) = (lease.clone(), Arc::new(failure));
        self.change(move |connection| {
            Box::pin(progress::halt(connection, lease.clone(), Arc::clone(&failure)))
        })
        .await
    }

    async fn pause(&self, name: &SubscriptionName) -> Result<(), SubscriptionStoreError> {
        let name = name.clone();
        self.change(move |connection| Box::pin(standing::pause(connection, name.clone()))).await
    }

    async fn resume(&self, name: &SubscriptionName) -> Result<(), SubscriptionStoreError> {
        let name = name.clone();
        self.change(move |connection| Box::pin(standing::resume(connection, name.clone()))).await
    }

    async fn rewind(
        &self,
        name: &SubscriptionName,
        cursor: Sequence,
    ) -> Result<(), SubscriptionStoreError> {
        let name = name.clone();
        self.change(move |connection| Box::pin(standing::rewind(connection, name.clone(), cursor)))
            .await
    }

    async fn remove(&self, name: &SubscriptionName) -> Result<(), SubscriptionStoreError> {
        let name = name.clone();
        self.change(move |connection| Box::pin(standing::remove(connection, name.clone()))).await
    }

    async fn dead_letters(
        &self,
        of: Option<&SubscriptionName>,
    ) -> Result<Vec<DeadLetter>, SubscriptionStoreError> {
        Ok(self.letters(of).await?)
    }

    async fn retry(
        &self,
        name: &SubscriptionName,
        sequence: Sequence,
    ) -> Result<(), SubscriptionStoreError> {
        let name = name.clone();
        self.change(move |connection| {
            Box::pin(dead_letters::retry(connection, name.clone(), sequence))
        })
        .await
    }

    async fn discard(
        &self,
        name: &SubscriptionName,
        sequence: Sequence,
    ) -> Result<(), SubscriptionStoreError> {
        let name = name.clone();
        self.change(move |connection| {
            Box::pin(dead_letters::discard(connection, name.clone(), sequence))
        })
        .await
    }
}

/// What the component is built from.
#[derive(Default)]
pub struct SeaOrmSubscriptionStoreParameters {
    /// The storage of the record, opened beforehand, since building is synchronous. Without one, as
    /// where the record is kept by an adapter of a product's own, subscriptions are kept in memory and
    /// go with the process: see [`InMemorySubscriptionStore`].
    pub storage: Option<AuditStorage>,
}

impl<M: Module + HasComponent<dyn Clock>> Component<M> for SeaOrmSubscriptionStore {
    type Interface = dyn SubscriptionStore;
    type Parameters = SeaOrmSubscriptionStoreParameters;

    fn build(
        context: &mut ModuleBuildContext<M>,
        parameters: Self::Parameters,
    ) -> Box<Self::Interface> {
        let clock = M::build_component(context);
        match parameters.storage {
            Some(storage) => Box::new(Self::new(storage, clock)),
            None => Box::new(InMemorySubscriptionStore::new(clock)),
        }
    }
}
