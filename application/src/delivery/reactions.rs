//! Where the events go that handlers emit in reaction to others.
//!
//! Deliberately absent: anything that keeps the bus alive. A handler that holds on to an event it was
//! handed must not hold on to the bus with it.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use domain::ports::{EmitBatch, ReactionEmitter};
use domain::{Delivery, EmitError, EventBus, EventDraft, Receipt, RecordedEvent};

/// The way from a handler back to the bus.
#[derive(Clone)]
pub struct Reactions {
    through: Arc<Through>,
    max_depth: u32,
}

impl Reactions {
    /// Emits through `bus` for as long as it is there. An event that is more than `max_depth` reactions
    /// away from one that nobody reacted with is refused.
    #[must_use]
    pub fn new(bus: Weak<dyn EventBus>, max_depth: u32) -> Self {
        Self { through: Arc::new(Through(bus)), max_depth }
    }

    /// An event, with an emitter for what is emitted in reaction to it.
    pub(super) fn delivery(&self, event: Arc<RecordedEvent>) -> Delivery {
        let through: Arc<dyn EmitBatch> = Arc::<Through>::clone(&self.through);
        let emitter = ReactionEmitter::new(Arc::clone(&event), through, self.max_depth);
        Delivery::new(event, emitter)
    }

    /// Emits what is said of a subscription itself.
    pub(super) async fn announce(&self, draft: EventDraft) -> Result<(), EmitError> {
        self.through.emit_batch(vec![draft]).await.map(|_| ())
    }
}

struct Through(Weak<dyn EventBus>);

#[async_trait]
impl EmitBatch for Through {
    async fn emit_batch(&self, drafts: Vec<EventDraft>) -> Result<Vec<Receipt>, EmitError> {
        match self.0.upgrade() {
            Some(bus) => bus.emit_batch(drafts).await,
            None => Err(EmitError::ShutDown),
        }
    }
}
