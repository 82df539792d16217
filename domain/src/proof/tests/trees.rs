//! Roots and proofs: as published, and of any size.

use proptest::prelude::*;

use super::support::*;
use crate::proof::*;

/// The entries of the test vectors of RFC 6962's reference implementation, and the tree's root after
/// each of them.
const ENTRIES: [(&str, &str); 8] = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    (
        "606162636465666768696a6b6c6d6e6f",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ),
];

const LEAF_1: &str = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
const LEAF_2: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const LEAF_5: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const LEAVES_1_2: &str = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
const LEAVES_3_4: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const LEAVES_5_6: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
const LEAVES_7_8: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const LEAVES_1_4: &str = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";
const LEAVES_5_8: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";

fn unhex(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

fn digest(hex: &str) -> Digest {
    Digest::from_slice(&unhex(hex)).unwrap()
}

fn published() -> Vec<Digest> {
    ENTRIES.iter().map(|(entry, _)| leaf_hash(&unhex(entry))).collect()
}

#[test]
fn roots_are_those_of_the_published_vectors() {
    let mut frontier = Frontier::new();
    let none = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(frontier.head(), TreeHead { size: 0, root: digest(none) });
    for ((size, leaf), (_, root)) in (1..).zip(published()).zip(ENTRIES) {
        frontier.push(leaf);
        assert_eq!(frontier.head(), TreeHead { size, root: digest(root) });
    }
}

#[test]
fn inclusion_paths_are_those_of_the_published_vectors() {
    let leaves = published();
    for (size, index, path) in [
        (8, 0, &[LEAF_2, LEAVES_3_4, LEAVES_5_8][..]),
        (8, 5, &[LEAF_5, LEAVES_7_8, LEAVES_1_4]),
        (3, 2, &[LEAVES_1_2]),
        (5, 1, &[LEAF_1, LEAVES_3_4, LEAF_5]),
        (1, 0, &[]),
    ] {
        let path: Vec<_> = path.iter().map(|hash| digest(hash)).collect();
        assert_eq!(prove_inclusion(size, index, &tiles(&leaves)).unwrap(), path);
        let (size, at) = (usize::try_from(size).unwrap(), usize::try_from(index).unwrap());
        assert!(check_inclusion(&head(&leaves[..size]), index, leaves[at], &path));
    }
}

#[test]
fn consistency_proofs_are_those_of_the_published_vectors() {
    let leaves = published();
    for (old, new, path) in [
        (1, 8, &[LEAF_2, LEAVES_3_4, LEAVES_5_8][..]),
        (6, 8, &[LEAVES_5_6, LEAVES_7_8, LEAVES_1_4]),
        (2, 5, &[LEAVES_3_4, LEAF_5]),
        (8, 8, &[]),
    ] {
        let path: Vec<_> = path.iter().map(|hash| digest(hash)).collect();
        assert_eq!(prove_consistency(old as u64, new as u64, &tiles(&leaves)).unwrap(), path);
        assert!(check_consistency(&head(&leaves[..old]), &head(&leaves[..new]), &path));
    }
}

/// A hash other than this one.
fn other(hash: Digest) -> Digest {
    node_hash(hash, hash)
}

#[test]
fn a_set_of_tiles_is_empty_until_there_is_one() {
    let mut set = TileSet::default();
    assert_eq!((set.is_empty(), set.len()), (true, 0));
    set.insert(TileId { level: 0, index: 0 }, Vec::new());
    assert_eq!((set.is_empty(), set.len()), (false, 1));
}

proptest! {
    // Each of them hashes some trees of hundreds of leaves.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_frontier_has_the_root_of_its_leaves_however_it_came_to_them(
        size in 0_u64..=800, from in 0_u64..=800,
    ) {
        let (all, tiles) = &*LARGE;
        let wanted = head(&all[..usize::try_from(size)?]);
        let from = from.min(size);
        let needed = only(tiles, tiles_for_root(from).unwrap());
        let mut frontier = Frontier::from_tiles(from, &needed).unwrap();
        prop_assert_eq!(frontier.head(), head(&all[..usize::try_from(from)?]));
        for leaf in &all[usize::try_from(from)?..usize::try_from(size)?] {
            frontier.push(*leaf);
        }
        prop_assert_eq!(frontier.head(), wanted);
        prop_assert_eq!(frontier.size(), size);
        prop_assert_eq!(frontier, Frontier::from_tiles(size, tiles).unwrap());
    }

    #[test]
    fn an_inclusion_path_proves_its_leaf_at_its_place_and_nothing_else(
        size in 1_u64..=800, index: prop::sample::Index, at: prop::sample::Index,
    ) {
        let (all, tiles) = &*LARGE;
        let index = index.index(usize::try_from(size)?) as u64;
        let leaf = all[usize::try_from(index)?];
        let head = head(&all[..usize::try_from(size)?]);
        let needed = only(tiles, tiles_for_inclusion(size, index).unwrap());
        let path = prove_inclusion(size, index, &needed).unwrap();
        prop_assert!(check_inclusion(&head, index, leaf, &path));
        prop_assert!(!check_inclusion(&head, index, other(leaf), &path));
        prop_assert!(!check_inclusion(&head, index + 1, leaf, &path));
        prop_assert!(!check_inclusion(&head, size, leaf, &path));
        let other_root = TreeHead { root: other(head.root), ..head };
        prop_assert!(!check_inclusion(&other_root, index, leaf, &path));
        let longer = [path.as_slice(), &[leaf]].concat();
        prop_assert!(!check_inclusion(&head, index, leaf, &longer));
        if !path.is_empty() {
            let mut changed = path.clone();
            let at = at.index(path.len());
            changed[at] = other(changed[at]);
            prop_assert!(!check_inclusion(&head, index, leaf, &changed));
            prop_assert!(!check_inclusion(&head, index, leaf, &path[1..]));
        }
    }

    #[test]
    fn a_consistency_proof_proves_that_a_tree_begins_with_another_and_nothing_else(
        new in 0_u64..=800, old in 0_u64..=800, at: prop::sample::Index,
    ) {
        let (all, tiles) = &*LARGE;
        let old = old.min(new);
        let needed = only(tiles, tiles_for_consistency(old, new).unwrap());
        let proof = prove_consistency(old, new, &needed).unwrap();
        let (before, after) = (head(&all[..usize::try_from(old)?]), head(&all[..usize::try_from(new)?]));
        prop_assert!(check_consistency(&before, &after, &proof));
        let not_before = TreeHead { root: other(before.root), ..before };
        prop_assert!(!check_consistency(&not_before, &after, &proof));
        if old > 0 {
            let not_after = TreeHead { root: other(after.root), ..after };
            prop_assert!(!check_consistency(&before, &not_after, &proof));
        }
        if old < new {
            prop_assert!(!check_consistency(&after, &before, &proof));
        }
        let longer = [proof.as_slice(), &[before.root]].concat();
        prop_assert!(!check_consistency(&before, &after, &longer));
        if !proof.is_empty() {
            let mut changed = proof.clone();
            let at = at.index(proof.len());
            changed[at] = other(changed[at]);
            prop_assert!(!check_consistency(&before, &after, &changed));
        }
    }

    #[test]
    fn a_range_proof_proves_all_of_its_leaves_at_their_places_and_nothing_else(
        size in 1_u64..=800, first: prop::sample::Index, length: prop::sample::Index,
        at: prop::sample::Index,
    ) {
        let (all, tiles) = &*LARGE;
        let size_here = usize::try_from(size)?;
        let start = first.index(size_here);
        let end = start + 1 + length.index(size_here - start);
        let head = head(&all[..size_here]);
        let range = start as u64..end as u64;
        let needed = only(tiles, tiles_for_range(size, &range).unwrap());
        let proof = prove_range(size, &range, &needed).unwrap();
        let inside = &all[start..end];
        prop_assert!(check_range(&head, range.start, inside, &proof));
        // The largest subtrees outside are fewer than two for each level.
        prop_assert!(proof.len() <= 2 * 10);
        prop_assert!(!check_range(&head, range.start + 1, inside, &proof));
        prop_assert!(!check_range(&head, range.start, &inside[1..], &proof));
        let mut changed = inside.to_vec();
        let place = at.index(inside.len());
        changed[place] = other(changed[place]);
        prop_assert!(!check_range(&head, range.start, &changed, &proof));
        let longer = [proof.as_slice(), &[head.root]].concat();
        prop_assert!(!check_range(&head, range.start, inside, &longer));
        if !proof.is_empty() {
            prop_assert!(!check_range(&head, range.start, inside, &proof[1..]));
            let mut changed = proof.clone();
            let place = at.index(proof.len());
            changed[place] = other(changed[place]);
            prop_assert!(!check_range(&head, range.start, inside, &changed));
        }
    }

    #[test]
    fn a_range_of_one_leaf_is_proven_by_the_hashes_of_its_inclusion_path(
        size in 1_u64..=800, index: prop::sample::Index,
    ) {
        let (_, tiles) = &*LARGE;
        let index = index.index(usize::try_from(size)?) as u64;
        let mut path = prove_inclusion(size, index, tiles).unwrap();
        let mut range = prove_range(size, &(index..index + 1), tiles).unwrap();
        path.sort();
        range.sort();
        prop_assert_eq!(range, path);
    }

    #[test]
    fn a_tile_that_a_proof_needs_is_missed_by_name(
        size in 300_u64..=800, index in 0_u64..300, gone: prop::sample::Index,
        short: bool,
    ) {
        let (_, tiles) = &*LARGE;
        let named = tiles_for_range(size, &(index..index + 2)).unwrap();
        let gone = named[gone.index(named.len())];
        let mut set: TileSet =
            named.iter().filter(|id| **id != gone).map(|id| (*id, tiles.get(*id).unwrap().to_vec())).collect();
        prop_assert_eq!(set.len() + 1, named.len());
        if short {
            set.insert(gone, Vec::new());
        }
        let missing = prove_range(size, &(index..index + 2), &set).unwrap_err();
        prop_assert_eq!(missing, MissingHash::Tile(gone));
    }
}

