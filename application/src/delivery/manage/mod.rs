//! What people do to durable subscriptions and dead letters. Every act is on the record before it is
//! done.
//!
//! Deliberately absent: telling whoever runs the subscription. A runner notices when it renews its
//! lease; one in the same process is nudged through [`ManageSubscriptions::telling`].

mod dead_letters;
mod error;
mod lag;

use std::sync::Arc;

use domain::events::{
    SubscriptionPaused, SubscriptionRemoved, SubscriptionResumed, SubscriptionRewound,
};
use domain::subscription::{SubscriptionState, SubscriptionStatus};
use domain::{
    Actor, AuditLog, Clock, Emit, EventBus, EventDraft, Sequence, StartAt, SubscriptionName,
    SubscriptionStore,
};

pub use error::ManageError;
pub use lag::SubscriptionLag;

use super::start;

type Tell = Arc<dyn Fn(&SubscriptionName) + Send + Sync>;

/// What people do to durable subscriptions and dead letters.
#[derive(Clone)]
pub struct ManageSubscriptions {
    store: Arc<dyn SubscriptionStore>,
    log: Arc<dyn AuditLog>,
    bus: Arc<dyn EventBus>,
    clock: Arc<dyn Clock>,
    tell: Option<Tell>,
}

impl ManageSubscriptions {
    /// The use case over these adapters.
    #[must_use]
    pub fn new(
        store: Arc<dyn SubscriptionStore>,
        log: Arc<dyn AuditLog>,
        bus: Arc<dyn EventBus>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, log, bus, clock, tell: None }
    }

    /// The same, telling `tell` which subscription something was done to.
    #[must_use]
    pub fn telling(mut self, tell: impl Fn(&SubscriptionName) + Send + Sync + 'static) -> Self {
        self.tell = Some(Arc::new(tell));
        self
    }

    /// All subscriptions, by name, and how far each is behind.
    ///
    /// # Errors
    /// When the store or the record cannot be read.
    pub async fn list(&self) -> Result<Vec<SubscriptionLag>, ManageError> {
        SubscriptionLag::of_all(&*self.store, &*self.log, self.clock.now()).await
    }

    /// One subscription, and how far it is behind.
    ///
    /// # Errors
    /// When there is none of this name, or the store or the record cannot be read.
    pub async fn find(&self, name: &SubscriptionName) -> Result<SubscriptionLag, ManageError> {
        let status = self.known(name).await?;
        Ok(lag::of(&*self.log, status, self.clock.now()).await?)
    }

    /// Pauses a subscription: whoever runs it drops what is under way, which is handed out again when
    /// it goes on. One that has halted stays so: that somebody has to mend something must not be
    /// forgotten over a pause.
    ///
    /// # Errors
    /// When there is none of this name, it has halted, or it could not be put on record or done.
    pub async fn pause(&self, name: &SubscriptionName, by: Actor) -> Result<(), ManageError> {
        let status = self.known(name).await?;
        if status.state == SubscriptionState::Halted {
            return Err(ManageError::Halted { name: name.clone() });
        }
        let cursor = status.cursor.0;
        self.record(SubscriptionPaused { name: name.to_string(), cursor }, by).await?;
        self.store.pause(name).await?;
        self.tell(name);
        Ok(())
    }

    /// Has a subscription go on that was paused or has halted.
    ///
    /// # Errors
    /// When there is none of this name, or it could not be put on record or done.
    pub async fn resume(&self, name: &SubscriptionName, by: Actor) -> Result<(), ManageError> {
        let cursor = self.known(name).await?.cursor.0;
        self.record(SubscriptionResumed { name: name.to_string(), cursor }, by).await?;
        self.store.resume(name).await?;
        self.tell(name);
        Ok(())
    }

    /// Has a subscription go on from another place; the entry after which it does.
    ///
    /// # Errors
    /// As [`Self::resume`], and when nothing is on record there yet.
    pub async fn rewind(
        &self,
        name: &SubscriptionName,
        to: StartAt,
        by: Actor,
    ) -> Result<Sequence, ManageError> {
        let from = self.known(name).await?.cursor;
        if let StartAt::After(asked) = to {
            let newest = self.log.span().await?.last.map_or(Sequence(0), |(last, _)| last);
            if asked > newest {
                return Err(ManageError::NotOnRecord { asked, newest });
            }
        }
        let cursor = start::cursor(&*self.log, to).await?;
        let rewound = SubscriptionRewound {
            name: name.to_string(),
            from_cursor: from.0,
            to_cursor: cursor.0,
        };
        self.record(rewound, by).await?;
        self.store.rewind(name, cursor).await?;
        self.tell(name);
        Ok(cursor)
    }

    /// Forgets a subscription and its dead letters; how many there were. Whoever runs it stops.
    ///
    /// # Errors
    /// As [`Self::resume`].
    pub async fn remove(&self, name: &SubscriptionName, by: Actor) -> Result<u64, ManageError> {
        let SubscriptionStatus { cursor, dead_letters, .. } = self.known(name).await?;
        let removed =
            SubscriptionRemoved { name: name.to_string(), cursor: cursor.0, dead_letters };
        self.record(removed, by).await?;
        self.store.remove(name).await?;
        self.tell(name);
        Ok(dead_letters)
    }

    async fn known(&self, name: &SubscriptionName) -> Result<SubscriptionStatus, ManageError> {
        let unknown = || ManageError::unknown(name.clone());
        self.store.find(name).await?.ok_or_else(unknown)
    }

    async fn record(
        &self,
        event: impl Into<EventDraft> + Send,
        by: Actor,
    ) -> Result<(), ManageError> {
        self.bus.emit(event.into().by(by)).await?;
        Ok(())
    }

    fn tell(&self, name: &SubscriptionName) {
        if let Some(tell) = &self.tell {
            tell(name);
        }
    }
}
