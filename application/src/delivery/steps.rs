//! What a runner waits for: each step is a future of its own, and all of them go on side by side, so
//! that neither a slow handler holds up a renewal nor a commit a handler.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::audit::Page;
use domain::ports::{QueryError, SubscriptionStoreError};
use domain::subscription::{DeadLetter, Effect, Lease, Progress, SubscriptionStatus};
use domain::{Delivery, RecordedEvent, Sequence, SubscriptionName};
use futures::FutureExt;
use futures::future::{BoxFuture, Either, select};
use tracing::Instrument;

use super::attempt::attempt;
use super::measures::{Measures, deliver_span};
use super::order::Key;
use super::second_chance::Look;
use super::secrets::harmless;
use super::{DurableSubscription, SubscriptionPorts, Supervision};

/// How an attempt ended: `None` when it was given up.
pub(super) type Outcome = Option<Result<Vec<Effect>, Vec<String>>>;

/// What has come about.
pub(super) enum Step {
    /// An attempt has ended.
    Attempted(Sequence, Outcome),
    /// The pause before another attempt is over.
    PauseOver(Sequence),
    /// The event of a dead letter was found, so that it can be tried again.
    Found(Arc<RecordedEvent>),
    /// Another attempt at a dead letter has ended.
    Retried(Sequence, Outcome),
    /// The record was read.
    Read(Result<Stretch, QueryError>),
    /// The pause before reading again is over.
    ReadAgain,
    /// Progress was noted, or not.
    Noted(Result<(), SubscriptionStoreError>),
    /// The pause before noting again is over.
    NoteAgain,
    /// The lease is to be renewed.
    Tick,
    /// The lease was renewed, or not, because of a nudge or by itself.
    Renewed {
        because_of_nudge: bool,
        /// At least until then the lease is good, if it was renewed.
        until: DateTime<Utc>,
        status: Result<SubscriptionStatus, SubscriptionStoreError>,
    },
    /// The dead letters were looked at.
    Looked {
        because_of_nudge: bool,
        look: Look,
        letters: Result<Vec<DeadLetter>, SubscriptionStoreError>,
    },
    /// Somebody may have done something to the subscription.
    Nudged,
    /// The runner is to stop.
    Stop,
}

/// A stretch of the record.
pub(super) struct Stretch {
    /// What is wanted of it.
    pub(super) events: Vec<(Key, Arc<RecordedEvent>)>,
    /// Where it ends.
    pub(super) looked: Sequence,
    /// Where the record ended before it was read.
    pub(super) newest: Sequence,
}

/// Everything a runner works with.
#[derive(Clone)]
pub(super) struct Work {
    pub(super) name: SubscriptionName,
    pub(super) subscription: Arc<DurableSubscription>,
    pub(super) ports: SubscriptionPorts,
    pub(super) supervision: Arc<dyn Supervision>,
    pub(super) measures: Measures,
}

