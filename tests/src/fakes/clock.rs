//! A clock that stands still until it is told to move.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::Clock;

/// A clock that moves only when told to, or when somebody sleeps on it: a sleep moves it at once.
#[derive(Debug)]
pub struct ManualClock {
    now: Mutex<DateTime<Utc>>,
    longest: Duration,
}

impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        Self { now: Mutex::new(now), longest: Duration::MAX }
    }

    /// Has sleeps longer than this never end, so that what happens every hour happens once.
    #[must_use]
    pub fn with_longest_sleep(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// Moves the clock, also backwards.
    pub fn advance(&self, by: TimeDelta) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep(&self, pause: Duration) {
        if pause > self.longest {
            std::future::pending::<()>().await;
        }
        self.advance(TimeDelta::from_std(pause).unwrap_or(TimeDelta::MAX));
        tokio::task::yield_now().await;
    }
}
