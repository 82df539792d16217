//! How often an event is tried, and how long the pauses in between are.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// The pauses that are still to come for one event.
pub(super) type Pauses = <ExponentialBuilder as BackoffBuilder>::Backoff;

/// How often an event is tried, and how long the pauses in between are: each is `factor` times as long
/// as the one before it, and with `jitter` up to twice that, so that many that failed together do not
/// try again together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// How often an event is tried, the first time included: 1 or more.
    pub attempts: u32,
    /// The pause after the first failure.
    pub first_pause: Duration,
    /// The longest pause, before jitter.
    pub greatest_pause: Duration,
    /// How much longer each pause is than the one before it: 1 or more.
    pub factor: f32,
    /// Whether a random part of itself is added to each pause.
    pub jitter: bool,
}

impl Default for RetryPolicy {
    /// Five attempts within some three seconds.
    fn default() -> Self {
        Self {
            attempts: 5,
            first_pause: Duration::from_millis(200),
            greatest_pause: Duration::from_secs(30),
            factor: 2.0,
            jitter: true,
        }
    }
}

impl RetryPolicy {
    /// No second attempt.
    #[must_use]
    pub fn once() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// This many attempts.
    #[must_use]
    pub fn attempts(attempts: u32) -> Self {
        Self { attempts, ..Self::default() }
    }

    /// The same with pauses from `first` to `greatest`, without jitter.
    #[must_use]
    pub fn pausing(mut self, first: Duration, greatest: Duration) -> Self {
        (self.first_pause, self.greatest_pause, self.jitter) = (first, greatest, false);
        self
    }

    /// The pauses of one event: one fewer than attempts.
    pub(super) fn pauses(&self) -> Pauses {
        let retries = usize::try_from(self.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let pauses = ExponentialBuilder::new()
            .with_min_delay(self.first_pause)
            .with_max_delay(self.greatest_pause)
            .with_factor(self.factor)
            .with_max_times(retries);
        if self.jitter { pauses.with_jitter().build() } else { pauses.build() }
    }
}

/// The pauses of a runner whose store or record does not answer; they do not end.
pub(super) fn patience() -> Pauses {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(5))
        .with_factor(2.0)
        .without_max_times()
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_greatest_and_there_is_one_fewer_than_attempts() {
        let policy = RetryPolicy::attempts(6)
            .pausing(Duration::from_millis(100), Duration::from_millis(500));
        let pauses: Vec<u128> = policy.pauses().map(|pause| pause.as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 500, 500]);
        assert_eq!(RetryPolicy::once().pauses().count(), 0);
        assert_eq!(patience().take(50).last(), Some(Duration::from_secs(5)));
    }

    #[test]
    fn jitter_lengthens_a_pause_to_twice_itself_at_most() {
        let policy = RetryPolicy { attempts: 100, factor: 1.0, ..RetryPolicy::default() };
        let (first, most) = (policy.first_pause, policy.first_pause * 2);
        let pauses: Vec<Duration> = policy.pauses().collect();
        assert!(pauses.iter().all(|pause| *pause >= first && *pause <= most));
        assert!(pauses.iter().any(|pause| *pause != pauses[0]));
    }
}
