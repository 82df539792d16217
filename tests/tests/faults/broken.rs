//! The shipped log behind one that breaks a promise as soon as something fails.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::audit::retention::Prefix;
use domain::audit::{Page, Tally, TallyBy};
use domain::ports::{Inspection, KeptCheckpoint, KeptKey, TreeError, TreeStanding};
use domain::proof::StoredEntry;
use domain::{
    AppendError, AuditAppend, AuditEntry, AuditFilter, AuditInspect, AuditLog, AuditQuery,
    AuditRetention, AuditTree, Clock, LogSpan, QueryError, Receipt, ReceiptStatus, RecordedEvent,
    RetentionError, Sequence,
};
use futures::future::BoxFuture;
use indelible_tests::contract::audit_log::start;
use indelible_tests::fakes::ManualClock;
use indelible_tests::faults::{OpenLog, Place, Problem, sqlite};
use infrastructure::seaorm::Durability;

/// Which promise is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// A batch is written when the next one comes.
    AcksFirst,
    /// A batch that was not written has its receipts all the same.
    SwallowsErrors,
    /// Each event of a batch is committed alone.
    InParts,
    /// What fails never comes back.
    Hangs,
    /// A checkpoint is never written.
    ForgetsCheckpoints,
    /// A checkpoint is of another tree.
    MistakesItsTree,
}

/// An adapter to be passed to the torture.
pub(crate) fn broken(
    how: How,
) -> impl Fn(Place) -> BoxFuture<'static, Result<OpenLog, Problem>> + Send + Sync {
    move |place| {
        Box::pin(async move {
            // It stands still, so that a batch that is written late is recorded when its receipts say.
            let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(start()));
            let place = Place { clock: Arc::clone(&clock), ..place };
            let open = sqlite(Durability::Full)(place).await?;
            let mut broken = None;
            let open = open.behind(|inner| {
                let log = Arc::new(Broken { inner, clock, how, state: Mutex::default() });
                broken = Some(Arc::clone(&log));
                log
            });
            let Some(log) = broken else { return Ok(open) };
            let newest = log.inner.span().await?.last;
            log.state().newest = newest.map(|(sequence, _)| sequence).unwrap_or_default();
            let open = open.tree_behind(|inner| Arc::new(BrokenTree { inner, how }));
            Ok(open.closed_by(move || async move { log.write_late().await }))
        })
    }
}

#[derive(Default)]
struct State {
    newest: Sequence,
    late: Vec<AuditEntry>,
}

struct Broken {
    inner: Arc<dyn AuditLog>,
    clock: Arc<dyn Clock>,
    how: How,
    state: Mutex<State>,
}

impl Broken {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn write_late(&self) {
        let late = std::mem::take(&mut self.state().late);
        let _ = self.inner.append(&late).await;
    }

    /// Receipts as they will be if all goes well.
    fn hope(&self, batch: &[AuditEntry]) -> Vec<Receipt> {
        let mut state = self.state();
        let receipts = batch.iter().map(|entry| {
            state.newest = state.newest.next();
            Receipt {
                event_id: entry.envelope().event_id.clone(),
                sequence: state.newest,
                recorded_at: self.clock.now(),
                status: ReceiptStatus::Recorded,
            }
        });
        receipts.collect()
    }
}

#[async_trait]
impl AuditAppend for Broken {
    async fn append(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, AppendError> {
        match self.how {
            How::AcksFirst => {
                self.write_late().await;
                self.state().late = batch.to_vec();
                Ok(self.hope(batch))
            }
            How::SwallowsErrors => {
                let hoped = self.hope(batch);
                Ok(self.inner.append(batch).await.unwrap_or(hoped))
            }
            How::InParts => {
                let mut receipts = Vec::new();
                for entry in batch {
                    receipts.extend(self.inner.append(std::slice::from_ref(entry)).await?);
                }
                Ok(receipts)
            }
            How::Hangs => match self.inner.append(batch).await {
                Ok(receipts) => Ok(receipts),
                Err(_) => std::future::pending().await,
            },
            How::ForgetsCheckpoints | How::MistakesItsTree => self.inner.append(batch).await,
        }
    }
}

#[async_trait]
impl AuditQuery for Broken {
    async fn page(
        &self,
        filter: &AuditFilter,
        page: Page,
    ) -> Result<Vec<RecordedEvent>, QueryError> {
        self.inner.page(filter, page).await
    }

    async fn by_sequence(&self, sequence: Sequence) -> Result<Option<RecordedEvent>, QueryError> {
        self.inner.by_sequence(sequence).await
    }

    async fn by_event_id(&self, event_id: &str) -> Result<Vec<RecordedEvent>, QueryError> {
        self.inner.by_event_id(event_id).await
    }

    async fn span(&self) -> Result<LogSpan, QueryError> {
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
        self.inner.newer_than(sequence).await
    }
}

#[async_trait]
impl AuditRetention for Broken {
    async fn remove_oldest(
        &self,
        through: Sequence,
        limit: u32,
    ) -> Result<Option<Prefix>, RetentionError> {
        self.inner.remove_oldest(through, limit).await
    }
}

#[async_trait]
impl AuditInspect for Broken {
    async fn inspect(&self) -> Result<Inspection, QueryError> {
        self.inner.inspect().await
    }
}

struct BrokenTree {
    inner: Arc<dyn AuditTree>,
    how: How,
}

#[async_trait]
impl AuditTree for BrokenTree {
    async fn standing(&self) -> Result<TreeStanding, TreeError> {
        self.inner.standing().await
    }

    async fn newest(&self) -> Result<Sequence, TreeError> {
        self.inner.newest().await
    }

    async fn grow(&self) -> Result<TreeStanding, TreeError> {
        self.inner.grow().await
    }

    async fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, TreeError> {
        self.inner.tile(level, index).await
    }

    async fn entries(&self, from: Sequence, limit: u32) -> Result<Vec<StoredEntry>, TreeError> {
        self.inner.entries(from, limit).await
    }

    async fn keep_checkpoint(&self, checkpoint: &KeptCheckpoint) -> Result<(), TreeError> {
        match self.how {
            How::ForgetsCheckpoints => Ok(()),
            How::MistakesItsTree => {
                let size = checkpoint.size + 1;
                self.inner.keep_checkpoint(&KeptCheckpoint { size, ..checkpoint.clone() }).await?;
                self.inner.keep_checkpoint(checkpoint).await
            }
            _ => self.inner.keep_checkpoint(checkpoint).await,
        }
    }

    async fn checkpoints(&self, after: u64, limit: u32) -> Result<Vec<KeptCheckpoint>, TreeError> {
        self.inner.checkpoints(after, limit).await
    }

    async fn newest_checkpoint(&self) -> Result<Option<KeptCheckpoint>, TreeError> {
        self.inner.newest_checkpoint().await
    }

    async fn keep_key(&self, key: &KeptKey) -> Result<(), TreeError> {
        self.inner.keep_key(key).await
    }

    async fn keys(&self) -> Result<Vec<KeptKey>, TreeError> {
        self.inner.keys().await
    }
}
