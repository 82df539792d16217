//! Whoever runs a subscription: what it tells the runner, and what the runner tells it.

use async_trait::async_trait;
use domain::Sequence;
use domain::subscription::SubscriptionFailure;

/// What one runner is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is finding out how its subscription stands.
    Starting,
    /// Another instance runs the subscription; it takes over when that one ends or is killed.
    StandingBy,
    /// Somebody has paused the subscription.
    Paused,
    /// The subscription has halted, because of this where it is known.
    Halted(Option<SubscriptionFailure>),
    /// It hands events out.
    Working {
        /// The record has been looked at up to here.
        looked: Sequence,
        /// Events that are being handled, wait for that, or are handled and not noted yet.
        under_way: usize,
    },
    /// It has ended.
    Ended,
}

impl Standing {
    /// Whether nothing more happens by itself, when the newest entry on record is `newest`.
    #[must_use]
    pub fn is_at_rest(&self, newest: Sequence) -> bool {
        match self {
            Self::Starting => false,
            Self::Working { looked, under_way } => *under_way == 0 && *looked >= newest,
            Self::StandingBy | Self::Paused | Self::Halted(_) | Self::Ended => true,
        }
    }
}

/// Whoever runs a subscription.
#[async_trait]
pub trait Supervision: Send + Sync + 'static {
    /// Returns when the runner is to stop: it lets the handlers finish that are at work, notes how far
    /// it has come, and gives its lease back.
    async fn stop(&self);

    /// Returns when handlers that are still at work are to be given up. MUST NOT return before
    /// [`Self::stop`] does.
    async fn deadline(&self);

    /// Returns when something may have been done to the subscription that the runner would otherwise
    /// notice later, when it renews its lease. What happens while nobody waits for it counts for who
    /// waits next.
    async fn nudged(&self);

    /// Told whenever the runner's standing changes, and once what a nudge was about has been looked at.
    fn stands(&self, standing: Standing);
}
