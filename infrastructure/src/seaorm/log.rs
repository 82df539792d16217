//! The audit log as a component: an open storage and a clock.

use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::StorageProblem;
use domain::{AppendError, AuditAppend, AuditEntry, AuditLog, Clock, QueryError, Receipt};
use sea_orm::DatabaseConnection;
use shaku::{Component, HasComponent, Module, ModuleBuildContext};

use super::AuditStorage;
use super::decode::sequence;
use super::insert::NewRow;
use super::writer::Writer;

/// The audit log on SQLite. See [`domain::ports`] for what it promises.
pub struct SeaOrmAuditLog {
    storage: Option<AuditStorage>,
    clock: Arc<dyn Clock>,
}

impl SeaOrmAuditLog {
    /// A log over an open storage; `clock` says when entries are recorded.
    #[must_use]
    pub fn new(storage: AuditStorage, clock: Arc<dyn Clock>) -> Self {
        Self { storage: Some(storage), clock }
    }

    /// The open storage, for whoever asks.
    pub(super) fn storage(&self) -> Result<&AuditStorage, QueryError> {
        self.storage.as_ref().ok_or_else(|| QueryError::Storage(problem(Unusable::NotOpened)))
    }

    /// The connections to ask through.
    pub(super) fn readers(&self) -> Result<&DatabaseConnection, QueryError> {
        self.storage().map(AuditStorage::readers)
    }

    /// The connection to write through.
    pub(super) fn writer(&self) -> Result<&Arc<Writer>, AppendError> {
        self.storage
            .as_ref()
            .ok_or(AppendError::Closed)?
            .writer()
            .ok_or_else(|| AppendError::ReadOnly(problem(Unusable::OpenedReadOnly)))
    }
}

#[async_trait]
impl AuditAppend for SeaOrmAuditLog {
    async fn append(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, AppendError> {
        let writer = Arc::clone(self.writer()?);
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let rows = NewRow::of(batch).map_err(|error| AppendError::Storage(Arc::new(error)))?;
        let turn = writer.turn().await;
        // Not a task of its own: whoever waits here would be woken behind every task that can run.
        let placed = writer.append(turn, &rows, &*self.clock).await?;
        if let (Some(storage), Some(newest)) =
            (&self.storage, placed.iter().map(|p| p.sequence).max())
        {
            storage.growth().reached(sequence(newest));
        }
        let receipts = batch.iter().zip(placed).map(|(entry, placed)| Receipt {
            event_id: entry.envelope().event_id.clone(),
            sequence: sequence(placed.sequence),
            recorded_at: placed.recorded_at,
            status: placed.status,
        });
        Ok(receipts.collect())
    }
}

/// Why there is nothing to ask or to write through.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(super) enum Unusable {
    #[error("no storage was opened for it: connect one and pass it when the log is built")]
    NotOpened,
    #[error(
        "it cannot be followed, since what others add to it is not noticed from here: give this user \
         the right to write to its folder, or begin while somebody has it open for writing"
    )]
    NotNoticed,
    #[error("it was opened for reading: open it for writing")]
    OpenedReadOnly,
}

pub(super) fn problem(unusable: Unusable) -> StorageProblem {
    Arc::new(unusable)
}

/// What the component is built from.
#[derive(Default)]
pub struct SeaOrmAuditLogParameters {
    /// The storage, opened beforehand, since building is synchronous. Without one, every append is
    /// refused as closed and every question fails.
    pub storage: Option<AuditStorage>,
}

/// Why nobody can wait for what others add to a file that was opened as one that nobody changes.
pub(super) fn cannot_be_followed() -> QueryError {
    QueryError::Storage(problem(Unusable::NotNoticed))
}

impl<M: Module + HasComponent<dyn Clock>> Component<M> for SeaOrmAuditLog {
    type Interface = dyn AuditLog;
    type Parameters = SeaOrmAuditLogParameters;

    fn build(
        context: &mut ModuleBuildContext<M>,
        parameters: Self::Parameters,
    ) -> Box<Self::Interface> {
        Box::new(Self { storage: parameters.storage, clock: M::build_component(context) })
    }
}
