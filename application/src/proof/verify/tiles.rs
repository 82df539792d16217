//! The tiles that a record keeps, compared with those that its leaves give.
//!
//! Deliberately absent: keeping them. A tile is compared once it is full, and forgotten.

use domain::AuditTree;
use domain::ports::TreeError;
use domain::proof::{Digest, TILE_BYTES, TILE_WIDTH, TileId, tile_root};

/// The hashes of the leaves as the record keeps them, by their place.
#[derive(Default)]
pub(super) struct KeptLeaves {
    tile: Option<(u64, Vec<u8>)>,
}

impl KeptLeaves {
    /// The hash of a leaf, if there is one.
    pub(super) async fn at(
        &mut self,
        tree: &dyn AuditTree,
        index: u64,
    ) -> Result<Option<Digest>, TreeError> {
        let width = TILE_WIDTH as u64;
        let (tile, place) = (index / width, index % width);
        // A tile that is not full may have grown since it was read.
        let has =
            |(known, hashes): &(u64, Vec<u8>)| *known == tile && hashes.len() as u64 / 32 > place;
        if !self.tile.as_ref().is_some_and(has) {
            let hashes = tree.tile(0, tile).await?.unwrap_or_default();
            self.tile = Some((tile, hashes));
        }
        let hashes = self.tile.as_ref().map(|(_, hashes)| &**hashes).unwrap_or_default();
        // Below 256.
        let start = 32 * usize::try_from(place).unwrap_or(usize::MAX / 64);
        let hash = hashes.get(start..start + 32);
        Ok(hash.and_then(|hash| Digest::from_slice(hash).ok()))
    }
}

/// The tiles above the leaves, as they follow from them.
#[derive(Default)]
pub(super) struct Upper {
    /// Of each level from 0 on: its tile that is being filled.
    levels: Vec<(u64, Vec<u8>)>,
}

impl Upper {
    /// Takes the next leaf. Returns the tiles above that are full with it.
    pub(super) fn push(&mut self, leaf: Digest) -> Vec<(TileId, Vec<u8>)> {
        let (mut full, mut hash, mut level) = (Vec::new(), leaf, 0_u8);
        loop {
            let place = usize::from(level);
            if self.levels.len() == place {
                self.levels.push((0, Vec::with_capacity(TILE_BYTES)));
            }
            let (index, tile) = &mut self.levels[place];
            tile.extend_from_slice(&hash.0);
            if tile.len() < TILE_BYTES {
                return full;
            }
            hash = tile_root(tile);
            let id = TileId { level, index: *index };
            *index += 1;
            let tile = std::mem::take(tile);
            if level > 0 {
                full.push((id, tile));
            }
            level += 1;
        }
    }

    /// The tiles above the leaves that are not full.
    pub(super) fn unfilled(self) -> impl Iterator<Item = (TileId, Vec<u8>)> {
        let levels = (0_u8..).zip(self.levels).skip(1);
        let begun = levels.filter(|(_, (_, tile))| !tile.is_empty());
        begun.map(|(level, (index, tile))| (TileId { level, index }, tile))
    }
}
