//! What keeps a durable subscription running.

use std::fmt;
use std::sync::Arc;

use application::delivery::Standing;
use domain::SubscriptionName;

use super::supervisor::Supervisor;

/// Keeps a durable subscription running in this process: dropping it stops it, after the handlers that
/// are at work have finished. What it has not come to is handed out when it is run again.
#[must_use = "dropping the guard stops the subscription: keep it for as long as it is to run"]
pub struct DurableGuard {
    name: SubscriptionName,
    supervisor: Arc<Supervisor>,
    kept: bool,
}

impl DurableGuard {
    pub(super) fn new(name: SubscriptionName, supervisor: Arc<Supervisor>) -> Self {
        Self { name, supervisor, kept: false }
    }

    /// The subscription's name.
    #[must_use]
    pub fn name(&self) -> &SubscriptionName {
        &self.name
    }

    /// What it is doing at this moment.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.supervisor.standing()
    }

    /// Waits until what it is doing is something that `wanted` accepts, and returns that.
    pub async fn standing_where(&self, wanted: impl Fn(&Standing) -> bool + Send) -> Standing {
        self.supervisor.standing_where(wanted).await
    }

    /// Waits until it has ended by itself, since somebody has removed the subscription.
    pub async fn ended(&self) {
        self.standing_where(|standing| *standing == Standing::Ended).await;
    }

    /// Stops it; the same as dropping the guard, where a name reads better.
    pub fn stop(self) {}

    /// Has it stop at once: what handlers are at work on is handed out when it is run again.
    pub fn give_up(&self) {
        self.supervisor.stop.cancel();
        self.supervisor.give_up.cancel();
    }

    /// Gives the guard up: the subscription runs for as long as the application.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for DurableGuard {
    fn drop(&mut self) {
        if !self.kept {
            self.supervisor.stop.cancel();
        }
    }
}

impl fmt::Debug for DurableGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DurableGuard")
            .field("name", &self.name)
            .field("standing", &self.standing())
            .finish_non_exhaustive()
    }
}
