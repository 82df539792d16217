//! A clock that stands still until it is told to move.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::Clock;
use tokio::sync::watch;

/// A clock that moves only when told to, or when somebody sleeps on it: a sleep moves it at once.
/// Clones are the same clock.
#[derive(Clone, Debug)]
pub struct ManualClock {
    now: Arc<watch::Sender<DateTime<Utc>>>,
    longest: Duration,
}

impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        Self { now: Arc::new(watch::Sender::new(now)), longest: Duration::MAX }
    }

    /// Has sleeps longer than this last until the clock has been moved so far by [`Self::advance`]
    /// or [`Self::set`], so that what happens every hour happens when the test says so.
    #[must_use]
    pub fn with_longest_sleep(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// Moves the clock, also backwards.
    pub fn advance(&self, by: TimeDelta) {
        // At the ends of the calendar it stays where it is.
        self.now.send_modify(|now| *now = now.checked_add_signed(by).unwrap_or(*now));
    }

    /// Sets the clock, also back.
    pub fn set(&self, now: DateTime<Utc>) {
        self.now.send_replace(now);
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.now.borrow()
    }

    async fn sleep(&self, pause: Duration) {
        let by = TimeDelta::from_std(pause).unwrap_or(TimeDelta::MAX);
        if pause <= self.longest {
            self.advance(by);
            tokio::task::yield_now().await;
            return;
        }
        let mut now = self.now.subscribe();
        let over = self.now().checked_add_signed(by);
        // The sender is this clock's own, so that waiting ends only when the time has come.
        let _ = now.wait_for(|now| over.is_some_and(|over| *now >= over)).await;
    }
}
