//! What retention would remove now, and what keeps the rest.
//!
//! Deliberately absent: removing anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::audit::retention::{
    HeldBack, Prefix, RetentionPolicy, RetentionRules, holds, prefix_that_may_go,
};
use domain::audit::{Page, TallyBy, TimeSpan};
use domain::events::CATALOGUE;
use domain::ports::QueryError;
use domain::{
    AuditCategory, AuditFilter, AuditLog, Catalogue, LegalHolds, Sequence, SubscriptionStore,
    TypePattern,
};

use super::PruneError;

/// What retention would remove at some moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RetentionPlan {
    /// What is older than the shortest policy keeps, whatever holds it back.
    pub expired: Option<Prefix>,
    /// What would be removed.
    pub goes: Option<Prefix>,
    /// What keeps some of what is old enough, the oldest first.
    pub held_back: Vec<HeldBack>,
}

/// Finds out what retention would remove.
#[derive(Clone)]
pub struct PlanRetention {
    log: Arc<dyn AuditLog>,
    subscriptions: Arc<dyn SubscriptionStore>,
    holds: Arc<dyn LegalHolds>,
    catalogue: Catalogue,
}

impl PlanRetention {
    /// The use case over these adapters, with the platform's catalogue.
    #[must_use]
    pub fn new(
        log: Arc<dyn AuditLog>,
        subscriptions: Arc<dyn SubscriptionStore>,
        holds: Arc<dyn LegalHolds>,
    ) -> Self {
        Self { log, subscriptions, holds, catalogue: CATALOGUE }
    }

    /// The same, by the categories of this catalogue.
    #[must_use]
    pub fn with_catalogue(mut self, catalogue: Catalogue) -> Self {
        self.catalogue = catalogue;
        self
    }

    /// What the rules let go at this moment and nobody needs.
    pub async fn plan(
        &self,
        rules: &RetentionRules,
        now: DateTime<Utc>,
    ) -> Result<RetentionPlan, PruneError> {
        // No policy lets go what was recorded later.
        let shortest = rules.policies()[0];
        let given = rules.by_category.values().chain([&rules.otherwise]).min().copied();
        let expired = match given.and_then(|given| given.cutoff(now)) {
            Some(cutoff) => self.log.last_recorded_before(cutoff).await?,
            None => None,
        };
        let Some(expired) = expired else { return Ok(RetentionPlan::default()) };

        let mut held_back = Vec::new();
        let past_the_floor = match shortest.cutoff(now) {
            Some(cutoff) if given != Some(shortest) => {
                self.log.last_recorded_before(cutoff).await?.unwrap_or_default()
            }
            Some(_) => expired,
            None => Sequence(0),
        };
        held_back.extend(self.longer_lived(rules, past_the_floor, now).await?);
        // Cursors first: an event that becomes a dead letter meanwhile is kept by the earlier cursor.
        let standing = self.subscriptions.all().await?;
        let letters = self.subscriptions.dead_letters(None).await?;
        held_back.extend(holds(&standing, &letters).into_iter().map(HeldBack::Subscription));
        let held = self.holds.holding(&AuditFilter::default(), Sequence(0)..=expired).await?;
        held_back.extend(held.into_iter().map(HeldBack::LegalHold));

        let span = self.log.span().await?;
        let (Some((first, _)), Some((newest, _))) = (span.first, span.last) else {
            return Ok(RetentionPlan::default());
        };
        if expired < first {
            return Ok(RetentionPlan::default());
        }
        let sequence = past_the_floor.next().max(first);
        held_back.push(HeldBack::Floor { days: rules.floor_days, sequence });
        // The newest stays in any case: who needs it, and nothing before it, holds nothing back.
        held_back.retain(|it| it.sequence() <= expired && it.sequence() < newest);
        if expired >= newest {
            held_back.push(HeldBack::Newest { sequence: newest });
        }
        // The sort is stable: of what stands at one place, the rules come first.
        held_back.sort_by_key(HeldBack::sequence);
        Ok(RetentionPlan {
            expired: Some(Prefix { from: first, through: expired }),
            goes: prefix_that_may_go(
                &span,
                Some(expired),
                held_back.first().map(HeldBack::sequence),
            ),
            held_back,
        })
    }

    /// Of each policy that is longer than the shortest: the oldest entry up to a place that it keeps.
    async fn longer_lived(
        &self,
        rules: &RetentionRules,
        through: Sequence,
        now: DateTime<Utc>,
    ) -> Result<Vec<HeldBack>, QueryError> {
        let longer = &rules.policies()[1..];
        if longer.is_empty() {
            return Ok(Vec::new());
        }
        // What is on record decides, not the catalogue: a type that it does not know is kept as well.
        let mut types: BTreeMap<RetentionPolicy, Vec<TypePattern>> = BTreeMap::new();
        for tally in self.log.tally(&AuditFilter::default(), TallyBy::Type).await? {
            let Some(name) = tally.key else { continue };
            let policy = rules.policy(self.category(&name));
            types.entry(policy).or_default().push(TypePattern::new(name));
        }
        let mut kept = Vec::new();
        for policy in longer {
            let Some(types) = types.remove(policy) else { continue };
            let recorded = TimeSpan { since: policy.cutoff(now), until: None };
            let filter = AuditFilter { types, recorded, ..AuditFilter::default() };
            let page = Page { before: Some(through.next()), ..Page::first(1) };
            let Some(entry) = self.log.page(&filter, page).await?.pop() else { continue };
            let category = self.category(entry.envelope.event_type.as_str());
            let category = category.filter(|it| rules.by_category.contains_key(it));
            let sequence = entry.sequence;
            kept.push(HeldBack::Category { category, policy: *policy, sequence });
        }
        Ok(kept)
    }

    fn category(&self, event_type: &str) -> Option<AuditCategory> {
        self.catalogue.find(event_type).map(|descriptor| descriptor.category)
    }
}
