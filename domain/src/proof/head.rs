//! The tree's root, and how it follows from the leaves one after the other.
//!
//! Deliberately absent: keeping the leaves. As many hashes are held as the number of leaves has ones
//! in binary.

use serde::{Deserialize, Serialize};
use tlog_tiles::{Hash, HashReader as _, sub_tree_index};

use super::tile_set::{self, within};
use super::{Digest, MissingHash, TileId, TileSet};

/// No tree has more leaves: sequences are kept in 64 bits with a sign.
pub const MAX_TREE_SIZE: u64 = i64::MAX as u64;

/// How many leaves a tree has, and the hash over all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TreeHead {
    /// How many leaves.
    pub size: u64,
    /// The Merkle tree hash of RFC 6962 over them.
    pub root: Digest,
}

impl TreeHead {
    /// That of a tree without leaves.
    #[must_use]
    pub const fn empty() -> Self {
        Self { size: 0, root: Digest(tlog_tiles::EMPTY_HASH.0) }
    }
}

/// The hash of an inner node, as RFC 6962 has it.
#[must_use]
pub fn node_hash(left: Digest, right: Digest) -> Digest {
    Digest(tlog_tiles::node_hash(Hash(left.0), Hash(right.0)).0)
}

/// The right edge of a tree to which leaves are added: the roots of its full subtrees, the largest
/// first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Digest>,
}

/// A subtree was added where none of its height can begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a subtree of 2^{level} leaves cannot follow {size} leaves")]
pub struct Misplaced {
    /// How many leaves there were.
    pub size: u64,
    /// The subtree's height.
    pub level: u8,
}

impl Frontier {
    /// That of a tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// That of the first `size` leaves, from the tiles that [`tiles_for_root`] names.
    ///
    /// # Errors
    /// When a hash is not in the tiles.
    pub fn from_tiles(size: u64, tiles: &TileSet) -> Result<Self, MissingHash> {
        within(size)?;
        let indexes = sub_tree_index(0, size, Vec::new());
        let roots = tile_set::read(tiles, |reader| reader.read_hashes(&indexes))?;
        Ok(Self { size, roots: tile_set::digests(roots) })
    }

    /// How many leaves there are so far.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds the hash of the next leaf.
    pub fn push(&mut self, leaf: Digest) {
        self.join(0, leaf);
    }

    /// Adds 2^`level` leaves at once, by the root of the full subtree over them: that of a full tile
    /// of leaves is of level 8.
    ///
    /// # Errors
    /// When no such subtree begins here.
    pub fn push_subtree(&mut self, level: u8, root: Digest) -> Result<(), Misplaced> {
        let misplaced = Misplaced { size: self.size, level };
        let leaves = 1_u64.checked_shl(level.into()).ok_or(misplaced)?;
        if !self.size.is_multiple_of(leaves) || self.size.checked_add(leaves).is_none() {
            return Err(misplaced);
        }
        self.join(level, root);
        Ok(())
    }

    fn join(&mut self, level: u8, mut root: Digest) {
        // Each one that ends the size in binary, above the level, is a full neighbour to join with.
        let neighbours = (self.size >> level).trailing_ones();
        for _ in 0..neighbours {
            // There are as many roots as the size has ones.
            let Some(left) = self.roots.pop() else { break };
            root = node_hash(left, root);
        }
        self.roots.push(root);
        self.size += 1 << level;
    }

    /// The root over all leaves so far.
    #[must_use]
    pub fn root(&self) -> Digest {
        root_over(&self.roots)
    }

    /// How many leaves there are so far, and the root over them.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead { size: self.size, root: self.root() }
    }
}

/// The root over full subtrees beside one another, by their roots, the largest first.
pub(super) fn root_over(full: &[Digest]) -> Digest {
    let mut roots = full.iter().rev().copied();
    let Some(last) = roots.next() else { return TreeHead::empty().root };
    roots.fold(last, |right, left| node_hash(left, right))
}

/// The tiles that the root of a tree of this size follows from, by [`Frontier::from_tiles`].
///
/// # Errors
/// When no tree is so large.
pub fn tiles_for_root(size: u64) -> Result<Vec<TileId>, MissingHash> {
    within(size)?;
    let indexes = sub_tree_index(0, size, Vec::new());
    Ok(tile_set::learn(|reader| reader.read_hashes(&indexes)))
}
