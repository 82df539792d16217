//! Beginning a subscription: its declaration is checked, and it is there, from its place on, before
//! anybody runs it.
//!
//! Deliberately absent: running it.

use std::sync::Arc;

use domain::SubscriptionName;
use domain::ports::{QueryError, SubscriptionStoreError};

use super::runner::Runner;
use super::{
    DurableSubscription, Ended, InvalidSubscription, SubscriptionPorts, Supervision, start,
};

/// Why a subscription is not begun.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum BeginError {
    /// Its declaration makes no sense.
    #[error("the durable subscription makes no sense")]
    Invalid(#[from] InvalidSubscription),
    /// It cannot be looked up, or made.
    #[error("the durable subscription cannot be begun, since its store does not answer: try again")]
    Store(#[from] SubscriptionStoreError),
    /// The place on record where it is to begin cannot be found.
    #[error("the durable subscription cannot be begun, since the record cannot be read: try again")]
    Log(#[from] QueryError),
}

/// A subscription that is there, whether or not anybody runs it.
#[must_use = "nothing is handed out before it is run"]
pub struct Begun {
    name: SubscriptionName,
    subscription: DurableSubscription,
    ports: SubscriptionPorts,
}

/// Begins a subscription. If its name is new, it goes on from the place that is meant now: what is
/// recorded after this returns comes after [`StartAt::Now`](domain::StartAt::Now).
///
/// # Errors
/// When the declaration makes no sense, or the store or the record does not answer. A subscription may
/// have been made even so; beginning it again goes on with that one.
pub async fn begin(
    subscription: DurableSubscription,
    ports: SubscriptionPorts,
) -> Result<Begun, BeginError> {
    let name = subscription.check()?;
    if ports.store.find(&name).await?.is_none() {
        let cursor = start::cursor(&*ports.log, subscription.start).await?;
        ports.store.ensure(&name, cursor).await?;
    }
    Ok(Begun { name, subscription, ports })
}

impl Begun {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &SubscriptionName {
        &self.name
    }

    /// Runs it until it is told to stop, or somebody has removed it. What fails on the way is logged,
    /// and tried again.
    ///
    /// Handlers run inside this future: one that blocks its thread for longer than the lease lasts lets
    /// another instance take over.
    pub async fn run(self, supervision: Arc<dyn Supervision>) -> Ended {
        let Self { name, subscription, ports } = self;
        Runner::new(name, subscription, ports, supervision).run().await
    }
}
