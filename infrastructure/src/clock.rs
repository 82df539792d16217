//! The machine's clock.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::Clock;
use shaku::Component;

/// The machine's own time.
#[derive(Component, Debug, Default, Clone, Copy)]
#[shaku(interface = Clock)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    async fn sleep(&self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }
}
