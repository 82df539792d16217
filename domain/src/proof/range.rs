//! That leaves that follow one another are in a tree, all of them at their places: what a query's
//! answer is proven by.
//!
//! The proof is, from left to right, the hash of each largest subtree without any of these leaves. Of
//! one leaf it has the hashes of RFC 6962's inclusion path.

use std::ops::Range;
use std::slice::Iter;

use tlog_tiles::{Error, HashReader as _, sub_tree_index};

use super::head::{node_hash, root_over};
use super::tile_set::{self, Reader, within};
use super::{Digest, Frontier, MissingHash, TileId, TileSet, TreeHead};

/// The tiles that [`prove_range`] needs.
///
/// # Errors
/// When there is no leaf in the range, or one that the tree does not have.
pub fn tiles_for_range(size: u64, leaves: &Range<u64>) -> Result<Vec<TileId>, MissingHash> {
    holds(size, leaves)?;
    Ok(tile_set::learn(|reader| outside(reader, &(0..size), leaves, &mut Vec::new())))
}

/// The hashes that, with those of the leaves in the range, give the root of the tree of `size` leaves.
///
/// # Errors
/// When there is no leaf in the range, or one that the tree does not have; or a tile is missing.
pub fn prove_range(
    size: u64,
    leaves: &Range<u64>,
    tiles: &TileSet,
) -> Result<Vec<Digest>, MissingHash> {
    holds(size, leaves)?;
    let mut hashes = Vec::new();
    tile_set::read(tiles, |reader| outside(reader, &(0..size), leaves, &mut hashes))?;
    Ok(hashes)
}

/// Whether a proof shows that these are the hashes of the leaves from `start` on.
#[must_use]
pub fn check_range(head: &TreeHead, start: u64, leaves: &[Digest], proof: &[Digest]) -> bool {
    let end = start.checked_add(leaves.len() as u64);
    let Some(range) = end.map(|end| start..end) else { return false };
    if holds(head.size, &range).is_err() {
        return false;
    }
    let (mut leaves, mut proof) = (leaves.iter(), proof.iter());
    let root = rebuild(&(0..head.size), &range, &mut leaves, &mut proof);
    root == Some(head.root) && proof.next().is_none()
}

fn holds(size: u64, leaves: &Range<u64>) -> Result<(), MissingHash> {
    within(size)?;
    let known = !leaves.is_empty() && leaves.end <= size;
    if known { Ok(()) } else { Err(MissingHash::OutsideTree { size }) }
}

/// How a subtree stands to the leaves that are proven.
enum Part {
    Outside,
    Inside,
    Both(Range<u64>, Range<u64>),
}

impl Part {
    fn of(subtree: &Range<u64>, leaves: &Range<u64>) -> Self {
        if subtree.end <= leaves.start || leaves.end <= subtree.start {
            return Self::Outside;
        }
        if leaves.start <= subtree.start && subtree.end <= leaves.end {
            return Self::Inside;
        }
        // It has leaves of both kinds, and so two at least; RFC 6962 has the left side full.
        let left = 1 << (subtree.end - subtree.start - 1).ilog2();
        let middle = subtree.start + left;
        Self::Both(subtree.start..middle, middle..subtree.end)
    }
}

/// Adds the hash of each largest subtree without any of the leaves.
fn outside(
    reader: &Reader<'_>,
    subtree: &Range<u64>,
    leaves: &Range<u64>,
    hashes: &mut Vec<Digest>,
) -> Result<(), Error> {
    match Part::of(subtree, leaves) {
        Part::Outside => hashes.push(subtree_root(reader, subtree)?),
        Part::Inside => {}
        Part::Both(left, right) => {
            outside(reader, &left, leaves, hashes)?;
            outside(reader, &right, leaves, hashes)?;
        }
    }
    Ok(())
}

fn subtree_root(reader: &Reader<'_>, subtree: &Range<u64>) -> Result<Digest, Error> {
    let full = sub_tree_index(subtree.start, subtree.end, Vec::new());
    Ok(root_over(&tile_set::digests(reader.read_hashes(&full)?)))
}

/// The root of a subtree, from the leaves and the hashes that are left; `None` where they do not
/// suffice.
fn rebuild(
    subtree: &Range<u64>,
    range: &Range<u64>,
    leaves: &mut Iter<'_, Digest>,
    proof: &mut Iter<'_, Digest>,
) -> Option<Digest> {
    match Part::of(subtree, range) {
        Part::Outside => proof.next().copied(),
        Part::Inside => {
            let mut inside = Frontier::new();
            for _ in subtree.clone() {
                inside.push(*leaves.next()?);
            }
            Some(inside.root())
        }
        Part::Both(left, right) => {
            let left = rebuild(&left, range, leaves, proof)?;
            Some(node_hash(left, rebuild(&right, range, leaves, proof)?))
        }
    }
}
