//! Running a subscription: getting the lease, standing by, and what follows when it is lost.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::events::SubscriptionHalted;
use domain::ports::SubscriptionStoreError;
use domain::subscription::{Lease, SubscriptionFailure, SubscriptionState, SubscriptionStatus};
use domain::{Actor, AuditLog, Clock, EventDraft, Redactor, SubscriptionName, SubscriptionStore};
use futures::FutureExt;
use futures::future::select_all;

use super::measures::Measures;
use super::retry::patience;
use super::steps::Work;
use super::tenure::{End, Tenure};
use super::{DurableSubscription, Reactions, Standing, Supervision};

/// What subscriptions are run over.
#[derive(Clone)]
pub struct SubscriptionPorts {
    /// Where events come from.
    pub log: Arc<dyn AuditLog>,
    /// Where cursors, leases and dead letters are kept.
    pub store: Arc<dyn SubscriptionStore>,
    /// What keeps secrets out of what is stored of failures.
    pub redactor: Arc<dyn Redactor>,
    /// What pauses and deadlines pass on.
    pub clock: Arc<dyn Clock>,
    /// Where the events go that handlers emit.
    pub reactions: Reactions,
    /// What this instance calls itself, unlike any other at any time.
    pub owner: String,
}

/// How running a subscription ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was told to stop.
    Stopped {
        /// How many handlers were still at work at the deadline, and were given up. Their events are
        /// handed out again by whoever runs the subscription next.
        given_up: usize,
    },
    /// Somebody has removed the subscription.
    Removed,
}

/// Runs one subscription.
pub(super) struct Runner {
    work: Work,
}

/// Says that a runner has ended, however it does.
struct Ends(Arc<dyn Supervision>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.stands(Standing::Ended);
    }
}

/// What a runner can do next.
enum Next {
    /// Hand events out.
    Work(Lease, DateTime<Utc>, SubscriptionStatus),
    /// Wait.
    Wait(Standing),
    /// Nothing more, since somebody has removed the subscription.
    Gone,
}

/// How one stands by whose subscription does not go on; `None` when it does.
fn idle(status: &SubscriptionStatus) -> Option<Standing> {
    match status.state {
        SubscriptionState::Active => None,
        SubscriptionState::Paused => Some(Standing::Paused),
        SubscriptionState::Halted => Some(Standing::Halted(status.failure.clone())),
    }
}

impl Runner {
    pub(super) fn new(
        name: SubscriptionName,
        subscription: DurableSubscription,
        ports: SubscriptionPorts,
        supervision: Arc<dyn Supervision>,
    ) -> Self {
        let measures = Measures::of(name.as_str());
        let subscription = Arc::new(subscription);
        Self { work: Work { name, subscription, ports, supervision, measures } }
    }

    /// Runs it to its end, and says when that is.
    pub(super) async fn run(self) -> Ended {
        let _ends = Ends(Arc::clone(&self.work.supervision));
        self.moved_on().await
    }

    async fn moved_on(&self) -> Ended {
        let mut pauses = patience();
        loop {
            match self.next().await {
                Ok(Next::Work(lease, until, status)) => {
                    pauses = patience();
                    let end =
                        Tenure::new(self.work.clone(), lease.clone(), until, status).run().await;
                    match end {
                        End::Stopped { given_up } => {
                            self.release(&lease).await;
                            return Ended::Stopped { given_up };
                        }
                        End::Fenced => tracing::info!(
                            subscription = self.work.name.as_str(),
                            "the lease on a subscription is no longer good; what is under way is \
                             dropped"
                        ),
                        End::Halted(failure) => {
                            if !self.halt(&lease, failure).await && self.wait(SHORT).await {
                                return Ended::Stopped { given_up: 0 };
                            }
                        }
                    }
                }
                Ok(Next::Wait(standing)) => {
                    pauses = patience();
                    self.work.supervision.stands(standing);
                    if self.wait(self.work.subscription.renewal()).await {
                        return Ended::Stopped { given_up: 0 };
                    }
                }
                Ok(Next::Gone) => {
                    tracing::warn!(
                        subscription = self.work.name.as_str(),
                        "a subscription was removed while it was run; it is run no longer"
                    );
                    return Ended::Removed;
                }
                Err(error) => {
                    tracing::warn!(
                        subscription = self.work.name.as_str(),
                        error = &error as &dyn std::error::Error,
                        "a subscription cannot be looked at; trying again after a pause"
                    );
                    self.work.supervision.stands(Standing::Starting);
                    if self.wait(pauses.next().unwrap_or(SHORT)).await {
                        return Ended::Stopped { given_up: 0 };
                    }
                }
            }
        }
    }

