//! The durable subscriptions that an application runs: a task for each, and their end.
//!
//! Deliberately absent: how a subscription is moved on, which is a use case.

mod guard;
mod overhearing;
mod owner;
mod supervisor;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use application::delivery::{
    BeginError, DurableSubscription, Ended, Standing, SubscriptionPorts, begin,
};
use domain::ports::QueryError;
use domain::{AuditLog, EventBus, Sequence, SubscriptionName};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::task::AbortOnDropHandle;

pub use guard::DurableGuard;
pub(super) use owner::owner;
use supervisor::{DRAIN, Supervisor};

/// How long the store may take after the last handler to note what was done and give the lease back.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Why a durable subscription is not run.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SubscribeError {
    /// It could not be begun.
    #[error(transparent)]
    Begin(#[from] BeginError),
    /// This application runs one of this name.
    #[error(
        "`{name}` is run by this application already: drop its guard first, or give this one a name \
         of its own"
    )]
    AlreadyRun {
        /// The name.
        name: SubscriptionName,
    },
}

struct Running {
    supervisor: Arc<Supervisor>,
    task: JoinHandle<Ended>,
}

/// The durable subscriptions that an application runs.
pub struct DurableRunners {
    runtime: Handle,
    ports: SubscriptionPorts,
    running: Mutex<BTreeMap<SubscriptionName, Running>>,
    /// Hears of what other processes do to them, from the first one on.
    overhearing: OnceLock<AbortOnDropHandle<()>>,
}

impl DurableRunners {
    /// None yet; those that come run on the runtime this is called in.
    pub(super) fn new(ports: SubscriptionPorts) -> Arc<Self> {
        let runtime = Handle::current();
        let (running, overhearing) = (Mutex::default(), OnceLock::new());
        Arc::new(Self { runtime, ports, running, overhearing })
    }

    /// Begins a subscription, and runs it until its guard is dropped.
    pub(super) async fn start(
        self: &Arc<Self>,
        subscription: DurableSubscription,
    ) -> Result<DurableGuard, SubscribeError> {
        // From before it is begun, so that nothing is missed that is done to it afterwards.
        self.overhear().await;
        let begun = begin(subscription, self.ports.clone()).await?;
        let name = begun.name().clone();
        let supervisor = Arc::new(Supervisor::new());
        let mut running = self.lock();
        let before = match running.remove(&name) {
            Some(one) if !one.task.is_finished() && !one.supervisor.stop.is_cancelled() => {
                running.insert(name.clone(), one);
                return Err(SubscribeError::AlreadyRun { name });
            }
            before => before,
        };
        let supervision = Arc::clone(&supervisor);
        let task = self.runtime.spawn(async move {
            // One of this name that is just ending has a lease to give back.
            if let Some(before) = before {
                let _ = before.task.await;
            }
            begun.run(supervision).await
        });
        running.insert(name.clone(), Running { supervisor: Arc::clone(&supervisor), task });
        Ok(DurableGuard::new(name, supervisor))
    }

    /// Begins to hear of what other processes do to subscriptions. Where the record cannot be read, the
    /// next subscription that is started tries again.
    async fn overhear(self: &Arc<Self>) {
        let log = &self.ports.log;
        if self.overhearing.get().is_none()
            && let Ok(seen) = newest(&**log).await
        {
            let heard = overhearing::overhear(Arc::downgrade(self), Arc::clone(log), seen);
            self.overhearing.get_or_init(|| AbortOnDropHandle::new(self.runtime.spawn(heard)));
        }
    }

    /// Has the runner of a subscription look at it now, if there is one here.
    pub(super) fn nudge(&self, name: &SubscriptionName) {
        if let Some(one) = self.lock().get(name) {
            one.supervisor.nudge();
        }
    }

    /// What each runner is doing at this moment, by the name of its subscription.
    #[must_use]
    pub fn standings(&self) -> Vec<(SubscriptionName, Standing)> {
        self.lock().iter().map(|(name, one)| (name.clone(), one.supervisor.standing())).collect()
    }

    /// Waits until none of them has anything more to do, when the newest entry on record is `newest`:
    /// each has caught up, is paused, has halted, or stands by.
    pub async fn at_rest(&self, newest: Sequence) {
        let all: Vec<Arc<Supervisor>> =
            self.lock().values().map(|one| Arc::clone(&one.supervisor)).collect();
        for supervisor in all {
            supervisor.at_rest(newest).await;
        }
    }

    /// Whether that is so now.
    #[must_use]
    pub fn is_at_rest(&self, newest: Sequence) -> bool {
        self.lock().values().all(|one| one.supervisor.is_at_rest(newest))
    }

    /// Waits for a moment at which nothing is under way, neither on `bus` nor here.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn settled(&self, bus: &dyn EventBus, log: &dyn AuditLog) -> Result<(), QueryError> {
        loop {
            bus.settled().await;
            let newest = newest(log).await?;
            self.at_rest(newest).await;
            // Handlers may have emitted meanwhile, and their emits may be answered a moment later.
            bus.settled().await;
            if newest == self::newest(log).await? && self.is_at_rest(newest) {
                return Ok(());
            }
        }
    }

    /// Stops all of them: lets handlers finish, notes how far each has come, and gives the leases back.
    /// Returns the names of those whose handlers did not finish within the deadline.
    pub(super) async fn stop(&self) -> Vec<String> {
        let running = std::mem::take(&mut *self.lock());
        for one in running.values() {
            one.supervisor.stop.cancel();
        }
        let mut late = Vec::new();
        for (name, mut one) in running {
            let ended = tokio::time::timeout(DRAIN + LAST_WORDS, &mut one.task).await;
            one.task.abort();
            match ended {
                Ok(Ok(Ended::Stopped { given_up: 0 } | Ended::Removed)) => continue,
                // Whoever has had handlers given up knows.
                Ok(Ok(Ended::Stopped { .. })) if one.supervisor.give_up.is_cancelled() => continue,
                Ok(Ok(Ended::Stopped { given_up })) => tracing::warn!(
                    subscription = name.as_str(),
                    given_up,
                    "handlers of a durable subscription did not finish before the deadline; their \
                     events are handed out again"
                ),
                Ok(Err(error)) => {
                    tracing::error!(subscription = name.as_str(), %error, "a runner ended badly");
                }
                Err(_) => tracing::warn!(
                    subscription = name.as_str(),
                    "a durable subscription did not end before the deadline"
                ),
            }
            late.push(name.to_string());
        }
        late
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<SubscriptionName, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn newest(log: &dyn AuditLog) -> Result<Sequence, QueryError> {
    Ok(log.span().await?.last.map_or(Sequence(0), |(last, _)| last))
}

impl Drop for DurableRunners {
    /// An application that is dropped without being shut down takes its runners with it.
    fn drop(&mut self) {
        for one in self.lock().values() {
            one.supervisor.stop.cancel();
            one.supervisor.give_up.cancel();
        }
    }
}
