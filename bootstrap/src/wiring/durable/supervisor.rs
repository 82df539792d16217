//! What one runner is told, and what it says of itself.

use std::time::Duration;

use application::delivery::{Standing, Supervision};
use async_trait::async_trait;
use domain::Sequence;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// How long handlers may go on after a subscription was told to stop.
pub(super) const DRAIN: Duration = Duration::from_secs(10);

/// What is known of a runner.
#[derive(Debug)]
struct Known {
    standing: Standing,
    /// Nudges so far, those that the runner has taken, and those it has looked into.
    nudges: u64,
    taken: u64,
    answered: u64,
}

impl Known {
    /// One that has ended answers no nudge.
    fn is_at_rest(&self, newest: Sequence) -> bool {
        let answered = self.answered == self.nudges || self.standing == Standing::Ended;
        answered && self.standing.is_at_rest(newest)
    }
}

/// What one runner is told, and what it says of itself.
#[derive(Debug)]
pub(super) struct Supervisor {
    pub(super) stop: CancellationToken,
    /// Handlers get no more time.
    pub(super) give_up: CancellationToken,
    nudge: Notify,
    known: watch::Sender<Known>,
}

impl Supervisor {
    pub(super) fn new() -> Self {
        let known = Known { standing: Standing::Starting, nudges: 0, taken: 0, answered: 0 };
        Self {
            stop: CancellationToken::new(),
            give_up: CancellationToken::new(),
            nudge: Notify::new(),
            known: watch::Sender::new(known),
        }
    }

    /// Has the runner look at its subscription now.
    pub(super) fn nudge(&self) {
        self.known.send_modify(|known| known.nudges += 1);
        self.nudge.notify_one();
    }

    /// What the runner is doing.
    pub(super) fn standing(&self) -> Standing {
        self.known.borrow().standing.clone()
    }

    /// Waits until the runner's standing is one that `wanted` accepts, and returns it.
    pub(super) async fn standing_where(&self, wanted: impl Fn(&Standing) -> bool) -> Standing {
        let mut known = self.known.subscribe();
        // The sender is this supervisor's own, so that waiting ends only when it is so.
        let found = known.wait_for(|known| wanted(&known.standing)).await;
        found.map_or(Standing::Ended, |known| known.standing.clone())
    }

    /// Waits until the runner has nothing more to do, when the newest entry on record is `newest`.
    pub(super) async fn at_rest(&self, newest: Sequence) {
        let at_rest = |known: &Known| known.is_at_rest(newest);
        // The sender is this supervisor's own, so that waiting ends only when it is so.
        let _ = self.known.subscribe().wait_for(at_rest).await;
    }

    /// Whether that is so now.
    pub(super) fn is_at_rest(&self, newest: Sequence) -> bool {
        self.known.borrow().is_at_rest(newest)
    }
}

#[async_trait]
impl Supervision for Supervisor {
    async fn stop(&self) {
        self.stop.cancelled().await;
    }

    async fn deadline(&self) {
        self.stop.cancelled().await;
        // Time to finish is the machine's own, as on the bus: a clock that stands still is no excuse.
        let _ = tokio::time::timeout(DRAIN, self.give_up.cancelled()).await;
    }

    async fn nudged(&self) {
        self.nudge.notified().await;
        self.known.send_modify(|known| known.taken = known.nudges);
    }

    fn stands(&self, standing: Standing) {
        self.known.send_modify(|known| {
            known.standing = standing;
            known.answered = known.taken;
        });
    }
}
