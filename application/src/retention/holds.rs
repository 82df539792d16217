//! Placing and releasing legal holds. Every act is on the record before it is done.
//!
//! Deliberately absent: naming a person in what is recorded. Of a hold on a person the record says that
//! there is one, by whom and why; whom it is about is kept beside the record, for as long as it is in
//! force.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::audit::legal_hold::{HoldId, HoldScope, LegalHold};
use domain::audit::{Page, TypePattern};
use domain::events::{AuditHoldPlaced, AuditHoldReleased};
use domain::ports::{EmitError, LegalHoldError, QueryError};
use domain::{
    Actor, AuditFilter, AuditLog, DomainEvent, Emit, EventBus, EventDraft, LegalHolds, Sequence,
};

use crate::naming::names;

/// How many releases are read at a time.
const PAGE: u32 = 500;

/// Why something was not done to a legal hold.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// Nothing is said of why.
    #[error("a legal hold needs a reason: name the case or the request that it is for")]
    NoReason,
    /// Nothing is named.
    #[error("a legal hold on nothing: name a plan, a run of work, a user or a range")]
    Nothing,
    /// A range ends before it begins.
    #[error("the range {from}-{through} ends before it begins: write the first sequence first")]
    Backwards {
        /// Its first sequence.
        from: u64,
        /// Its last.
        through: u64,
    },
    /// What goes on record would name whom a hold is about. Who placed or released it may be the same
    /// person: an actor can be erased, and a reason stays.
    #[error(
        "the reason names whom the hold is about, and it stays on record: name the case and not the \
         person"
    )]
    NamesThePerson,
    /// It could not be put on record, and so was not done.
    #[error("this could not be put on record, and so was not done")]
    Record(#[from] EmitError),
    /// It is on record, and not in force.
    #[error("that is on record as {id}, but the hold is not in force: place it again")]
    NotPlaced {
        /// What would have been its id.
        id: HoldId,
        /// What went wrong.
        #[source]
        source: LegalHoldError,
    },
    /// The holds could not be asked or changed, or there is no such hold.
    #[error(transparent)]
    Holds(#[from] LegalHoldError),
    /// The record could not be read.
    #[error("the audit log cannot be read")]
    Query(#[from] QueryError),
}

/// A hold in force, and what the record says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldOnRecord {
    /// The hold.
    pub hold: LegalHold,
    /// Who placed it.
    pub by: Option<Actor>,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub placed_at: Option<DateTime<Utc>>,
}

/// What people do to legal holds.
#[derive(Clone)]
pub struct ManageLegalHolds {
    holds: Arc<dyn LegalHolds>,
    log: Arc<dyn AuditLog>,
    bus: Arc<dyn EventBus>,
}

impl ManageLegalHolds {
    /// The use case over these adapters.
    #[must_use]
    pub fn new(holds: Arc<dyn LegalHolds>, log: Arc<dyn AuditLog>, bus: Arc<dyn EventBus>) -> Self {
        Self { holds, log, bus }
    }

    /// Places a hold: from now on nothing that it covers is removed or erased, and since only a prefix of
    /// the record is ever removed, nothing after that either.
    ///
    /// # Errors
    /// When it makes no sense, or could not be put on record or in force.
    pub async fn place(
        &self,
        scope: HoldScope,
        reason: &str,
        by: Actor,
    ) -> Result<HoldId, HoldError> {
        if reason.trim().is_empty() {
            return Err(HoldError::NoReason);
        }
        let event = match &scope {
            HoldScope::Sequences { from, through } if from > through => {
                return Err(HoldError::Backwards { from: from.0, through: through.0 });
            }
            scope if scope.value().is_empty() => return Err(HoldError::Nothing),
            scope if names_the_person(scope, reason) => return Err(HoldError::NamesThePerson),
            scope => placed(scope, reason),
        };
        let receipt = self.bus.emit(EventDraft::from(event).by(by)).await?;
        let id = HoldId(receipt.sequence);
        let hold = LegalHold { id, scope };
        match self.holds.place(&hold).await {
            Ok(()) => Ok(id),
            Err(source) => Err(HoldError::NotPlaced { id, source }),
        }
    }

    /// Releases a hold. One that is on record and is not in force, since it never was or was removed from
    /// outside, is released on the record alone.
    ///
    /// # Errors
    /// When there is no such hold, or it could not be put on record or done.
    pub async fn release(
        &self,
        id: HoldId,
        reason: Option<String>,
        by: Actor,
    ) -> Result<(), HoldError> {
        let in_force = self.holds.in_force().await?;
        let hold = in_force.iter().find(|hold| hold.id == id);
        if hold.is_none() && !self.awaits_release(id).await? {
            return Err(LegalHoldError::Unknown { id }.into());
        }
        let named = |reason| hold.is_some_and(|hold| names_the_person(&hold.scope, reason));
        if reason.as_deref().is_some_and(named) {
            return Err(HoldError::NamesThePerson);
        }
        let event = AuditHoldReleased { hold: id.0.0, reason };
        self.bus.emit(EventDraft::from(event).by(by)).await?;
        if hold.is_some() {
            self.holds.release(id).await?;
        }
        Ok(())
    }

    /// Whether a hold was placed, and no release of it is on record.
    async fn awaits_release(&self, id: HoldId) -> Result<bool, QueryError> {
        let placed = self.log.by_sequence(id.0).await?;
        if !placed.is_some_and(|event| event.is::<AuditHoldPlaced>()) {
            return Ok(false);
        }
        let types = vec![TypePattern::new(AuditHoldReleased::DESCRIPTOR.event_type)];
        let releases = AuditFilter { types, ..AuditFilter::default() };
        let mut after = id.0;
        loop {
            let page = self.log.page(&releases, Page::after(after, PAGE)).await?;
            let Some(last) = page.last() else { return Ok(true) };
            after = last.sequence;
            let mut released = page.iter().filter_map(|it| it.decode::<AuditHoldReleased>().ok());
            if released.any(|released| released.hold == id.0.0) {
                return Ok(false);
            }
        }
    }

    /// Whether anything that is on record now is what a hold would be about.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn anything_in(&self, scope: &HoldScope) -> Result<bool, HoldError> {
        let mut page = Page::first(1);
        let by = |filter: AuditFilter| vec![filter];
        let filters = match scope.clone() {
            HoldScope::Plan(id) => by(AuditFilter { plan_id: Some(id), ..AuditFilter::default() }),
            HoldScope::Correlation(id) => {
                by(AuditFilter { correlation_id: Some(id), ..AuditFilter::default() })
            }
            HoldScope::User(id) => {
                let actor = Some(Actor::human(&*id).to_string());
                let did = AuditFilter { actor, ..AuditFilter::default() };
                vec![AuditFilter { user_identity: Some(id), ..AuditFilter::default() }, did]
            }
            HoldScope::Sequences { from, through } => {
                page.after = Some(Sequence(from.0.saturating_sub(1)));
                page.before = Some(through.next());
                by(AuditFilter::default())
            }
        };
        for filter in filters {
            if !self.log.page(&filter, page).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The holds in force, by id.
    ///
    /// # Errors
    /// When the holds or the record cannot be read.
    pub async fn list(&self) -> Result<Vec<HoldOnRecord>, HoldError> {
        HoldOnRecord::all(&*self.holds, &*self.log).await
    }
}

impl HoldOnRecord {
    /// The holds in force, by id.
    ///
    /// # Errors
    /// When the holds or the record cannot be read.
    pub async fn all(holds: &dyn LegalHolds, log: &dyn AuditLog) -> Result<Vec<Self>, HoldError> {
        let mut listed = Vec::new();
        for hold in holds.in_force().await? {
            let event = log.by_sequence(hold.id.0).await?;
            let told = event.as_ref().and_then(|it| it.decode::<AuditHoldPlaced>().ok());
            listed.push(Self {
                hold,
                reason: told.map(|told| told.reason),
                placed_at: event.as_ref().map(|it| it.recorded_at),
                by: event.and_then(|it| it.envelope.actor),
            });
        }
        Ok(listed)
    }
}

/// Whether a reason names the person that a hold is about.
fn names_the_person(scope: &HoldScope, reason: &str) -> bool {
    matches!(scope, HoldScope::User(person) if names(reason, person))
}

/// What is put on record of a hold: everything but a person.
fn placed(scope: &HoldScope, reason: &str) -> AuditHoldPlaced {
    let mut event = AuditHoldPlaced {
        scope: scope.kind().to_owned(),
        plan: None,
        correlation: None,
        from_sequence: None,
        to_sequence: None,
        reason: reason.to_owned(),
    };
    match scope {
        HoldScope::Plan(id) => event.plan = Some(id.clone()),
        HoldScope::Correlation(id) => event.correlation = Some(id.clone()),
        HoldScope::User(_) => {}
        HoldScope::Sequences { from, through } => {
            event.from_sequence = Some(from.0);
            event.to_sequence = Some(through.0);
        }
    }
    event
}