#[test]
fn what_a_tree_does_not_have_is_refused() {
    let (_, tiles) = &*LARGE;
    let outside = |size| Err(MissingHash::OutsideTree { size });
    let too_large = MAX_TREE_SIZE + 1;
    assert_eq!(prove_inclusion(7, 7, tiles), outside(7));
    assert_eq!(tiles_for_inclusion(0, 0), outside(0).map(|_: Vec<_>| Vec::new()));
    assert_eq!(tiles_for_inclusion(too_large, 0).unwrap_err(), outside(too_large).unwrap_err());
    assert_eq!(prove_consistency(8, 7, tiles), outside(7));
    assert_eq!(tiles_for_consistency(8, 7).unwrap_err(), outside(7).unwrap_err());
    assert_eq!(prove_consistency(1, too_large, tiles), outside(too_large));
    for range in [3..3, 7..9, 8..9] {
        assert!(prove_range(8, &range, tiles).is_err(), "{range:?}");
        assert!(tiles_for_range(8, &range).is_err(), "{range:?}");
    }
    assert_eq!(tiles_for_root(too_large).unwrap_err(), outside(too_large).unwrap_err());
    assert_eq!(
        Frontier::from_tiles(too_large, tiles).unwrap_err(),
        outside(too_large).unwrap_err()
    );
    assert!(tiles_for_root(MAX_TREE_SIZE).is_ok());
    let (head, leaf) = (TreeHead::empty(), leaf_hash(b""));
    assert!(!check_range(&head, 0, &[], &[head.root]), "no leaves prove nothing");
    assert!(!check_range(&head, u64::MAX, &[leaf, leaf], &[]));
    assert!(!check_inclusion(&TreeHead { size: u64::MAX, root: leaf }, 0, leaf, &[leaf; 65]));
    assert!(!check_consistency(
        &TreeHead { size: 5, root: leaf },
        &TreeHead { size: u64::MAX, root: leaf },
        &[leaf; 65]
    ));
}

