//! Erasing values on request, a chunk at a time, on the record: first what is about to be done, at the
//! end that it was done. What lies between can be begun again at any time, and goes on.
//!
//! Deliberately absent: what else holds the values, such as copies of the record, exports, or what a
//! handler made of them. No program could know.

mod changed;
mod error;
mod held;
mod request;

use std::sync::Arc;
use std::time::Duration;

use domain::audit::legal_hold::{HeldEntry, LegalHold};
use domain::audit::{Erasure, ErasureCount, Page, TypePattern};
use domain::events::{AuditErased, AuditErasureRefused, AuditErasureStarted};
use domain::ports::{ErasureError, QueryError};
use domain::{
    Actor, AuditErasure, AuditFilter, AuditLog, Clock, DomainEvent, Emit, EventBus, EventDraft,
    LegalHolds, Sequence,
};

pub use changed::refuse_changed;
pub use error::EraseError;
pub use held::{HeldFromErasure, HoldInTheWay};
pub use request::{ErasureRequest, NamesThePerson};

/// Entries erased in one transaction, and the pause after it, so that emitters on the same file hardly
/// notice: see retention.
const CHUNK: u32 = 500;
const PAUSE: Duration = Duration::from_millis(2);

/// What a run erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureReport {
    /// The request.
    pub request_id: String,
    /// How many entries values were erased of.
    pub entries: u64,
    /// Where it is on record that this was begun.
    pub started: Sequence,
    /// Where it is on record that it is done; `None` when it was stopped before its end.
    pub done: Option<Sequence>,
}

/// Erases values on request.
pub struct EraseValues {
    log: Arc<dyn AuditLog>,
    erasure: Arc<dyn AuditErasure>,
    holds: Arc<dyn LegalHolds>,
    bus: Arc<dyn EventBus>,
    clock: Arc<dyn Clock>,
}

impl EraseValues {
    /// The use case over these adapters.
    #[must_use]
    pub fn new(
        log: Arc<dyn AuditLog>,
        erasure: Arc<dyn AuditErasure>,
        holds: Arc<dyn LegalHolds>,
        bus: Arc<dyn EventBus>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { log, erasure, holds, bus, clock }
    }

    /// How many entries would lose values.
    ///
    /// # Errors
    /// When the record cannot be asked.
    pub async fn count(&self, erasure: &Erasure) -> Result<ErasureCount, EraseError> {
        self.erasure.count(erasure).await.map_err(EraseError::Count)
    }

    /// Erases what is meant by `by`'s request.
    ///
    /// # Errors
    /// When the request names the person, or something fails; then it can be asked again.
    pub async fn run(
        &self,
        erasure: &Erasure,
        request: ErasureRequest,
        by: Actor,
    ) -> Result<ErasureReport, EraseError> {
        self.run_until(erasure, request, by, |_, _| (), || false).await
    }

