//! Time, so that tests can hold it still.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use shaku::Interface;

/// What time it is, and waiting for it to pass.
#[async_trait]
pub trait Clock: Interface {
    /// The moment. An adapter MUST return UTC and MUST NOT block; it may go backwards, as the
    /// machine's own clock may: whoever needs order makes it.
    fn now(&self) -> DateTime<Utc>;

    /// Returns once `pause` has passed on this clock. An adapter MUST let other tasks run
    /// meanwhile, and MUST be safe to cancel.
    async fn sleep(&self, pause: Duration);
}
