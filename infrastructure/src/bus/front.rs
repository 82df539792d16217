//! Where the events go that subscribers emit in reaction to others.
//!
//! Deliberately absent: anything that keeps the bus alive. A subscriber that holds on to an event it
//! was handed must not hold on to the bus with it.

use std::sync::{Arc, PoisonError, Weak};

use async_trait::async_trait;
use domain::ports::{Delivery, EmitBatch, ReactionEmitter};
use domain::{EmitError, EventBus, EventDraft, Receipt, RecordedEvent};

use super::entrance::Entrance;
use crate::sync::Mutex;

/// The bus as its subscribers emit on it.
pub(super) struct Front {
    entrance: Weak<Entrance>,
    /// The bus as everybody else knows it, where it has been said.
    outermost: Mutex<Option<Weak<dyn EventBus>>>,
    max_depth: u32,
}

impl Front {
    /// The way in itself, until something else is said.
    pub(super) fn of(entrance: &Arc<Entrance>, max_depth: u32) -> Arc<Self> {
        let entrance = Arc::downgrade(entrance);
        Arc::new(Self { entrance, outermost: Mutex::default(), max_depth })
    }

    /// Has everything go through `front` from now on, as long as it is there.
    pub(super) fn set(&self, front: Weak<dyn EventBus>) {
        *self.outermost.lock().unwrap_or_else(PoisonError::into_inner) = Some(front);
    }

    /// An event, with an emitter for what is emitted in reaction to it.
    pub(super) fn delivery(self: &Arc<Self>, event: Arc<RecordedEvent>) -> Delivery {
        let through: Arc<dyn EmitBatch> = Arc::<Self>::clone(self);
        let emitter = ReactionEmitter::new(Arc::clone(&event), through, self.max_depth);
        Delivery::new(event, emitter)
    }

    fn outermost(&self) -> Option<Arc<dyn EventBus>> {
        self.outermost.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.upgrade()
    }
}

#[async_trait]
impl EmitBatch for Front {
    async fn emit_batch(&self, drafts: Vec<EventDraft>) -> Result<Vec<Receipt>, EmitError> {
        if let Some(bus) = self.outermost() {
            return bus.emit_batch(drafts).await;
        }
        match self.entrance.upgrade() {
            Some(entrance) => entrance.emit_batch(drafts).await,
            None => Err(EmitError::ShutDown),
        }
    }
}