#[test]
fn a_path_of_as_many_hashes_as_a_tree_has_levels_is_read() {
    let leaf = leaf_hash(b"");
    let path = [leaf; 64];
    let root = path.iter().fold(leaf, |below, beside| node_hash(below, *beside));
    assert!(check_inclusion(&TreeHead { size: u64::MAX, root }, 0, leaf, &path));
    let old = path[1..].iter().fold(leaf, |below, beside| node_hash(below, *beside));
    let old = TreeHead { size: 1 << 63, root: old };
    let new = TreeHead { size: u64::MAX, root: node_hash(old.root, leaf) };
    assert!(check_consistency(&old, &new, &[leaf]));
    // One leaf, and the subtree beside it on each of the 64 levels.
    assert!(check_consistency(
        &TreeHead { size: 1, root: leaf },
        &TreeHead { size: u64::MAX, root },
        &path
    ));
}

#[test]
fn the_tree_that_begins_with_nothing_is_any_tree() {
    let new = head(&leaves(5));
    assert!(check_consistency(&TreeHead::empty(), &new, &[]));
    assert!(!check_consistency(&TreeHead::empty(), &new, &[new.root]));
    assert!(!check_consistency(&TreeHead { size: 0, root: new.root }, &new, &[]));
}

#[test]
fn full_tiles_are_taken_whole_where_they_begin() {
    let (all, tiles) = &*LARGE;
    let level_1 = tiles.get(TileId { level: 1, index: 0 }).unwrap();
    let mut frontier = Frontier::new();
    for root in level_1.chunks(32) {
        frontier.push_subtree(TILE_HEIGHT, Digest::from_slice(root).unwrap()).unwrap();
    }
    assert_eq!(frontier.size(), 768);
    assert_eq!(frontier.root(), mth(&all[..768]));
    frontier.push(all[768]);
    assert_eq!(frontier.root(), mth(&all[..769]));
    let misplaced = Misplaced { size: 769, level: 1 };
    assert_eq!(frontier.push_subtree(1, all[769]), Err(misplaced));
    assert_eq!(frontier.push_subtree(64, all[769]), Err(Misplaced { size: 769, level: 64 }));
    assert_eq!(frontier.push_subtree(0, all[769]), Ok(()));
    assert_eq!(frontier.push_subtree(1, node_hash(all[770], all[771])), Ok(()));
    assert_eq!(frontier.root(), mth(&all[..772]));
    let mut full = Frontier::new();
    full.push_subtree(63, all[0]).unwrap();
    assert_eq!(full.push_subtree(63, all[0]), Err(Misplaced { size: 1 << 63, level: 63 }));
}

#[test]
fn tiles_of_every_level_are_read() {
    let tile_roots = leaves(256);
    let top = Frontier::from_tiles(256, &tiles(&tile_roots)).unwrap().root();
    let mut set = TileSet::new();
    set.insert(TileId { level: 2, index: 0 }, top.0.to_vec());
    set.insert(TileId { level: 0, index: 256 }, leaf_hash(b"").0.to_vec());
    let size = 65_537;
    assert_eq!(
        tiles_for_root(size).unwrap(),
        [TileId { level: 0, index: 256 }, TileId { level: 2, index: 0 }]
    );
    let root = Frontier::from_tiles(size, &set).unwrap().root();
    assert_eq!(root, node_hash(top, leaf_hash(b"")));
}
