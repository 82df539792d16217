//! The tree as tiles of 256 hashes, and how it grows.
//!
//! A tile of level 0 holds the hashes of 256 leaves; one of a higher level the hashes of 256 full tiles
//! below it. So every hash of a full subtree is in a tile or follows from one, and a leaf costs 32
//! bytes and a 255th of that. The layout is that of C2SP tlog-tiles.
//!
//! Deliberately absent: where tiles are kept.

use std::collections::BTreeMap;

use tlog_tiles::Tile;

use super::{Digest, TILE_BYTES, TILE_WIDTH, TileId};

/// How many hashes a full tile has.
const WIDTH: u64 = TILE_WIDTH as u64;

/// The tiles that a tree of so many leaves has begun and not filled, and how many bytes are in each.
#[must_use]
pub fn unfilled(size: u64) -> Vec<(TileId, usize)> {
    let mut tiles = Vec::new();
    let (mut level, mut hashes) = (0, size);
    while hashes > 0 {
        let width = hashes % WIDTH;
        if width > 0 {
            // Less than 256.
            tiles.push((TileId { level, index: hashes / WIDTH }, 32 * width as usize));
        }
        level += 1;
        hashes /= WIDTH;
    }
    tiles
}

/// The hash over a full tile, as the tile above it holds it.
#[must_use]
pub fn tile_root(tile: &[u8]) -> Digest {
    Digest(Tile::subtree_hash(tile).0)
}

/// A tree that takes leaves, from the tiles that it has not filled.
#[derive(Clone, Debug, Default)]
pub struct TileGrowth {
    size: u64,
    tiles: BTreeMap<TileId, Vec<u8>>,
}

/// A tile is not there, or has another number of hashes than the tree's size says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "tile {} of level {} does not have as many hashes as the tree has: the record was changed from \
     outside, restore it from a copy", .tile.index, .tile.level
)]
pub struct WrongTile {
    /// The tile.
    pub tile: TileId,
}

impl TileGrowth {
    /// The growth of a tree of so many leaves; `tile` gives what the tiles named by [`unfilled`] hold.
    ///
    /// # Errors
    /// When one of them holds something else.
    pub fn new(
        size: u64,
        mut tile: impl FnMut(TileId) -> Option<Vec<u8>>,
    ) -> Result<Self, WrongTile> {
        let mut tiles = BTreeMap::new();
        for (id, bytes) in unfilled(size) {
            let hashes = tile(id).filter(|hashes| hashes.len() == bytes);
            tiles.insert(id, hashes.ok_or(WrongTile { tile: id })?);
        }
        Ok(Self { size, tiles })
    }

    /// Takes the next leaf.
    pub fn push(&mut self, leaf: Digest) {
        let (mut level, mut place, mut hash) = (0, self.size, leaf);
        self.size += 1;
        loop {
            let id = TileId { level, index: place / WIDTH };
            let tile = self.tiles.entry(id).or_default();
            tile.extend_from_slice(&hash.0);
            if tile.len() < TILE_BYTES {
                return;
            }
            hash = tile_root(tile);
            level += 1;
            place /= WIDTH;
        }
    }

    /// How many leaves there are now.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// What a tile holds, of those that were not filled at the beginning and those begun since.
    #[must_use]
    pub fn tile(&self, id: TileId) -> Option<&[u8]> {
        self.tiles.get(&id).map(Vec::as_slice)
    }

    /// The tiles that were not filled at the beginning and those begun since, as they are now.
    pub fn tiles(&self) -> impl Iterator<Item = (TileId, &[u8])> {
        self.tiles.iter().map(|(id, hashes)| (*id, &**hashes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(place: u64) -> Digest {
        super::super::leaf_hash(&place.to_be_bytes())
    }

    fn grown(growth: &mut TileGrowth, to: u64) -> BTreeMap<TileId, Vec<u8>> {
        while growth.size() < to {
            growth.push(leaf(growth.size()));
        }
        growth.tiles().map(|(id, hashes)| (id, hashes.to_vec())).collect()
    }

    #[test]
    fn growing_in_steps_makes_the_same_tiles_as_growing_at_once() {
        let end = 256 * 256 + 256 + 3;
        let whole = grown(&mut TileGrowth::default(), end);
        let mut kept: BTreeMap<TileId, Vec<u8>> = BTreeMap::new();
        let mut size = 0;
        for next in [1, 2, 255, 256, 257, 511, 513, 256 * 256 - 1, 256 * 256, 256 * 256 + 1, end] {
            let mut growth = TileGrowth::new(size, |id| kept.get(&id).cloned()).unwrap();
            kept.extend(grown(&mut growth, next));
            size = next;
            let open: Vec<TileId> = unfilled(size).into_iter().map(|(id, _)| id).collect();
            let partial = kept.iter().filter(|(_, hashes)| hashes.len() < TILE_BYTES);
            assert_eq!(partial.map(|(id, _)| *id).collect::<Vec<_>>(), open, "of {size} leaves");
        }
        assert!(kept == whole);
    }

    #[test]
    fn a_tree_of_tiles_has_the_root_that_its_leaves_have() {
        // 256 leaves are one full tile: its subtree's hash is the tree's.
        let mut growth = TileGrowth::default();
        let tiles = grown(&mut growth, 256);
        for (id, hashes) in &tiles {
            assert_eq!(growth.tile(*id), Some(&**hashes));
        }
        assert_eq!(growth.tile(TileId { level: 0, index: 1 }), None);
        let mut row: Vec<tlog_tiles::Hash> =
            (0..256).map(|n| tlog_tiles::Hash(leaf(n).0)).collect();
        while row.len() > 1 {
            row = row.chunks(2).map(|two| tlog_tiles::node_hash(two[0], two[1])).collect();
        }
        assert_eq!(tiles[&TileId { level: 1, index: 0 }], row[0].0);
        assert_eq!(tiles[&TileId { level: 0, index: 0 }].len(), TILE_BYTES);
    }

    #[test]
    fn a_tile_that_is_not_what_the_size_says_is_refused() {
        for wrong in [None, Some(vec![0; 32]), Some(vec![0; 96])] {
            let tile = TileId { level: 0, index: 1 };
            let growth =
                TileGrowth::new(
                    258,
                    |id| {
                        if id == tile { wrong.clone() } else { Some(vec![0; 32]) }
                    },
                );
            assert_eq!(growth.err(), Some(WrongTile { tile }));
        }
    }
}
