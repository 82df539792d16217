//! Legal holds in memory, over any audit log.
//!
//! Deliberately absent: keeping what is held. A log in memory removes whatever it is told to; the use
//! case of pruning asks here before each chunk.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::audit::Page;
use domain::audit::legal_hold::{HeldEntry, HoldId, HoldScope, LegalHold};
use domain::events::{AuditHoldPlaced, AuditHoldReleased};
use domain::ports::LegalHoldError;
use domain::{
    AuditFilter, AuditLog, DomainEvent, LegalHolds, QueryError, RecordedEvent, Sequence,
    TypePattern,
};

/// How many entries are looked at in one go.
const PAGE: u32 = 512;

/// Legal holds in memory. See [`domain::ports`] for what it promises.
pub struct InMemoryLegalHolds {
    log: Arc<dyn AuditLog>,
    holds: Mutex<BTreeMap<HoldId, HoldScope>>,
}

impl InMemoryLegalHolds {
    /// No holds yet, on the entries of this log.
    #[must_use]
    pub fn new(log: Arc<dyn AuditLog>) -> Self {
        Self { log, holds: Mutex::default() }
    }

    fn holds(&self) -> MutexGuard<'_, BTreeMap<HoldId, HoldScope>> {
        // Nothing that can panic runs while they are half changed.
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> Vec<LegalHold> {
        let holds = self.holds();
        holds.iter().map(|(id, scope)| LegalHold { id: *id, scope: scope.clone() }).collect()
    }

    /// The first entry after a place that is meant and wanted.
    async fn first(
        &self,
        filter: &AuditFilter,
        after: Sequence,
        wanted: impl Fn(&RecordedEvent) -> bool + Send,
    ) -> Result<Option<Sequence>, QueryError> {
        let mut after = after;
        loop {
            let page = self.log.page(filter, Page::after(after, PAGE)).await?;
            if let Some(found) = page.iter().find(|event| wanted(event)) {
                return Ok(Some(found.sequence));
            }
            let Some(last) = page.last() else { return Ok(None) };
            after = last.sequence;
        }
    }
}

#[async_trait]
impl LegalHolds for InMemoryLegalHolds {
    async fn place(&self, hold: &LegalHold) -> Result<(), LegalHoldError> {
        let id = hold.id;
        let event = self.log.by_sequence(id.0).await?;
        let placed = AuditHoldPlaced::DESCRIPTOR.event_type;
        let on_record = event.is_some_and(|it| it.envelope.event_type.as_str() == placed);
        let mut holds = self.holds();
        if holds.contains_key(&id) {
            return Err(LegalHoldError::Placed { id });
        }
        if !on_record {
            return Err(LegalHoldError::NotOnRecord { id });
        }
        holds.insert(id, hold.scope.clone());
        Ok(())
    }

    async fn release(&self, id: HoldId) -> Result<(), LegalHoldError> {
        if !self.holds().contains_key(&id) {
            return Err(LegalHoldError::Unknown { id });
        }
        let filter = AuditFilter {
            types: vec![TypePattern::new(AuditHoldReleased::DESCRIPTOR.event_type)],
            ..AuditFilter::default()
        };
        let says_so = |event: &RecordedEvent| {
            event.decode::<AuditHoldReleased>().is_ok_and(|told| told.hold == id.0.0)
        };
        if self.first(&filter, id.0, says_so).await?.is_none() {
            return Err(LegalHoldError::NotOnRecord { id });
        }
        self.holds().remove(&id).map(|_| ()).ok_or(LegalHoldError::Unknown { id })
    }

    async fn in_force(&self) -> Result<Vec<LegalHold>, LegalHoldError> {
        Ok(self.all())
    }

    async fn holding(
        &self,
        filter: &AuditFilter,
        within: RangeInclusive<Sequence>,
    ) -> Result<Vec<HeldEntry>, LegalHoldError> {
        let mut holding = Vec::new();
        let before = Sequence(within.start().0.saturating_sub(1));
        for hold in self.all() {
            let covered = |event: &RecordedEvent| hold.covers(event);
            let oldest = self.first(filter, before, covered).await?;
            if let Some(sequence) = oldest.filter(|sequence| within.contains(sequence)) {
                holding.push(HeldEntry { hold: hold.id, sequence });
            }
        }
        holding.sort_by_key(|held| (held.sequence, held.hold));
        Ok(holding)
    }
}