impl Work {
    /// Hands an event out.
    pub(super) fn attempt(
        &self,
        event: Arc<RecordedEvent>,
        attempt: u32,
        repeated: bool,
    ) -> BoxFuture<'static, Step> {
        let sequence = event.sequence;
        let delivery = self.ports.reactions.delivery(event);
        let delivery = delivery.with_attempt(attempt).with_repeated(repeated);
        let work = self.clone();
        async move { Step::Attempted(sequence, work.handle(&delivery).await) }.boxed()
    }

    /// Looks up the event of a dead letter.
    pub(super) fn find(&self, sequence: Sequence) -> BoxFuture<'static, Step> {
        let log = Arc::clone(&self.ports.log);
        async move {
            let errors = match log.by_sequence(sequence).await {
                Ok(Some(event)) => return Step::Found(Arc::new(event)),
                Ok(None) => vec![format!(
                    "event {sequence} is no longer on record, since retention has removed it: \
                     discard the dead letter"
                )],
                Err(error) => super::causes(&error),
            };
            Step::Retried(sequence, Some(Err(errors)))
        }
        .boxed()
    }

    /// Hands the event of a dead letter out again.
    pub(super) fn retry(&self, event: Arc<RecordedEvent>) -> BoxFuture<'static, Step> {
        let sequence = event.sequence;
        let delivery = self.ports.reactions.delivery(event).with_repeated(true);
        let work = self.clone();
        async move { Step::Retried(sequence, work.handle(&delivery).await) }.boxed()
    }

    async fn handle(&self, delivery: &Delivery) -> Outcome {
        let DurableSubscription { handler, deadline, .. } = &*self.subscription;
        let span = deliver_span(self.name.as_str(), delivery);
        let attempt = attempt(handler, delivery, &*self.ports.clock, *deadline).instrument(span);
        match select(pin!(attempt), self.supervision.deadline()).await {
            Either::Left((outcome, _)) => {
                Some(outcome.map_err(|errors| harmless(&*self.ports.redactor, errors)))
            }
            Either::Right(_) => None,
        }
    }

    /// Reads on after `looked`, as soon as there is something.
    pub(super) fn read(&self, looked: Sequence, limit: u32) -> BoxFuture<'static, Step> {
        let work = self.clone();
        async move { Step::Read(work.stretch(looked, limit).await) }.boxed()
    }

    async fn stretch(&self, looked: Sequence, limit: u32) -> Result<Stretch, QueryError> {
        let (log, filter) = (&self.ports.log, &self.subscription.filter);
        // The end is known first: what is added while the page is read comes next time.
        let newest = log.newer_than(looked).await?;
        let page = Page { before: Some(newest.next()), ..Page::after(looked, limit) };
        let entries = log.page(filter.query(), page).await?;
        let end = match entries.last() {
            Some(last) if entries.len() == limit as usize => last.sequence,
            _ => newest,
        };
        // And the start afterwards: what was removed while the page was read is missing in it.
        let first = log.span().await?.first.map_or(newest.next(), |(first, _)| first);
        if first > looked.next() {
            let through = Sequence(first.0.saturating_sub(1));
            return Err(QueryError::Removed { from: looked.next(), through });
        }
        // One that panics accepts nothing, as on the bus.
        let wanted = |event: &RecordedEvent| {
            catch_unwind(AssertUnwindSafe(|| filter.accepts(event))).unwrap_or(false)
        };
        let events = entries
            .into_iter()
            .filter(wanted)
            .map(|event| (self.subscription.order.of(&event), Arc::new(event)))
            .collect();
        Ok(Stretch { events, looked: end, newest })
    }

    /// Notes progress.
    pub(super) fn note(&self, lease: &Lease, progress: Progress) -> BoxFuture<'static, Step> {
        let (store, lease) = (Arc::clone(&self.ports.store), lease.clone());
        async move { Step::Noted(store.advance(&lease, progress).await) }.boxed()
    }

    /// Until when a lease lasts that is asked for now; the store counts from a later moment.
    pub(super) fn lease_end(&self) -> DateTime<Utc> {
        let ttl = TimeDelta::from_std(self.subscription.lease).unwrap_or(TimeDelta::MAX);
        self.ports.clock.now().checked_add_signed(ttl).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Renews the lease.
    pub(super) fn renew(&self, lease: &Lease, because_of_nudge: bool) -> BoxFuture<'static, Step> {
        let (store, lease) = (Arc::clone(&self.ports.store), lease.clone());
        let (ttl, until) = (self.subscription.lease, self.lease_end());
        async move {
            Step::Renewed { because_of_nudge, until, status: store.renew(&lease, ttl).await }
        }
        .boxed()
    }

    /// Looks at the dead letters.
    pub(super) fn look(&self, look: Look, because_of_nudge: bool) -> BoxFuture<'static, Step> {
        let (store, name) = (Arc::clone(&self.ports.store), self.name.clone());
        async move {
            let letters = store.dead_letters(Some(&name)).await;
            Step::Looked { because_of_nudge, look, letters }
        }
        .boxed()
    }

    /// Comes about after a pause.
    pub(super) fn after(&self, pause: Duration, step: Step) -> BoxFuture<'static, Step> {
        let clock = Arc::clone(&self.ports.clock);
        async move {
            clock.sleep(pause).await;
            step
        }
        .boxed()
    }

    /// Comes about when the runner is to stop.
    pub(super) fn stop(&self) -> BoxFuture<'static, Step> {
        let supervision = Arc::clone(&self.supervision);
        async move {
            supervision.stop().await;
            Step::Stop
        }
        .boxed()
    }

    /// Comes about when somebody may have done something to the subscription.
    pub(super) fn nudged(&self) -> BoxFuture<'static, Step> {
        let supervision = Arc::clone(&self.supervision);
        async move {
            supervision.nudged().await;
            Step::Nudged
        }
        .boxed()
    }
}
