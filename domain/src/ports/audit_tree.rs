//! The tree over the record: what an adapter keeps so that the record can be proven.
//!
//! Deliberately absent: what a leaf is and how hashes are put together, see [`crate::proof`]; and
//! signing.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use shaku::Interface;

use super::StorageProblem;
use crate::Sequence;
use crate::proof::{Digest, StoredEntry, StoredRow, Unprovable};

/// Why the tree could not be read or grown.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TreeError {
    /// The record is of a version that had no tree.
    #[error(
        "this record is of an earlier version, which cannot be proven: open it for writing once, by any \
         command that records, and it can be proven from its next entry on"
    )]
    NoTree,
    /// Nothing says any more where the tree stands.
    #[error(
        "it is gone where the tree of the record stands: the file was changed from outside; go back to a copy \
         of it, and compare that with a checkpoint that was kept elsewhere"
    )]
    Gone,
    /// The record is kept by an adapter without a tree.
    #[error("this record is kept without a tree: give the container an `AuditTree` of its own")]
    NotKept,
    /// Nothing can be written.
    #[error("the tree of the record cannot be grown: open the record for writing")]
    ReadOnly(#[source] StorageProblem),
    /// The storage failed.
    #[error("the tree of the record cannot be read or kept")]
    Storage(#[source] StorageProblem),
}

/// Where the tree stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeStanding {
    /// Names this record among all others; made once, when the tree was begun.
    pub log_id: String,
    /// The newest entry from before there was a tree, which cannot be proven; 0 where there was none.
    pub genesis: Sequence,
    /// How many leaves are in the tiles. Newer entries carry their leaf's hash and join at the next
    /// growth.
    pub size: u64,
}

impl TreeStanding {
    /// The leaf of an entry, counted from 0; `None` for one from before the tree.
    #[must_use]
    pub fn index_of(&self, sequence: Sequence) -> Option<u64> {
        sequence.0.checked_sub(self.genesis.0)?.checked_sub(1)
    }

    /// The entry of a leaf.
    #[must_use]
    pub fn sequence_of(&self, index: u64) -> Sequence {
        Sequence(self.genesis.0.saturating_add(1).saturating_add(index))
    }
}

/// A signed statement about the tree, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptCheckpoint {
    /// How many leaves it is about.
    pub size: u64,
    /// The C2SP checkpoint as a signed note.
    pub note: String,
    /// When it was kept.
    pub kept_at: DateTime<Utc>,
}

/// A public key that checkpoints are signed with, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptKey {
    /// The verifier key of a signed note: `name+hash+base64`.
    pub verifier_key: String,
    /// When it was kept.
    pub kept_at: DateTime<Utc>,
}

/// An entry's leaf as it was stored, and as it follows from the entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafCheck {
    /// The entry's place on record.
    pub sequence: Sequence,
    /// The hash that was stored with the entry; of an entry from before the tree, none.
    pub stored: Option<Digest>,
    /// The hash that follows from what is stored.
    pub computed: Result<Digest, Unprovable>,
    /// Whether values of the entry are said to be erased.
    pub erased: bool,
}

impl LeafCheck {
    /// Computes the leaf of an entry.
    #[must_use]
    pub fn of(entry: &StoredEntry) -> Self {
        Self::of_row(&entry.row(), &mut Vec::new())
    }

    /// Computes the leaf of a row, by way of a buffer that may be used again and again.
    #[must_use]
    pub fn of_row(row: &StoredRow<'_>, buffer: &mut Vec<u8>) -> Self {
        Self {
            sequence: row.sequence,
            stored: row.leaf_hash.and_then(|hash| Digest::from_slice(hash).ok()),
            computed: row.leaf().map(|leaf| leaf.hash_in(buffer)),
            erased: row.erased.is_some(),
        }
    }
}

/// The tree over the record, as tiles of 256 hashes, and what was signed about it.
///
/// With every entry that is appended, an adapter MUST store the hash of its leaf and salts that are
/// drawn for it alone, and MUST refuse a batch with an entry whose leaf has more than
/// [`MAX_LEAF_BYTES`](crate::proof::MAX_LEAF_BYTES). Before it removes an entry, its leaf MUST be in the
/// tree.
#[async_trait]
pub trait AuditTree: Interface {
    /// Where the tree stands.
    async fn standing(&self) -> Result<TreeStanding, TreeError>;

    /// The newest entry there is; 0 where there is none. Nothing of it is read but its place.
    async fn newest(&self) -> Result<Sequence, TreeError>;

    /// Takes every entry that is on record when it is called into the tree.
    ///
    /// An adapter MUST let appends in between, MUST never change a hash that is in a tile, and MUST be
    /// safe to cancel and to call from several processes at once.
    async fn grow(&self) -> Result<TreeStanding, TreeError>;

    /// The hashes of a tile that there are so far, 32 bytes each and at most 256 of them; of level 0
    /// those of the leaves, of each higher level those of the full tiles below. `None` when there are
    /// none.
    ///
    /// An adapter MUST keep them when the entries below them are removed.
    async fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, TreeError>;

    /// Entries exactly as they are stored, by sequence, from `from` on and at most `limit` of them.
    /// Nothing is checked.
    async fn entries(&self, from: Sequence, limit: u32) -> Result<Vec<StoredEntry>, TreeError>;

    /// The leaves of those entries, computed anew.
    async fn leaves(&self, from: Sequence, limit: u32) -> Result<Vec<LeafCheck>, TreeError> {
        Ok(self.entries(from, limit).await?.iter().map(LeafCheck::of).collect())
    }

    /// Keeps a checkpoint, unless one of this size is there already. It is never changed or removed.
    async fn keep_checkpoint(&self, checkpoint: &KeptCheckpoint) -> Result<(), TreeError>;

    /// The kept checkpoints of more than `after` leaves, by size, and at most `limit` of them.
    async fn checkpoints(&self, after: u64, limit: u32) -> Result<Vec<KeptCheckpoint>, TreeError>;

    /// The checkpoint of the most leaves.
    async fn newest_checkpoint(&self) -> Result<Option<KeptCheckpoint>, TreeError>;

    /// Keeps a public key, unless it is there already. It is never changed or removed.
    async fn keep_key(&self, key: &KeptKey) -> Result<(), TreeError>;

    /// The kept keys, in the order in which they were kept.
    async fn keys(&self) -> Result<Vec<KeptKey>, TreeError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_leaf_is_of_the_first_entry_after_those_from_before_the_tree() {
        let standing = TreeStanding { log_id: "log".to_owned(), genesis: Sequence(7), size: 3 };
        for (sequence, index) in [(8, 0), (9, 1), (12, 4)] {
            assert_eq!(standing.index_of(Sequence(sequence)), Some(index));
            assert_eq!(standing.sequence_of(index), Sequence(sequence));
        }
        for before in [0, 6, 7] {
            assert_eq!(standing.index_of(Sequence(before)), None);
        }
    }
}
