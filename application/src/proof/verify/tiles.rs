//! The hashes of leaves that a record keeps.
//!
//! Deliberately absent: keeping more than one tile of them at a time.

use domain::AuditTree;
use domain::ports::TreeError;
use domain::proof::{Digest, TILE_WIDTH};

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
        // Below 256.
        let start = 32 * usize::try_from(place).unwrap_or_default();
        // A tile that is not full may have grown since it was read.
        let has = |(known, hashes): &(u64, Vec<u8>)| *known == tile && hashes.len() > start;
        if !self.tile.as_ref().is_some_and(has) {
            let hashes = tree.tile(0, tile).await?.unwrap_or_default();
            self.tile = Some((tile, hashes));
        }
        let hashes = self.tile.as_ref().map(|(_, hashes)| &**hashes).unwrap_or_default();
        let hash = hashes.get(start..start + 32);
        Ok(hash.and_then(|hash| Digest::from_slice(hash).ok()))
    }
}
