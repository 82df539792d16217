//! A subscriber that handles as many events as it is allowed to.

use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::HandlerError;
use domain::{Delivery, EventSubscriber};
use tokio::sync::Semaphore;

use super::Probe;

/// Handles an event per permit, and keeps it.
pub struct Metered {
    permits: Arc<Semaphore>,
    /// What it has handled.
    pub probe: Probe,
}

impl Metered {
    /// A subscriber that takes its permits from here.
    #[must_use]
    pub fn new(permits: Arc<Semaphore>) -> Self {
        Self { permits, probe: Probe::new("metered") }
    }
}

#[async_trait]
impl EventSubscriber for Metered {
    fn name(&self) -> &str {
        self.probe.name()
    }

    async fn handle(&self, event: &Delivery) -> Result<(), HandlerError> {
        self.permits.acquire().await?.forget();
        self.probe.handle(event).await
    }
}
