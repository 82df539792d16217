//! Archives: the oldest entries as a record of their own, compressed, with everything that proves them.
//!
//! An archive is an SQLite file of the current schema, marked as one, in a Zstandard frame. It holds the entries of a
//! range as they are stored, and the whole of the tree: tiles, checkpoints and public keys. Subscriptions
//! and legal holds stay where they are in force.
//!
//! Deliberately absent: removing what was archived.

mod copy;
mod file;
mod unpack;

use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::{ArchiveError, ArchivePlace, Archived, StorageProblem};
use domain::{AuditArchive, Sequence};
use shaku::{Component, Module, ModuleBuildContext};

use super::AuditStorage;
use super::filter::stored;
use super::log::{Unusable, problem};

pub(super) use unpack::{MAGIC, NAME, unpack};

/// Makes archives of an audit log on SQLite. See [`domain::ports`] for what it promises.
pub struct SeaOrmAuditArchive {
    storage: Option<AuditStorage>,
}

impl SeaOrmAuditArchive {
    /// Archives of the record in an open storage.
    #[must_use]
    pub fn new(storage: AuditStorage) -> Self {
        Self { storage: Some(storage) }
    }
}

/// The storage failed.
fn storage_error(error: impl std::error::Error + Send + Sync + 'static) -> ArchiveError {
    ArchiveError::Storage(Arc::new(error))
}

#[async_trait]
impl AuditArchive for SeaOrmAuditArchive {
    async fn archive(
        &self,
        through: Sequence,
        place: &ArchivePlace,
    ) -> Result<Option<Archived>, ArchiveError> {
        let storage = self.storage.as_ref().ok_or(ArchiveError::NotKept)?;
        let writer = storage.writer();
        let writer =
            writer.ok_or_else(|| ArchiveError::Storage(problem(Unusable::OpenedReadOnly)))?;
        // What is archived can be proven: its leaves are in the tiles that go with it.
        writer.grow_tree().await.map_err(storage_error)?;
        let place = place.clone();
        let (target, work) = blocking(move || {
            let folder = file::folder(&place)?;
            let work = file::workplace(&folder)?;
            Ok((file::Target { folder, place }, work))
        })
        .await?;
        // Where the copy lies; it goes with its folder.
        let copy = work.path().join("audit.db");
        let readers = storage.readers().get_sqlite_connection_pool();
        let Some(range) = copy::copy(readers, &copy, stored(through)).await? else {
            return Ok(None);
        };
        let stem = storage.file().file_stem().unwrap_or_default().to_owned();
        blocking(move || {
            let archived = file::pack(&copy, &target, &stem, range)?;
            drop(work);
            Ok(Some(archived))
        })
        .await
    }
}

/// Runs what waits for the disk on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ArchiveError> + Send + 'static,
) -> Result<T, ArchiveError> {
    tokio::task::spawn_blocking(work).await.map_err(|gone| {
        let gone: StorageProblem = Arc::new(gone);
        ArchiveError::Storage(gone)
    })?
}

/// What the component is built from.
#[derive(Default)]
pub struct SeaOrmAuditArchiveParameters {
    /// The storage of the record, opened beforehand, since building is synchronous. Without one, as
    /// where the record is kept by an adapter of a product's own, no archives are made.
    pub storage: Option<AuditStorage>,
}

impl<M: Module> Component<M> for SeaOrmAuditArchive {
    type Interface = dyn AuditArchive;
    type Parameters = SeaOrmAuditArchiveParameters;

    fn build(_: &mut ModuleBuildContext<M>, parameters: Self::Parameters) -> Box<dyn AuditArchive> {
        Box::new(Self { storage: parameters.storage })
    }
}
