//! The tree over the record, in the database that the record is in.
//!
//! Deliberately absent: what a leaf is, which an entry's row follows from and `insert` writes; and
//! signing.

mod compare;
mod grow;
mod read;
mod rows;

use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::{KeptCheckpoint, KeptKey, LeafCheck, TreeError, TreeStanding};
use domain::proof::{StoredEntry, TileId};
use domain::{AuditTree, Sequence};
use sea_orm::sqlx::{self, SqlitePool};
use shaku::{Component, Module, ModuleBuildContext};

use super::AuditStorage;
use super::filter::stored;
use super::log::{Unusable, problem};
use super::problem::{Patience, Trouble, Troubled};
use super::writer::{Writer, is_sound};
use crate::moment;

pub(super) use compare::{as_recorded, compare, not_as_recorded};
pub(super) use grow::{Reach, Unfit, grow};
pub(super) use read::ENTRY;
pub(super) use read::entries as stored_entries;

/// The tree of an audit log on SQLite. See [`domain::ports`] for what it promises.
pub struct SeaOrmAuditTree {
    storage: Option<AuditStorage>,
}

impl SeaOrmAuditTree {
    /// The tree of the record in an open storage.
    #[must_use]
    pub fn new(storage: AuditStorage) -> Self {
        Self { storage: Some(storage) }
    }

    fn storage(&self) -> Result<&AuditStorage, TreeError> {
        self.storage.as_ref().ok_or(TreeError::NotKept)
    }

    /// The connections to ask through.
    fn readers(&self) -> Result<&SqlitePool, TreeError> {
        Ok(self.storage()?.readers().get_sqlite_connection_pool())
    }

    /// The connection to write through.
    fn writer(&self) -> Result<&Arc<Writer>, TreeError> {
        let writer = self.storage()?.writer();
        writer.ok_or_else(|| TreeError::ReadOnly(problem(Unusable::OpenedReadOnly)))
    }

    /// Runs a statement that keeps something.
    async fn keep(
        &self,
        statement: &'static str,
        values: [String; 2],
        size: Option<i64>,
    ) -> Result<(), TreeError> {
        let writer = self.writer()?;
        let mut turn = writer.turn().await;
        let patience = Patience::of(writer.lock_timeout());
        loop {
            let outcome = async {
                let connection = writer.connection_to_change(&mut turn).await?;
                let [first, second] = values.clone();
                let query = sqlx::query(statement).bind(first).bind(second);
                let query = match size {
                    Some(size) => query.bind(size),
                    None => query,
                };
                query.execute(connection).await
            };
            let outcome = outcome.await;
            turn.settle(is_sound(&outcome));
            let Some(pause) = patience.pause_after(&outcome) else {
                return outcome.map(|_| ()).map_err(tree_error);
            };
            tokio::time::sleep(pause).await;
        }
    }
}

/// Where to begin: at 0, with whatever there is, also where no entry belongs.
fn lowest(from: Sequence) -> i64 {
    if from == Sequence(0) { i64::MIN } else { stored(from) }
}

/// What a failure of the storage means to one who asks about the tree.
pub(super) fn tree_error(error: impl Troubled) -> TreeError {
    match error.trouble() {
        // All statements here are right for a file of this version.
        Trouble::Statement => TreeError::NoTree,
        Trouble::ReadOnly => TreeError::ReadOnly(error.shared()),
        _ => TreeError::Storage(error.shared()),
    }
}

#[async_trait]
impl AuditTree for SeaOrmAuditTree {
    async fn standing(&self) -> Result<TreeStanding, TreeError> {
        let standing = read::standing(self.readers()?).await.map_err(tree_error)?;
        standing.ok_or(TreeError::Gone)
    }

    async fn newest(&self) -> Result<Sequence, TreeError> {
        read::newest(self.readers()?).await.map_err(tree_error)
    }

    async fn grow(&self) -> Result<TreeStanding, TreeError> {
        self.writer()?.grow_tree().await.map_err(tree_error)?;
        self.standing().await
    }

    async fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, TreeError> {
        let mut connection = self.readers()?.acquire().await.map_err(tree_error)?;
        grow::tile(&mut connection, TileId { level, index }).await.map_err(tree_error)
    }

    async fn entries(&self, from: Sequence, limit: u32) -> Result<Vec<StoredEntry>, TreeError> {
        read::entries(self.readers()?, lowest(from), i64::from(limit)).await.map_err(tree_error)
    }

    async fn leaves(&self, from: Sequence, limit: u32) -> Result<Vec<LeafCheck>, TreeError> {
        let (from, limit) = (lowest(from), i64::from(limit));
        let scans = Arc::clone(self.storage()?.scans());
        scans.run(move |rows| rows::leaves(rows, from, limit)).await.map_err(tree_error)
    }

    async fn keep_checkpoint(&self, checkpoint: &KeptCheckpoint) -> Result<(), TreeError> {
        let KeptCheckpoint { size, note, kept_at } = checkpoint;
        let kept_at = moment::text(*kept_at).map_err(|why| TreeError::Storage(Arc::new(why)))?;
        let keep = "INSERT INTO audit_checkpoint (note, kept_at, size) SELECT ?1, ?2, ?3 \
                    WHERE NOT EXISTS (SELECT 1 FROM audit_checkpoint WHERE size = ?3)";
        self.keep(keep, [note.clone(), kept_at], Some(size.cast_signed())).await
    }

    async fn checkpoints(&self, after: u64, limit: u32) -> Result<Vec<KeptCheckpoint>, TreeError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let some = "SELECT size, note, kept_at FROM audit_checkpoint WHERE size > ?1 \
                    ORDER BY size LIMIT ?2";
        read::checkpoints(self.readers()?, some, after, i64::from(limit)).await.map_err(tree_error)
    }

    async fn newest_checkpoint(&self) -> Result<Option<KeptCheckpoint>, TreeError> {
        let newest = "SELECT size, note, kept_at FROM audit_checkpoint WHERE size >= ?1 \
                      ORDER BY size DESC LIMIT ?2";
        let newest = read::checkpoints(self.readers()?, newest, 0, 1).await;
        Ok(newest.map_err(tree_error)?.pop())
    }

    async fn keep_key(&self, key: &KeptKey) -> Result<(), TreeError> {
        let KeptKey { verifier_key, kept_at } = key;
        let kept_at = moment::text(*kept_at).map_err(|why| TreeError::Storage(Arc::new(why)))?;
        let keep = "INSERT INTO audit_signing_key (verifier_key, kept_at) SELECT ?1, ?2 \
                    WHERE NOT EXISTS (SELECT 1 FROM audit_signing_key WHERE verifier_key = ?1)";
        self.keep(keep, [verifier_key.clone(), kept_at], None).await
    }

    async fn keys(&self) -> Result<Vec<KeptKey>, TreeError> {
        read::keys(self.readers()?).await.map_err(tree_error)
    }
}

/// What the component is built from.
#[derive(Default)]
pub struct SeaOrmAuditTreeParameters {
    /// The storage of the record, opened beforehand, since building is synchronous. Without one, as
    /// where the record is kept by an adapter of a product's own, there is no tree.
    pub storage: Option<AuditStorage>,
}

impl<M: Module> Component<M> for SeaOrmAuditTree {
    type Interface = dyn AuditTree;
    type Parameters = SeaOrmAuditTreeParameters;

    fn build(_: &mut ModuleBuildContext<M>, parameters: Self::Parameters) -> Box<dyn AuditTree> {
        Box::new(Self { storage: parameters.storage })
    }
}
