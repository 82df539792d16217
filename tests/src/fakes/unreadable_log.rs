//! An audit log that cannot always be read or written.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::audit::retention::Prefix;
use domain::audit::{Page, Tally, TallyBy};
use domain::ports::{
    AppendError, AuditAppend, AuditInspect, AuditQuery, AuditRetention, Inspection, QueryError,
    RetentionError,
};
use domain::{AuditEntry, AuditFilter, AuditLog, LogSpan, Receipt, RecordedEvent, Sequence};
use tokio::sync::watch;

use super::Gate;

/// A log that hands everything on to another one, but for the reads and writes it is told to fail.
pub struct UnreadableLog {
    inner: Arc<dyn AuditLog>,
    failures_left: AtomicUsize,
    refusals_left: AtomicUsize,
    blindness_left: AtomicUsize,
    panics_left: AtomicUsize,
    pages: AtomicUsize,
    closed: AtomicBool,
    held: Mutex<Option<Arc<Gate>>>,
    answered: watch::Sender<usize>,
    looked_up: watch::Sender<usize>,
}

/// Takes one of what is left, if there is any.
fn take(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

impl UnreadableLog {
    /// A log over `inner` that can be read until it is told otherwise.
    #[must_use]
    pub fn new(inner: Arc<dyn AuditLog>) -> Self {
        Self {
            inner,
            failures_left: AtomicUsize::new(0),
            refusals_left: AtomicUsize::new(0),
            blindness_left: AtomicUsize::new(0),
            panics_left: AtomicUsize::new(0),
            pages: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            held: Mutex::default(),
            answered: watch::Sender::default(),
            looked_up: watch::Sender::default(),
        }
    }

    /// Has the next `times` pages fail.
    pub fn fail_pages(&self, times: usize) {
        self.failures_left.store(times, Ordering::SeqCst);
    }

    /// Closes it: pages, and questions for its ends and its growth, are not answered any more.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    fn look_whether_closed(&self) -> Result<(), QueryError> {
        if self.closed.load(Ordering::SeqCst) { Err(QueryError::Closed) } else { Ok(()) }
    }

    /// Has pages wait at this gate before they are answered.
    pub fn hold_pages(&self, gate: Arc<Gate>) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(gate);
    }

    /// Waits until so many pages have been answered.
    pub async fn answered(&self, pages: usize) {
        // Fails only when the sender is gone, which `self` is not.
        let _ = self.answered.subscribe().wait_for(|answered| *answered >= pages).await;
    }

    /// Waits until so many entries have been looked up by their places.
    pub async fn looked_up(&self, entries: usize) {
        let _ = self.looked_up.subscribe().wait_for(|looked_up| *looked_up >= entries).await;
    }

    /// Has the next `times` questions for its ends fail, and for its growth.
    pub fn fail_ends(&self, times: usize) {
        self.blindness_left.store(times, Ordering::SeqCst);
    }

    /// How many questions for its ends and its growth are still to fail.
    #[must_use]
    pub fn ends_to_fail(&self) -> usize {
        self.blindness_left.load(Ordering::SeqCst)
    }

    fn look_at_ends(&self) -> Result<(), QueryError> {
        self.look_whether_closed()?;
        if take(&self.panics_left) {
            super::panic_on_purpose("this log panics");
        }
        if take(&self.blindness_left) {
            return Err(QueryError::Storage(Arc::new(super::RefusedByFake)));
        }
        Ok(())
    }

    /// Has the next `times` questions for its ends panic.
    pub fn panic_over_ends(&self, times: usize) {
        self.panics_left.store(times, Ordering::SeqCst);
    }

    /// Has the next `times` appends fail with [`AppendError::Locked`], after 7 seconds as it claims.
    pub fn fail_appends(&self, times: usize) {
        self.refusals_left.store(times, Ordering::SeqCst);
    }

    /// How many pages it was asked for.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.pages.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl AuditAppend for UnreadableLog {
    async fn append(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, AppendError> {
        if take(&self.refusals_left) {
            return Err(AppendError::Locked { waited_secs: 7 });
        }
        self.inner.append(batch).await
    }
}

#[async_trait]
impl AuditQuery for UnreadableLog {
    async fn page(
        &self,
        filter: &AuditFilter,
        page: Page,
    ) -> Result<Vec<RecordedEvent>, QueryError> {
        self.look_whether_closed()?;
        self.pages.fetch_add(1, Ordering::SeqCst);
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(gate) = held {
            gate.pass().await;
        }
        if take(&self.failures_left) {
            return Err(QueryError::Unreadable {
                sequence: page.after.unwrap_or_default().next(),
                problem: "this log was told to fail".to_owned(),
            });
        }
        let page = self.inner.page(filter, page).await;
        self.answered.send_modify(|answered| *answered += 1);
        page
    }

    async fn by_sequence(&self, sequence: Sequence) -> Result<Option<RecordedEvent>, QueryError> {
        let entry = self.inner.by_sequence(sequence).await;
        self.looked_up.send_modify(|looked_up| *looked_up += 1);
        entry
    }

    async fn by_event_id(&self, event_id: &str) -> Result<Vec<RecordedEvent>, QueryError> {
        self.inner.by_event_id(event_id).await
    }

    async fn span(&self) -> Result<LogSpan, QueryError> {
        self.look_at_ends()?;
        self.inner.span().await
    }

    async fn tally(&self, filter: &AuditFilter, by: TallyBy) -> Result<Vec<Tally>, QueryError> {
        self.inner.tally(filter, by).await
    }

    async fn last_recorded_before(
        &self,
        moment: DateTime<Utc>,
    ) -> Result<Option<Sequence>, QueryError> {
        self.inner.last_recorded_before(moment).await
    }

    async fn newer_than(&self, sequence: Sequence) -> Result<Sequence, QueryError> {
        self.look_at_ends()?;
        self.inner.newer_than(sequence).await
    }
}

#[async_trait]
impl AuditRetention for UnreadableLog {
    async fn remove_oldest(
        &self,
        through: Sequence,
        limit: u32,
    ) -> Result<Option<Prefix>, RetentionError> {
        self.inner.remove_oldest(through, limit).await
    }
}

#[async_trait]
impl AuditInspect for UnreadableLog {
    async fn inspect(&self) -> Result<Inspection, QueryError> {
        self.inner.inspect().await
    }
}
