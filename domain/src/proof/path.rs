//! That a leaf is in a tree, and that a tree begins with an earlier one: proofs as RFC 6962 and
//! RFC 9162 have them, made and checked.
//!
//! Deliberately absent: whether a root is to be believed. See [`super::SignedCheckpoint`].

use tlog_tiles::{Hash, check_record, check_tree, prove_record, prove_tree};

use super::tile_set::{self, within};
use super::{Digest, MissingHash, TileId, TileSet, TreeHead};

/// A proof has at most as many hashes as a tree has levels.
const MAX_PATH: usize = 64;

/// The tiles that [`prove_inclusion`] needs.
///
/// # Errors
/// When the tree does not have the leaf.
pub fn tiles_for_inclusion(size: u64, index: u64) -> Result<Vec<TileId>, MissingHash> {
    holds(size, index)?;
    Ok(tile_set::learn(|reader| prove_record(size, index, reader)))
}

/// The inclusion path of a leaf in the tree of `size` leaves, from the leaf's side to the root's.
///
/// # Errors
/// When the tree does not have the leaf, or a tile is missing.
pub fn prove_inclusion(size: u64, index: u64, tiles: &TileSet) -> Result<Vec<Digest>, MissingHash> {
    holds(size, index)?;
    tile_set::read(tiles, |reader| prove_record(size, index, reader)).map(tile_set::digests)
}

/// Whether a path shows that the leaf with this hash is the one at `index` of the tree.
#[must_use]
pub fn check_inclusion(head: &TreeHead, index: u64, leaf: Digest, path: &[Digest]) -> bool {
    path.len() <= MAX_PATH
        && check_record(&hashes(path), head.size, Hash(head.root.0), index, Hash(leaf.0)).is_ok()
}

/// The tiles that [`prove_consistency`] needs.
///
/// # Errors
/// When the earlier tree is the larger one.
pub fn tiles_for_consistency(old: u64, new: u64) -> Result<Vec<TileId>, MissingHash> {
    grows(old, new)?;
    Ok(tile_set::learn(|reader| prove_tree(new, old, reader)))
}

/// The proof that the tree of `new` leaves begins with that of `old` leaves. It is empty where either
/// says all of it: both are the same, or the earlier one has no leaves.
///
/// # Errors
/// When the earlier tree is the larger one, or a tile is missing.
pub fn prove_consistency(old: u64, new: u64, tiles: &TileSet) -> Result<Vec<Digest>, MissingHash> {
    grows(old, new)?;
    if old == 0 {
        return Ok(Vec::new());
    }
    tile_set::read(tiles, |reader| prove_tree(new, old, reader)).map(tile_set::digests)
}

/// Whether a proof shows that the later tree begins with the earlier one.
#[must_use]
pub fn check_consistency(old: &TreeHead, new: &TreeHead, proof: &[Digest]) -> bool {
    if old.size == 0 {
        // What RFC 9162 leaves undefined: everything begins with nothing.
        return *old == TreeHead::empty() && proof.is_empty();
    }
    let (old_root, new_root) = (Hash(old.root.0), Hash(new.root.0));
    proof.len() <= MAX_PATH
        && check_tree(&hashes(proof), new.size, new_root, old.size, old_root).is_ok()
}

fn holds(size: u64, index: u64) -> Result<(), MissingHash> {
    within(size)?;
    if index < size { Ok(()) } else { Err(MissingHash::OutsideTree { size }) }
}

fn grows(old: u64, new: u64) -> Result<(), MissingHash> {
    within(new)?;
    if old <= new { Ok(()) } else { Err(MissingHash::OutsideTree { size: new }) }
}

fn hashes(digests: &[Digest]) -> Vec<Hash> {
    digests.iter().map(|digest| Hash(digest.0)).collect()
}
