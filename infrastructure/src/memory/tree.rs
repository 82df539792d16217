//! The tree over a log in memory.
//!
//! Deliberately absent: waiting for anything, so that a growth cannot be given up half way.

use async_trait::async_trait;
use domain::ports::{KeptCheckpoint, KeptKey, TreeError, TreeStanding};
use domain::proof::{StoredEntry, TileId};
use domain::{AuditTree, Sequence};
use shaku::{Component, Module, ModuleBuildContext};

use super::record::{InMemoryRecord, Record};

/// The tree over an audit log in memory. See [`domain::ports`] for what it promises.
pub struct InMemoryAuditTree {
    record: InMemoryRecord,
}

impl InMemoryAuditTree {
    /// The tree over a record, which a log was given as well.
    #[must_use]
    pub fn over(record: InMemoryRecord) -> Self {
        Self { record }
    }
}

fn standing(record: &Record) -> TreeStanding {
    TreeStanding {
        log_id: record.log_id().to_owned(),
        // Every entry was recorded with its leaf's hash.
        genesis: Sequence(0),
        size: record.tree.size(),
    }
}

#[async_trait]
impl AuditTree for InMemoryAuditTree {
    async fn standing(&self) -> Result<TreeStanding, TreeError> {
        Ok(standing(&self.record.read()))
    }

    async fn newest(&self) -> Result<Sequence, TreeError> {
        Ok(self.record.read().newest())
    }

    async fn grow(&self) -> Result<TreeStanding, TreeError> {
        let mut record = self.record.write();
        let newest = record.newest();
        record.grow(newest);
        Ok(standing(&record))
    }

    async fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, TreeError> {
        Ok(self.record.read().tree.tile(TileId { level, index }).map(<[u8]>::to_vec))
    }

    async fn entries(&self, from: Sequence, limit: u32) -> Result<Vec<StoredEntry>, TreeError> {
        let record = self.record.read();
        let stored = record.entries.iter().map(|row| &row.stored);
        let wanted = stored.filter(|stored| stored.sequence >= from).take(limit as usize);
        Ok(wanted.cloned().collect())
    }

    async fn keep_checkpoint(&self, checkpoint: &KeptCheckpoint) -> Result<(), TreeError> {
        let mut record = self.record.write();
        record.checkpoints.entry(checkpoint.size).or_insert_with(|| checkpoint.clone());
        Ok(())
    }

    async fn checkpoints(&self, after: u64, limit: u32) -> Result<Vec<KeptCheckpoint>, TreeError> {
        let record = self.record.read();
        let later = record.checkpoints.values().filter(|kept| kept.size > after);
        Ok(later.take(limit as usize).cloned().collect())
    }

    async fn newest_checkpoint(&self) -> Result<Option<KeptCheckpoint>, TreeError> {
        Ok(self.record.read().checkpoints.values().next_back().cloned())
    }

    async fn keep_key(&self, key: &KeptKey) -> Result<(), TreeError> {
        let mut record = self.record.write();
        if !record.keys.iter().any(|kept| kept.verifier_key == key.verifier_key) {
            record.keys.push(key.clone());
        }
        Ok(())
    }

    async fn keys(&self) -> Result<Vec<KeptKey>, TreeError> {
        Ok(self.record.read().keys.clone())
    }
}

impl<M: Module> Component<M> for InMemoryAuditTree {
    type Interface = dyn AuditTree;
    /// The record; give the log the same one.
    type Parameters = InMemoryRecord;

    fn build(_: &mut ModuleBuildContext<M>, record: InMemoryRecord) -> Box<dyn AuditTree> {
        Box::new(Self::over(record))
    }
}
