//! Who handles the events of a durable subscription.

use std::fmt;
use std::sync::Arc;

use domain::ports::HandlerError;
use domain::subscription::Effect;
use domain::{Delivery, EventProjector, EventSubscriber};

/// Who handles the events of a durable subscription.
#[derive(Clone)]
pub enum Handler {
    /// Whatever it does is done at least once: the cursor moves on after it.
    Subscriber(Arc<dyn EventSubscriber>),
    /// What it wants changed is changed exactly once: in the transaction that moves the cursor on.
    Projector(Arc<dyn EventProjector>),
}

impl Handler {
    /// What the handler calls itself.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Subscriber(subscriber) => subscriber.name(),
            Self::Projector(projector) => projector.name(),
        }
    }

    /// Has one event handled; what is to be changed because of it.
    ///
    /// # Errors
    /// Whatever the handler fails with.
    pub async fn handle(&self, delivery: &Delivery) -> Result<Vec<Effect>, HandlerError> {
        match self {
            Self::Subscriber(subscriber) => subscriber.handle(delivery).await.map(|()| Vec::new()),
            Self::Projector(projector) => projector.project(delivery).await,
        }
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Subscriber(_) => "Subscriber",
            Self::Projector(_) => "Projector",
        };
        f.debug_tuple(kind).field(&self.name()).finish()
    }
}
