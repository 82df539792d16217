//! The tree as files of C2SP tlog-tiles: what they are called, and what a bundle of entries holds.
//!
//! Deliberately absent: writing them anywhere.

use super::{MAX_LEAF_BYTES, TILE_WIDTH, TileId};

/// The file of the newest signed checkpoint.
pub const CHECKPOINT_FILE: &str = "checkpoint";

/// The file of a tile that holds so many hashes.
#[must_use]
pub fn tile_file(id: TileId, width: usize) -> String {
    file(&id.level.to_string(), id.index, width)
}

/// The file of the entries whose leaves are in this tile of level 0, if they are so many.
#[must_use]
pub fn bundle_file(index: u64, width: usize) -> String {
    file("entries", index, width)
}

/// Three digits of the place for each folder, so that none gets too large.
fn file(kind: &str, index: u64, width: usize) -> String {
    let mut place = format!("{:03}", index % 1000);
    let mut above = index / 1000;
    while above > 0 {
        place = format!("x{:03}/{place}", above % 1000);
        above /= 1000;
    }
    let part = if width < TILE_WIDTH { format!(".p/{width}") } else { String::new() };
    format!("tile/{kind}/{place}{part}")
}

/// The tiles of a tree of so many leaves and how many hashes are in each, level by level from the leaves
/// upwards.
pub fn tiles_of(size: u64) -> impl Iterator<Item = (TileId, usize)> {
    let width = TILE_WIDTH as u64;
    let levels = std::iter::successors(Some((0_u8, size)), move |(level, hashes)| {
        Some((level + 1, hashes / width))
    });
    levels.take_while(|(_, hashes)| *hashes > 0).flat_map(move |(level, hashes)| {
        (0..hashes.div_ceil(width)).map(move |index| {
            // At most 256.
            let width = usize::try_from((hashes - index * width).min(width)).unwrap_or(TILE_WIDTH);
            (TileId { level, index }, width)
        })
    })
}

/// Adds an entry's leaf to a bundle: its length in two bytes, the larger first, and its bytes. `false`
/// where it is longer than any leaf.
#[must_use]
pub fn add_to_bundle(bundle: &mut Vec<u8>, leaf: &[u8]) -> bool {
    const { assert!(MAX_LEAF_BYTES <= u16::MAX as usize) };
    let Ok(length) = u16::try_from(leaf.len()) else { return false };
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(leaf);
    true
}

/// The leaves in a bundle; `None` where it ends in the midst of one.
#[must_use]
pub fn leaves_in_bundle(mut bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let mut leaves = Vec::new();
    while !bundle.is_empty() {
        let (length, rest) = bundle.split_first_chunk()?;
        let (leaf, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        leaves.push(leaf);
        bundle = rest;
    }
    Some(leaves)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_as_the_specification_says() {
        let at = |level, index| TileId { level, index };
        assert_eq!(tile_file(at(0, 0), 256), "tile/0/000");
        assert_eq!(tile_file(at(1, 7), 3), "tile/1/007.p/3");
        // The specification's own example.
        assert_eq!(tile_file(at(2, 1_234_067), 256), "tile/2/x001/x234/067");
        assert_eq!(tile_file(at(0, 1_000), 255), "tile/0/x001/000.p/255");
        assert_eq!(bundle_file(1_234_067, 256), "tile/entries/x001/x234/067");
        assert_eq!(bundle_file(999, 1), "tile/entries/999.p/1");
    }

    #[test]
    fn files_are_called_as_an_independent_program_calls_them() {
        for index in [0, 1, 999, 1_000, 999_999, 1_000_000, 1_001_000_999] {
            for width in [1, 255, 256] {
                let narrow = u32::try_from(width).unwrap();
                let theirs = tlog_tiles::Tile::new(8, 3, index, narrow, false).path();
                let ours = tile_file(TileId { level: 3, index }, width);
                assert_eq!(Some(&*ours), theirs.replace("tile/8/", "tile/").get(..));
                let theirs = tlog_tiles::Tile::new(8, 0, index, narrow, true).path();
                assert_eq!(bundle_file(index, width), theirs.replace("/8/data/", "/entries/"));
            }
        }
    }

    #[test]
    fn a_tree_has_the_tiles_that_the_specification_says() {
        assert_eq!(tiles_of(0).count(), 0);
        let of = |size| tiles_of(size).collect::<Vec<_>>();
        let at = |level, index, width| (TileId { level, index }, width);
        assert_eq!(of(1), [at(0, 0, 1)]);
        assert_eq!(of(256), [at(0, 0, 256), at(1, 0, 1)]);
        assert_eq!(of(257), [at(0, 0, 256), at(0, 1, 1), at(1, 0, 1)]);
        // The specification's own example: 273 full tiles and one of 112; one full and one of 17; one of 1.
        let large = of(70_000);
        assert_eq!(large.len(), 273 + 1 + 1 + 1 + 1);
        assert!(large[..273].iter().all(|(id, width)| (id.level, *width) == (0, 256)));
        assert_eq!(large[273..], [at(0, 273, 112), at(1, 0, 256), at(1, 1, 17), at(2, 0, 1)]);
    }

    #[test]
    fn a_bundle_has_each_leaf_behind_its_length() {
        let mut bundle = Vec::new();
        assert!(add_to_bundle(&mut bundle, b"ab"));
        assert!(add_to_bundle(&mut bundle, &[7; 258]));
        assert_eq!(bundle[..6], [0, 2, b'a', b'b', 1, 2]);
        assert_eq!(leaves_in_bundle(&bundle), Some(vec![&b"ab"[..], &[7; 258]]));
        assert_eq!(leaves_in_bundle(&bundle[..bundle.len() - 1]), None);
        assert_eq!(leaves_in_bundle(&bundle[..5]), None);
        assert_eq!(leaves_in_bundle(&[]), Some(Vec::new()));
        assert!(!add_to_bundle(&mut bundle, &vec![0; MAX_LEAF_BYTES + 1]));
        assert_eq!(bundle.len(), 264, "what is too long leaves nothing behind");
    }
}