    /// The same, telling after each chunk of how many entries, of how many, something was erased; and
    /// stops after the chunk during which `stop` becomes true. Then it is on record that it was begun
    /// and not that it is done: asked again under the same request, it goes on.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn run_until(
        &self,
        erasure: &Erasure,
        request: ErasureRequest,
        by: Actor,
        mut progress: impl FnMut(u64, u64),
        stop: impl Fn() -> bool,
    ) -> Result<ErasureReport, EraseError> {
        request.refuse_naming(erasure, &by)?;
        let request_id = request.id.clone().unwrap_or_else(|| request::made_at(self.clock.now()));
        let begun = self.begun(&request_id).await?;
        // What is recorded later is another request's: a request that goes on erases of no more entries than
        // it said when it was begun.
        let through = match begun {
            Some(begun) => Sequence(begun.0.saturating_sub(1)),
            None => self.log.span().await?.last.map_or(Sequence(0), |(newest, _)| newest),
        };
        let count = self.count(erasure).await?;
        refuse_changed(&*self.erasure, erasure, through).await?;
        let mut known = Vec::new();
        let held = self.newly_held(erasure, through, &mut known).await?;
        let started = match begun {
            Some(begun) => begun,
            None if !held.is_empty() => {
                let holds = HeldFromErasure::told(held, &*self.log).await?;
                return Err(EraseError::Held { entries: 0, holds });
            }
            None => self.begin(erasure, &request_id, request.reason, count, &by).await?,
        };
        let mut report = ErasureReport { request_id, entries: 0, started, done: None };
        let end = if held.is_empty() {
            let after_chunk = |done| {
                progress(done, count.entries);
                stop()
            };
            self.erase(erasure, through, &mut known, &mut report, after_chunk).await?
        } else {
            End::Held(held)
        };
        if let End::Stopped = end {
            return Ok(report);
        }
        // Also when there was nothing to erase: what an earlier run erased, or retention removed, may
        // still lie about.
        self.erasure.scrub().await.map_err(|source| stopped(&report, source))?;
        let (request_id, entries) = (report.request_id.clone(), report.entries);
        let ended = match &end {
            End::Held(held) => {
                // There is at least one.
                let hold = held.first().map_or(0, |held| held.hold.0.0);
                EventDraft::from(AuditErasureRefused { request_id, hold, entries })
            }
            End::Done | End::Stopped => EventDraft::from(AuditErased { request_id, entries }),
        };
        let ended = self.bus.emit(ended.by(by)).await.map_err(|source| EraseError::Conclude {
            entries,
            request_id: report.request_id.clone(),
            source,
        })?;
        if let End::Held(held) = end {
            let holds = HeldFromErasure::told(held, &*self.log).await?;
            return Err(EraseError::Held { entries, holds });
        }
        report.done = Some(ended.sequence);
        Ok(report)
    }

    /// What is kept by holds that were not known of, which they are afterwards.
    async fn newly_held(
        &self,
        erasure: &Erasure,
        through: Sequence,
        known: &mut Vec<LegalHold>,
    ) -> Result<Vec<HeldEntry>, EraseError> {
        let mut new = self.holds.in_force().await?;
        new.retain(|hold| !known.contains(hold));
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let held = self.erasure.held(erasure, &new, through).await.map_err(EraseError::Count)?;
        known.extend(new);
        Ok(held)
    }

    /// Where it is on record that this request was begun and not yet done.
    async fn begun(&self, request_id: &str) -> Result<Option<Sequence>, QueryError> {
        let types = [
            AuditErasureStarted::DESCRIPTOR.name(),
            AuditErased::DESCRIPTOR.name(),
            AuditErasureRefused::DESCRIPTOR.name(),
        ];
        let types = types.map(|name| TypePattern::new(name.as_str())).to_vec();
        let filter = AuditFilter { types, ..AuditFilter::default() };
        let mut after = Sequence(0);
        let mut begun = None;
        loop {
            let page = self.log.page(&filter, Page::after(after, CHUNK)).await?;
            let Some(last) = page.last() else { return Ok(begun) };
            after = last.sequence;
            for event in &page {
                let id = event.envelope.details.get("request_id").and_then(|id| id.as_str());
                if id == Some(request_id) {
                    begun = event.is::<AuditErasureStarted>().then_some(event.sequence);
                }
            }
        }
    }

    /// Puts on record what is about to be done.
    async fn begin(
        &self,
        erasure: &Erasure,
        request_id: &str,
        reason: Option<String>,
        count: ErasureCount,
        by: &Actor,
    ) -> Result<Sequence, EraseError> {
        let started = AuditErasureStarted {
            request_id: request_id.to_owned(),
            reason,
            selected_by: erasure.selection.by().to_owned(),
            details: erasure.details,
            entries: count.entries,
        };
        let receipt = self.bus.emit(EventDraft::from(started).by(by.clone())).await;
        receipt.map(|receipt| receipt.sequence).map_err(EraseError::Start)
    }

    /// Erases chunk by chunk, as long as nothing of it comes to be held.
    async fn erase(
        &self,
        erasure: &Erasure,
        through: Sequence,
        known: &mut Vec<LegalHold>,
        report: &mut ErasureReport,
        mut after_chunk: impl FnMut(u64) -> bool,
    ) -> Result<End, EraseError> {
        let mut after = Sequence(0);
        loop {
            let chunk = match self.erasure.erase(erasure, after, through, CHUNK).await {
                // A record on disk judges this itself, in the transaction that erases.
                Err(ErasureError::Held(held)) => return Ok(End::Held(vec![held])),
                chunk => chunk.map_err(|source| stopped(report, source))?,
            };
            report.entries += chunk.entries;
            let stop = after_chunk(report.entries);
            let Some(reached) = chunk.reached else { return Ok(End::Done) };
            if stop {
                return Ok(End::Stopped);
            }
            after = reached;
            self.clock.sleep(PAUSE).await;
            let held = self.newly_held(erasure, through, known).await;
            let held = held.map_err(|error| midway(report, error))?;
            if !held.is_empty() {
                return Ok(End::Held(held));
            }
        }
    }
}

/// How a run ended.
enum End {
    /// There was nothing more to erase.
    Done,
    /// It was asked to stop.
    Stopped,
    /// It came upon legal holds.
    Held(Vec<HeldEntry>),
}

/// A failure to find out in the middle what is held.
fn midway(report: &ErasureReport, error: EraseError) -> EraseError {
    match error {
        EraseError::Count(source) => stopped(report, source),
        EraseError::Holds(source) => EraseError::HoldsUnknown {
            entries: report.entries,
            request_id: report.request_id.clone(),
            source,
        },
        other => other,
    }
}

/// A failure in the middle.
fn stopped(report: &ErasureReport, source: ErasureError) -> EraseError {
    EraseError::Erase { entries: report.entries, request_id: report.request_id.clone(), source }
}
