//! What is wrong with an entry or with a tile, beside what the tree has.

use domain::ports::{LeafCheck, TreeError};
use domain::proof::{Digest, TILE_HEIGHT, TileId};
use domain::{AuditTree, Sequence};

use super::super::finding::{Finding, FindingKind};
use super::Walk;

impl Walk {
    /// Says what is wrong with an entry. Returns its hash in the tree: where there is a doubt, the one
    /// that the tree has, so that what follows can be judged by itself.
    pub(super) fn judge(
        &mut self,
        leaf: &LeafCheck,
        index: u64,
        in_tree: Option<Digest>,
    ) -> Option<Digest> {
        let LeafCheck { sequence, stored, computed, .. } = leaf;
        let content = |message: &str| Finding::at(FindingKind::Content, *sequence, message);
        if index < self.standing.size && in_tree.is_none() {
            let finding = content("the hash of the entry is not in the tree");
            self.find(finding.field("tile"));
        }
        let tree = in_tree.or(*stored);
        match computed {
            Ok(computed) if Some(*computed) == *stored => {
                if tree != Some(*computed) {
                    self.suspects.push(*sequence);
                    self.find(content("the entry is not the one in the tree"));
                }
            }
            Ok(computed) if Some(*computed) == in_tree => {
                let finding = content("the hash beside the entry is not the one of the entry");
                self.find(finding.field("leaf_hash"));
            }
            Ok(_) => {
                self.suspects.push(*sequence);
                self.find(content("the entry is not the one that was recorded"));
            }
            Err(unprovable) => {
                self.find(content(&unprovable.to_string()).field(unprovable.field));
            }
        }
        tree.or(computed.ok())
    }

    /// Compares a tile above the leaves with the one that is kept.
    pub(super) async fn tile(
        &mut self,
        tree: &dyn AuditTree,
        id: TileId,
        hashes: &[u8],
    ) -> Result<(), TreeError> {
        let below = bits_below(id.level);
        // As many as full tiles below that the tree had when it last grew.
        let due = self.standing.size >> below.min(63);
        let due = due.saturating_sub(id.index.saturating_mul(256)).min(256);
        // At most 256.
        let due = 32 * usize::try_from(due).unwrap_or_default();
        let kept = tree.tile(id.level, id.index).await?.unwrap_or_default();
        // It may have grown since it was asked how large the tree is.
        let both = kept.len().min(hashes.len());
        if due > hashes.len() || kept.len() < due || hashes[..both] != kept[..both] {
            let first = self.standing.sequence_of((id.index << (below + 8).min(63)).min(1 << 62));
            let message =
                format!("tile {} of level {} is not the one of its leaves", id.index, id.level);
            let finding = Finding::at(FindingKind::Content, first, message).field("tile");
            self.find(finding.through(Sequence(self.next.0.saturating_sub(1))));
        }
        Ok(())
    }
}

/// How many leaves are below a hash of this level, as a power of two.
fn bits_below(level: u8) -> u32 {
    u32::from(TILE_HEIGHT) * u32::from(level)
}
