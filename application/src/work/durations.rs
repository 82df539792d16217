//! How long work took, and percentiles of that.
//!
//! Deliberately absent: estimates. Each distinct number of milliseconds is kept once with its count,
//! so that percentiles are exact, and memory grows with how many different durations there are and
//! not with how much work there was.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::EventEnvelope;

/// How long something took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Took {
    /// Milliseconds.
    pub ms: u64,
    /// Whether the producer said so in `duration_ms`; else it is the difference of the two
    /// `occurred_at`, 0 where the producer's clock went back.
    pub reported: bool,
}

impl Took {
    /// How long what began at `begun` took, given the event that ended it.
    #[must_use]
    pub fn between(begun: DateTime<Utc>, end: &EventEnvelope) -> Self {
        let reported = end.details.get("duration_ms").and_then(serde_json::Value::as_u64);
        let difference = (end.occurred_at - begun).num_milliseconds();
        let ms = reported.unwrap_or_else(|| u64::try_from(difference).unwrap_or(0));
        Self { ms, reported: reported.is_some() }
    }
}

/// Many durations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    counts: BTreeMap<u64, u64>,
    total: u64,
    reported: u64,
}

impl Durations {
    /// Adds one.
    pub fn add(&mut self, took: Took) {
        *self.counts.entry(took.ms).or_default() += 1;
        self.total += 1;
        self.reported += u64::from(took.reported);
    }

    /// How many there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many of them a producer stated.
    #[must_use]
    pub fn reported(&self) -> u64 {
        self.reported
    }

    /// The smallest duration in milliseconds that at least so many per cent do not exceed
    /// (nearest-rank); `None` where there is none at all.
    #[must_use]
    pub fn percentile(&self, percent: u8) -> Option<u64> {
        let wanted = (u128::from(self.total) * u128::from(percent)).div_ceil(100).max(1);
        let mut seen = 0;
        self.counts.iter().find_map(|(ms, count)| {
            seen += u128::from(*count);
            (seen >= wanted).then_some(*ms)
        })
    }

    /// The longest, in milliseconds.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        self.counts.keys().next_back().copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn durations(all: &[u64]) -> Durations {
        let mut durations = Durations::default();
        for ms in all {
            durations.add(Took { ms: *ms, reported: true });
        }
        durations
    }

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        let five = durations(&[50, 15, 35, 20, 40]);
        let of = |percent| five.percentile(percent).unwrap();
        assert_eq!([of(0), of(5), of(30), of(40), of(50), of(100)], [15, 15, 20, 20, 35, 50]);
        assert_eq!((five.max(), five.total(), five.reported()), (Some(50), 5, 5));
        let none = Durations::default();
        assert_eq!((none.percentile(50), none.max()), (None, None));
    }

    proptest! {
        #[test]
        fn a_percentile_is_the_element_that_sorting_finds(
            mut all in prop::collection::vec(0_u64..50, 1..200),
            percent in 1_u8..=100,
        ) {
            let found = durations(&all).percentile(percent);
            all.sort_unstable();
            let rank = (all.len() * usize::from(percent)).div_ceil(100);
            prop_assert_eq!(found, Some(all[rank - 1]));
        }
    }
}
