//! The tree as it follows from the leaves, one after the other: its tiles, and its root where somebody
//! asks for it.
//!
//! A tile of leaves is hashed once, when it is full. Between two full ones a root costs the leaves since
//! the last that was asked for.
//!
//! Deliberately absent: the tiles that the record keeps.

use domain::proof::{
    Digest, Frontier, TILE_BYTES, TILE_HEIGHT, TILE_WIDTH, TileId, TreeHead, tile_root,
};

/// A tree that takes leaves.
#[derive(Default)]
pub(super) struct Grown {
    size: u64,
    /// Of each level from 0 on: its tile that is being filled.
    levels: Vec<(u64, Vec<u8>)>,
    /// The right edge as it was last needed: behind by less than a tile.
    edge: Frontier,
}

impl Grown {
    /// How many leaves there are so far.
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next leaf. Returns the tiles above that are full with it.
    pub(super) fn push(&mut self, leaf: Digest) -> Vec<(TileId, Vec<u8>)> {
        let (mut full, mut hash, mut level) = (Vec::new(), leaf, 0_u8);
        self.size += 1;
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
            let id = TileId { level, index: *index };
            *index += 1;
            hash = tile_root(tile);
            if level == 0 {
                // Where the edge stands within the tile, its leaves are joined one by one.
                if self.edge.push_subtree(TILE_HEIGHT, hash).is_err() {
                    join(&mut self.edge, tile);
                }
                tile.clear();
            } else {
                full.push((id, std::mem::take(tile)));
            }
            level += 1;
        }
    }

    /// How many leaves there are so far, and the root over them.
    pub(super) fn head(&mut self) -> TreeHead {
        if let Some((_, tile)) = self.levels.first() {
            join(&mut self.edge, tile);
        }
        self.edge.head()
    }

    /// Lets go of the tiles above the leaves that are not full.
    pub(super) fn unfilled(&mut self) -> impl Iterator<Item = (TileId, Vec<u8>)> + use<> {
        let levels = (0_u8..).zip(std::mem::take(&mut self.levels)).skip(1);
        let begun = levels.filter(|(_, (_, tile))| !tile.is_empty());
        begun.map(|(level, (index, tile))| (TileId { level, index }, tile))
    }
}

/// Adds those leaves of the tile at the edge that it does not have yet.
fn join(edge: &mut Frontier, tile: &[u8]) {
    // Less than 256.
    let known = usize::try_from(edge.size() % TILE_WIDTH as u64).unwrap_or_default();
    for leaf in tile.chunks_exact(32).skip(known) {
        // It has 32 bytes.
        let Ok(leaf) = Digest::from_slice(leaf) else { return };
        edge.push(leaf);
    }
}

#[cfg(test)]
mod tests {
    use domain::proof::{TileGrowth, leaf_hash};

    use super::*;

    fn leaf(place: u64) -> Digest {
        leaf_hash(&place.to_be_bytes())
    }

    #[test]
    fn the_root_is_that_of_the_leaves_wherever_it_is_asked_for() {
        let end = 3 * 256 + 2;
        let asked: [&[u64]; 6] = [
            &[end],
            &[1, 2, 255, 256, 257, 511, 512, 513, end],
            &[7, 300, 301, 767],
            &[256, 512, 768, 769, 770],
            &[255, 768],
            &[],
        ];
        for asked in asked {
            let (mut grown, mut all) = (Grown::default(), Frontier::new());
            for place in 0..end {
                grown.push(leaf(place));
                all.push(leaf(place));
                assert_eq!(grown.size(), place + 1);
                if asked.contains(&grown.size()) {
                    assert_eq!(grown.head(), all.head(), "of {asked:?}");
                    assert_eq!(grown.head(), all.head(), "asked again");
                }
            }
            assert_eq!(grown.head(), all.head(), "after {asked:?}");
        }
        assert_eq!(Grown::default().head(), TreeHead::empty());
    }

    #[test]
    fn the_tiles_above_the_leaves_are_those_of_a_tree_that_keeps_all() {
        let end = 256 * 256 + 2 * 256 + 3;
        let (mut grown, mut kept) = (Grown::default(), TileGrowth::default());
        let mut tiles = Vec::new();
        for place in 0..end {
            tiles.extend(grown.push(leaf(place)));
            kept.push(leaf(place));
        }
        tiles.extend(grown.unfilled());
        tiles.sort();
        let above = kept.tiles().filter(|(id, _)| id.level > 0);
        let above: Vec<_> = above.map(|(id, hashes)| (id, hashes.to_vec())).collect();
        assert!(tiles == above, "of {end} leaves");
    }
}
