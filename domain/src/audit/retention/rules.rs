//! How long entries are kept, by what they are about, and what is kept in any case.
//!
//! Deliberately absent: which entries of a record that lets go; see [`crate::ports::AuditRetention`] and
//! the use case of pruning.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::RetentionPolicy;
use crate::event::AuditCategory;

/// How long entries are kept: one policy for all, others for some categories, and a floor under them.
///
/// Only a contiguous prefix of the record is ever removed. So an entry that is kept for longer than those
/// after it keeps them as well, and what a shorter policy lets go goes once all before it may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionRules {
    /// What holds for every entry that no other policy is for.
    pub otherwise: RetentionPolicy,
    /// What holds for the entries of a category. An entry of a type that the catalogue does not know has
    /// no category.
    pub by_category: BTreeMap<AuditCategory, RetentionPolicy>,
    /// Days for which every entry is kept, whatever the policies say; 0 where there is no such floor.
    pub floor_days: u32,
}

/// A policy that lets entries go before they have reached the floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} would be kept for {days} days, and {floor} is the least: ask for more days, or lower \
     audit.retention-floor-days",
    category.map_or("entries".to_owned(), |category| format!("entries about {}", category.as_str()))
)]
pub struct BelowFloor {
    /// The category that the policy is for; `None` for all others.
    pub category: Option<AuditCategory>,
    /// The days that were asked for.
    pub days: u32,
    /// The fewest that there may be.
    pub floor: u32,
}

impl From<RetentionPolicy> for RetentionRules {
    /// One policy for all.
    fn from(otherwise: RetentionPolicy) -> Self {
        Self { otherwise, by_category: BTreeMap::new(), floor_days: 0 }
    }
}

impl From<u32> for RetentionRules {
    /// A number of days for all entries, where 0 means for ever.
    fn from(days: u32) -> Self {
        RetentionPolicy::from_days(days).into()
    }
}

impl RetentionRules {
    /// The policy for entries of a category, as it is given.
    #[must_use]
    pub fn given(&self, category: Option<AuditCategory>) -> RetentionPolicy {
        let own = category.and_then(|category| self.by_category.get(&category));
        own.copied().unwrap_or(self.otherwise)
    }

    /// The policy for entries of a category, and the floor under it.
    #[must_use]
    pub fn policy(&self, category: Option<AuditCategory>) -> RetentionPolicy {
        self.given(category).at_least(self.floor_days)
    }

    /// Whether an entry stays at this moment, for all that the rules say.
    #[must_use]
    pub fn keep(
        &self,
        category: Option<AuditCategory>,
        recorded_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> bool {
        self.policy(category).cutoff(now).is_none_or(|cutoff| recorded_at >= cutoff)
    }

    /// The policies that there are, floor included: the shortest first.
    #[must_use]
    pub fn policies(&self) -> Vec<RetentionPolicy> {
        let categories = self.by_category.keys().map(|category| self.policy(Some(*category)));
        let all: BTreeSet<RetentionPolicy> = categories.chain([self.policy(None)]).collect();
        all.into_iter().collect()
    }

    /// Whether nothing ever goes.
    #[must_use]
    pub fn keep_for_ever(&self) -> bool {
        self.policies() == [RetentionPolicy::KeepForEver]
    }

    /// The rules, where no policy is below the floor.
    ///
    /// # Errors
    /// When one is.
    pub fn above_floor(&self) -> Result<(), BelowFloor> {
        let categories = self.by_category.keys().map(|category| Some(*category));
        for category in categories.chain([None]) {
            if let RetentionPolicy::KeepDays(days) = self.given(category)
                && days < self.floor_days
            {
                return Err(BelowFloor { category, days, floor: self.floor_days });
            }
        }
        Ok(())
    }
}
