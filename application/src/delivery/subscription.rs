//! A durable subscription as it is declared: what is handled, by whom, and how.
//!
//! Deliberately absent: how far it has come, which is kept in the store.

use std::sync::Arc;
use std::time::Duration;

use domain::subscription::InvalidSubscriptionName;
use domain::{EventFilter, EventProjector, EventSubscriber, StartAt, SubscriptionName};

use super::{Handler, OrderBy, RetryPolicy};

/// What is done about an event once all its attempts have failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnExhausted {
    /// Keep it as a dead letter, and go on with the next.
    #[default]
    DeadLetter,
    /// Halt the subscription until somebody resumes it, which tries the event again.
    Halt,
}

/// A declaration that makes no sense.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSubscription {
    /// The name is none.
    #[error(transparent)]
    Name(#[from] InvalidSubscriptionName),
    /// Nothing could ever be handled.
    #[error("`{name}` can handle nothing at once: give it a width of 1 or more")]
    Width {
        /// The subscription.
        name: SubscriptionName,
    },
    /// Nothing would ever be tried.
    #[error("`{name}` tries nothing: give it 1 attempt or more")]
    Attempts {
        /// The subscription.
        name: SubscriptionName,
    },
    /// Pauses would get shorter, or be no length at all.
    #[error(
        "the pauses of `{name}` grow by {factor}: give it a factor from 1 to 1000, such as 2, and a \
         first pause that is not longer than the greatest"
    )]
    Pauses {
        /// The subscription.
        name: SubscriptionName,
        /// The factor.
        factor: f32,
    },
    /// No handler could ever return in time.
    #[error("the handlers of `{name}` have no time at all: give it a deadline, such as 30 s")]
    Deadline {
        /// The subscription.
        name: SubscriptionName,
    },
    /// The lease would run out before it could be renewed.
    #[error(
        "the lease of `{name}` is {lease:?}: give it 300 ms or more, so that there is time to renew it"
    )]
    Lease {
        /// The subscription.
        name: SubscriptionName,
        /// The lease.
        lease: Duration,
    },
}

/// The shortest lease that can be renewed in time.
const SHORTEST_LEASE: Duration = Duration::from_millis(300);

/// A durable subscription as it is declared. Its name is what its cursor is found by after a restart.
///
/// ```
/// use domain::events::PlanApplied;
/// use domain::ports::handler;
/// use domain::{EventFilter, StartAt};
/// use indelible_application::delivery::{DurableSubscription, OrderBy, RetryPolicy};
///
/// let invoices = handler("invoices", |event| async move {
///     println!("{} once more: {}", event.sequence, event.may_be_repeated());
///     Ok(())
/// });
/// let billing = DurableSubscription::handling("billing", EventFilter::of::<PlanApplied>(), invoices)
///     .starting(StartAt::Beginning)
///     .retrying(RetryPolicy::attempts(10))
///     .ordered_by(OrderBy::Plan)
///     .with_width(4);
/// assert!(billing.check().is_ok());
/// ```
#[derive(Clone, Debug)]
#[must_use = "a declaration does nothing until it is run"]
pub struct DurableSubscription {
    name: String,
    pub(super) filter: EventFilter,
    pub(super) handler: Handler,
    pub(super) start: StartAt,
    pub(super) retry: RetryPolicy,
    pub(super) on_exhausted: OnExhausted,
    pub(super) deadline: Duration,
    pub(super) order: OrderBy,
    pub(super) width: usize,
    pub(super) lease: Duration,
}

impl DurableSubscription {
    /// Has `handler` handle each of these events at least once: it is noted as handled afterwards.
    pub fn handling(
        name: impl Into<String>,
        filter: EventFilter,
        handler: Arc<dyn EventSubscriber>,
    ) -> Self {
        Self::new(name.into(), filter, Handler::Subscriber(handler))
    }

    /// Has what `projector` wants changed because of each of these events changed exactly once: in the
    /// transaction that notes the event as handled.
    pub fn projecting(
        name: impl Into<String>,
        filter: EventFilter,
        projector: Arc<dyn EventProjector>,
    ) -> Self {
        Self::new(name.into(), filter, Handler::Projector(projector))
    }

    fn new(name: String, filter: EventFilter, handler: Handler) -> Self {
        Self {
            name,
            filter,
            handler,
            start: StartAt::Now,
            retry: RetryPolicy::default(),
            on_exhausted: OnExhausted::DeadLetter,
            deadline: Duration::from_secs(30),
            order: OrderBy::Total,
            width: 1,
            lease: Duration::from_secs(30),
        }
    }

    /// Where it begins when its name is new: with what is recorded from now on, unless it is said
    /// otherwise. A place that is not on record is moved to the nearest that is.
    pub fn starting(mut self, at: StartAt) -> Self {
        self.start = at;
        self
    }

    /// How often an event is tried, and how long the pauses in between are.
    pub fn retrying(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// What is done about an event once all its attempts have failed: it becomes a dead letter, unless
    /// it is said otherwise.
    pub fn on_exhausted(mut self, then: OnExhausted) -> Self {
        self.on_exhausted = then;
        self
    }

    /// How long a handler may take for one attempt: 30 seconds, unless it is said otherwise. One that
    /// takes longer is given up at its next await.
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Which events are handled one after the other: all of them, unless it is said otherwise.
    pub fn ordered_by(mut self, order: OrderBy) -> Self {
        self.order = order;
        self
    }

    /// How many handlers are at work at once, for different keys: 1, unless it is said otherwise.
    pub fn with_width(mut self, width: usize) -> Self {
        self.width = width;
        self
    }

    /// How long another instance waits before it takes over from one that has been killed: 30 seconds,
    /// unless it is said otherwise. The lease is renewed three times as often, and a third of it is how
    /// soon a runner notices what another process has done to its subscription.
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Puts something around the handler: what observes or measures it.
    pub fn with_handler(mut self, decorate: impl FnOnce(Handler) -> Handler) -> Self {
        self.handler = decorate(self.handler);
        self
    }

    /// What it wants to be told of.
    pub fn filter(&self) -> &EventFilter {
        &self.filter
    }

    /// Its name.
    ///
    /// # Errors
    /// When the declaration makes no sense.
    pub fn check(&self) -> Result<SubscriptionName, InvalidSubscription> {
        let name = SubscriptionName::new(self.name.as_str())?;
        let RetryPolicy { attempts, first_pause, greatest_pause, factor, .. } = self.retry;
        if self.width == 0 {
            return Err(InvalidSubscription::Width { name });
        }
        if attempts == 0 {
            return Err(InvalidSubscription::Attempts { name });
        }
        if !(1.0..=1000.0).contains(&factor) || first_pause > greatest_pause {
            return Err(InvalidSubscription::Pauses { name, factor });
        }
        if self.deadline.is_zero() {
            return Err(InvalidSubscription::Deadline { name });
        }
        if self.lease < SHORTEST_LEASE {
            return Err(InvalidSubscription::Lease { name, lease: self.lease });
        }
        Ok(name)
    }

    /// How often the lease is renewed.
    pub(super) fn renewal(&self) -> Duration {
        self.lease / 3
    }
}
