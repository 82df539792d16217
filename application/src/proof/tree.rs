//! What follows from the tiles that an adapter keeps: they are named first, fetched, and used then.

use domain::AuditTree;
use domain::ports::TreeError;
use domain::proof::{Frontier, MissingHash, TileId, TileSet, TreeHead, tiles_for_root};

/// Why something could not be made of the tree.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TreeReadError {
    /// The tree cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// It is smaller than what was asked about, or lacks a part.
    #[error(transparent)]
    Missing(#[from] MissingHash),
}

/// The tiles with these names, as far as they are there.
pub(super) async fn fetch(tree: &dyn AuditTree, names: Vec<TileId>) -> Result<TileSet, TreeError> {
    let mut tiles = TileSet::new();
    for id in names {
        if let Some(hashes) = tree.tile(id.level, id.index).await? {
            tiles.insert(id, hashes);
        }
    }
    Ok(tiles)
}

/// The root over the first `size` leaves.
///
/// # Errors
/// When they are not in the tiles.
pub async fn head_at(tree: &dyn AuditTree, size: u64) -> Result<TreeHead, TreeReadError> {
    let tiles = fetch(tree, tiles_for_root(size)?).await?;
    Ok(Frontier::from_tiles(size, &tiles)?.head())
}
