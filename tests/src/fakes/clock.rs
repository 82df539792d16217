//! A clock that stands still until it is told to move.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::Clock;
use tokio::sync::watch;

/// How long somebody sleeps, and when that is over.
type Sleep = (Duration, DateTime<Utc>);

/// A clock that moves only when told to, or when somebody sleeps on it: a sleep moves it at once.
/// Clones are the same clock.
///
/// Whatever sleeps in order to do something again and again, such as the runner of a durable
/// subscription that renews its lease, does it without a pause on such a clock: give it
/// [`Self::with_longest_sleep`].
#[derive(Clone, Debug)]
pub struct ManualClock {
    now: Arc<watch::Sender<DateTime<Utc>>>,
    longest: Duration,
    /// The sleeps that last until the clock is moved, by when they are over.
    sleeping: Arc<watch::Sender<Vec<Sleep>>>,
}

impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        let sleeping = Arc::new(watch::Sender::default());
        Self { now: Arc::new(watch::Sender::new(now)), longest: Duration::MAX, sleeping }
    }

    /// Has sleeps longer than this last until the clock has been moved so far by [`Self::advance`]
    /// or [`Self::set`], so that what happens every hour happens when the test says so.
    #[must_use]
    pub fn with_longest_sleep(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// Waits until somebody sleeps on this clock for exactly so long, and the sleep lasts: then the
    /// clock can be moved past its end.
    pub async fn slept_on_for(&self, pause: Duration) {
        let sleeps = |all: &Vec<Sleep>| all.iter().any(|(asked, _)| *asked == pause);
        // The sender is this clock's own, so that waiting ends only when it is so.
        let _ = self.sleeping.subscribe().wait_for(sleeps).await;
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
        let over = self.now().checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC);
        self.sleeping.send_modify(|all| all.push((pause, over)));
        let _awake = Awake { clock: self, sleep: (pause, over) };
        // The sender is this clock's own, so that waiting ends only when the time has come.
        let _ = now.wait_for(|now| *now >= over).await;
    }
}

/// Strikes a sleep off the list when it is over or given up.
struct Awake<'a> {
    clock: &'a ManualClock,
    sleep: Sleep,
}

impl Drop for Awake<'_> {
    fn drop(&mut self) {
        self.clock.sleeping.send_modify(|all| {
            if let Some(place) = all.iter().position(|sleep| *sleep == self.sleep) {
                all.swap_remove(place);
            }
        });
    }
}
