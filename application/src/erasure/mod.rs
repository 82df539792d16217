//! Erasing values on request, a chunk at a time, on the record: first what is about to be done, at the
//! end that it was done. What lies between can be begun again at any time, and goes on.
//!
//! Deliberately absent: what else holds the values, such as copies of the record, exports, or what a
//! handler made of them. No program could know.

mod request;

use std::sync::Arc;
use std::time::Duration;

use domain::audit::{Erasure, ErasureCount, Page, TypePattern};
use domain::events::{AuditErased, AuditErasureStarted};
use domain::ports::{EmitError, ErasureError, QueryError};
use domain::{
    Actor, AuditErasure, AuditFilter, AuditLog, Clock, DomainEvent, Emit, EventBus, EventDraft,
    Sequence,
};

pub use request::{ErasureRequest, NamesThePerson};

/// Entries erased in one transaction, and the pause after it, so that emitters on the same file hardly
/// notice: see retention.
const CHUNK: u32 = 500;
const PAUSE: Duration = Duration::from_millis(2);

/// Why not everything was erased. Asked again under the same request, it goes on.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The request names whom it is about.
    #[error(transparent)]
    NamesThePerson(#[from] NamesThePerson),
    /// It could not be found out what there is to erase. Nothing was erased.
    #[error("could not find out what there is to erase")]
    Count(#[source] ErasureError),
    /// The record could not be asked how it stands. Nothing was erased.
    #[error("could not find out whether this request was begun before")]
    Query(#[from] QueryError),
    /// The request could not be put on record. Nothing was erased.
    #[error("the request could not be put on record, and nothing was erased")]
    Start(#[source] EmitError),
    /// Some of the entries could not be erased.
    #[error(
        "stopped after {entries} entries; erase under the request `{request_id}` again to go on"
    )]
    Erase {
        /// How many were erased.
        entries: u64,
        /// The request that is begun.
        request_id: String,
        /// What went wrong.
        #[source]
        source: ErasureError,
    },
    /// The values are gone, and that is not on record.
    #[error(
        "{entries} entries were erased, but that could not be put on record; erase under the request \
         `{request_id}` again to have it there"
    )]
    Conclude {
        /// How many were erased.
        entries: u64,
        /// The request that is begun.
        request_id: String,
        /// What went wrong.
        #[source]
        source: EmitError,
    },
}

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
    bus: Arc<dyn EventBus>,
    clock: Arc<dyn Clock>,
}

impl EraseValues {
    /// The use case over these adapters.
    #[must_use]
    pub fn new(
        log: Arc<dyn AuditLog>,
        erasure: Arc<dyn AuditErasure>,
        bus: Arc<dyn EventBus>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { log, erasure, bus, clock }
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
        // What is recorded later is another request's.
        let through = self.log.span().await?.last.map_or(Sequence(0), |(newest, _)| newest);
        let count = self.count(erasure).await?;
        let started = match self.begun(&request_id).await? {
            Some(begun) => begun,
            None => self.begin(erasure, &request_id, request.reason, count, &by).await?,
        };
        let mut report =
            ErasureReport { request_id: request_id.clone(), entries: 0, started, done: None };
        let finished = self.erase(erasure, through, &mut report, |done| {
            progress(done, count.entries);
            stop()
        });
        match finished.await {
            Ok(true) => {}
            Ok(false) => return Ok(report),
            Err(source) => {
                return Err(EraseError::Erase { entries: report.entries, request_id, source });
            }
        }
        let entries = report.entries;
        let done = AuditErased { request_id: request_id.clone(), entries };
        let done = self.bus.emit(EventDraft::from(done).by(by)).await;
        let done = done.map_err(|source| EraseError::Conclude { entries, request_id, source })?;
        report.done = Some(done.sequence);
        Ok(report)
    }

    /// Where it is on record that this request was begun and not yet done.
    async fn begun(&self, request_id: &str) -> Result<Option<Sequence>, QueryError> {
        let types = [AuditErasureStarted::DESCRIPTOR.name(), AuditErased::DESCRIPTOR.name()];
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

    /// Erases chunk by chunk, and then what the storage still keeps; whether it came to the end.
    async fn erase(
        &self,
        erasure: &Erasure,
        through: Sequence,
        report: &mut ErasureReport,
        mut after_chunk: impl FnMut(u64) -> bool,
    ) -> Result<bool, ErasureError> {
        let mut after = Sequence(0);
        loop {
            let chunk = self.erasure.erase(erasure, after, through, CHUNK).await?;
            report.entries += chunk.entries;
            let stop = after_chunk(report.entries);
            let Some(reached) = chunk.reached else { break };
            if stop {
                return Ok(false);
            }
            after = reached;
            self.clock.sleep(PAUSE).await;
        }
        // Also when there was nothing to erase: what an earlier run erased, or retention removed, may
        // still lie about.
        self.erasure.scrub().await?;
        Ok(true)
    }
}
