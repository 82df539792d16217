//! Tiles of the tree as proofs are made of them, and which of them a proof needs.
//!
//! What needs tiles is asked for twice: once for their names, so that they can be fetched, however
//! long that takes, and then with the tiles at hand.
//!
//! Deliberately absent: fetching tiles, and trusting them. A proof that was made of a wrong tile fails
//! when it is checked.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use tlog_tiles::{Error, HASH_SIZE, Hash, HashReader, Tile};

use super::{Digest, MAX_TREE_SIZE};

/// The height of a tile: C2SP tlog-tiles has 8.
pub const TILE_HEIGHT: u8 = 8;

/// How many hashes a full tile has.
pub const TILE_WIDTH: usize = 1 << TILE_HEIGHT;

/// How many bytes a full tile has.
pub const TILE_BYTES: usize = TILE_WIDTH * HASH_SIZE;

/// The place of a tile in the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId {
    /// 0 for hashes of leaves; each level above holds one hash for each full tile below.
    pub level: u8,
    /// Its place within its level, counted from 0.
    pub index: u64,
}

/// A root or a proof was asked for that does not follow from the tiles at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MissingHash {
    /// Leaves were asked for that the tree does not have.
    #[error("the tree has {size} leaves, which do not contain what was asked for")]
    OutsideTree {
        /// How many leaves the tree was said to have.
        size: u64,
    },
    /// A tile is not there, or has too few hashes.
    #[error("tile {} of level {} is not there, or too short", .0.index, .0.level)]
    Tile(TileId),
}

/// Tiles of one tree, by their place. A tile may have more hashes than are needed of it.
#[derive(Clone, Debug, Default)]
pub struct TileSet(BTreeMap<TileId, Vec<u8>>);

impl TileSet {
    /// Without tiles.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a tile in place: hashes of 32 bytes each.
    pub fn insert(&mut self, id: TileId, hashes: Vec<u8>) {
        self.0.insert(id, hashes);
    }

    /// The hashes of a tile.
    #[must_use]
    pub fn get(&self, id: TileId) -> Option<&[u8]> {
        self.0.get(&id).map(Vec::as_slice)
    }

    /// How many tiles there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(TileId, Vec<u8>)> for TileSet {
    fn from_iter<T: IntoIterator<Item = (TileId, Vec<u8>)>>(tiles: T) -> Self {
        Self(tiles.into_iter().collect())
    }
}

/// Refuses a size that no tree has.
pub(super) fn within(size: u64) -> Result<(), MissingHash> {
    if size > MAX_TREE_SIZE { Err(MissingHash::OutsideTree { size }) } else { Ok(()) }
}

/// Reads hashes from tiles, or, without any, notes which tiles they would come from.
pub(super) struct Reader<'a> {
    tiles: Option<&'a TileSet>,
    asked: RefCell<BTreeSet<TileId>>,
    missing: Cell<Option<TileId>>,
}

impl HashReader for Reader<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        indexes.iter().map(|&index| self.hash(index)).collect()
    }
}

impl Reader<'_> {
    fn hash(&self, index: u64) -> Result<Hash, Error> {
        let tile = Tile::from_index(TILE_HEIGHT, index);
        let id = TileId { level: tile.level(), index: tile.level_index() };
        let Some(tiles) = self.tiles else {
            self.asked.borrow_mut().insert(id);
            return Ok(Hash::default());
        };
        let hashes = tiles.0.get(&id).ok_or(Error::IndexesNotInTree);
        let hash = hashes.and_then(|hashes| tile.hash_at_index(hashes, index));
        hash.inspect_err(|_| self.missing.set(Some(id)))
    }
}

/// The tiles that an answer would be read from.
pub(super) fn learn<T>(ask: impl FnOnce(&Reader<'_>) -> Result<T, Error>) -> Vec<TileId> {
    let reader = Reader { tiles: None, asked: RefCell::default(), missing: Cell::default() };
    // Without tiles none is missing, and the answer is none.
    let _ = ask(&reader);
    reader.asked.into_inner().into_iter().collect()
}

/// An answer that is read from tiles; the question is about leaves that the tree has.
pub(super) fn read<T>(
    tiles: &TileSet,
    ask: impl FnOnce(&Reader<'_>) -> Result<T, Error>,
) -> Result<T, MissingHash> {
    let reader = Reader { tiles: Some(tiles), asked: RefCell::default(), missing: Cell::default() };
    // What can fail is reading, which notes the tile.
    ask(&reader).map_err(|_| MissingHash::Tile(reader.missing.get().unwrap_or_default()))
}

pub(super) fn digests(hashes: Vec<Hash>) -> Vec<Digest> {
    hashes.into_iter().map(|hash| Digest(hash.0)).collect()
}