    /// What to do next.
    async fn next(&self) -> Result<Next, SubscriptionStoreError> {
        let Work { name, subscription, ports, .. } = &self.work;
        let Some(status) = ports.store.find(name).await? else { return Ok(Next::Gone) };
        if let Some(standing) = idle(&status) {
            return Ok(Next::Wait(standing));
        }
        let (owner, ttl) = (&ports.owner, subscription.lease);
        let Some(lease) = ports.store.acquire(name, owner, ttl).await? else {
            return Ok(Next::Wait(Standing::StandingBy));
        };
        let until = self.work.lease_end();
        // What is known of the subscription under the lease itself, not before it.
        let status = ports.store.renew(&lease, ttl).await?;
        if let Some(standing) = idle(&status) {
            // Paused between the two looks, so that the lease is of no use.
            self.release(&lease).await;
            return Ok(Next::Wait(standing));
        }
        Ok(Next::Work(lease, until, status))
    }

    /// Halts the subscription; whether that is so now, or the lease was no longer good.
    async fn halt(&self, lease: &Lease, failure: SubscriptionFailure) -> bool {
        let Work { name, ports, .. } = &self.work;
        let said = failure.errors.join(": ");
        match ports.store.halt(lease, failure).await {
            Ok(()) => {}
            Err(SubscriptionStoreError::Fenced { .. }) => return true,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(
                    subscription = name.as_str(),
                    error,
                    "a subscription cannot be halted"
                );
                return false;
            }
        }
        tracing::error!(
            subscription = name.as_str(),
            error = said,
            "a subscription has halted; `indelible subscriptions resume` lets it go on"
        );
        let cursor = match ports.store.find(name).await {
            Ok(Some(status)) => status.cursor.0,
            // Removed at this very moment, or unreadable: what is said is said of where it may be.
            _ => 0,
        };
        let event = SubscriptionHalted { name: name.to_string(), cursor, error: said };
        let draft = EventDraft::from(event).by(Actor::system("subscriptions"));
        if let Err(error) = ports.reactions.announce(draft).await {
            tracing::warn!(
                subscription = name.as_str(),
                error = &error as &dyn std::error::Error,
                "that a subscription has halted could not be put on record"
            );
        }
        true
    }

    async fn release(&self, lease: &Lease) {
        if let Err(error) = self.work.ports.store.release(lease).await {
            tracing::warn!(
                subscription = self.work.name.as_str(),
                error = &error as &dyn std::error::Error,
                "a lease could not be given back; another instance waits until it runs out"
            );
        }
    }

    /// Waits for a nudge, or until a pause is over; whether it is to stop.
    async fn wait(&self, pause: Duration) -> bool {
        let Work { ports, supervision, .. } = &self.work;
        let stop = async {
            supervision.stop().await;
            true
        };
        let nudged = async {
            supervision.nudged().await;
            false
        };
        let over = async {
            ports.clock.sleep(pause).await;
            false
        };
        select_all([stop.boxed(), nudged.boxed(), over.boxed()]).await.0
    }
}

/// A pause before something is tried again that should not have failed.
const SHORT: Duration = Duration::from_secs(1);
