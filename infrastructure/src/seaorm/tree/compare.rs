//! Comparing entries with the hashes of their leaves, before they are removed or copied: what is not as it
//! was recorded is evidence, and stays.
//!
//! Deliberately absent: finding out what is wrong with it, which `verify` does.

use domain::Sequence;
use domain::proof::{Digest, TILE_HEIGHT, TileId};
use sea_orm::sqlx::{self, SqliteConnection};

use super::grow::{Reach, Unfit, tile};
use super::read;
use crate::seaorm::decode::sequence;

/// How many hashes a tile has, beside sequences.
const WIDTH: i64 = 1 << TILE_HEIGHT;

/// How many bytes a hash has.
const HASH: usize = size_of::<Digest>();

/// Compares every entry of a range that the tree reaches with the hash beside it and the one in the tree.
/// What is older than the tree has neither.
///
/// # Errors
/// When one of them is another, or is missing; see [`not_as_recorded`].
pub(in crate::seaorm) async fn compare(
    connection: &mut SqliteConnection,
    from: i64,
    through: i64,
) -> Result<(), sqlx::Error> {
    let reach = Reach::read(connection).await?;
    let first_leaf = reach.genesis.saturating_add(1);
    let mut next = from.max(first_leaf);
    while next <= through {
        let tile_index = (next - first_leaf) / WIDTH;
        let begins = first_leaf + tile_index * WIDTH;
        let end = through.min(begins + WIDTH - 1);
        let id = TileId { level: 0, index: tile_index.cast_unsigned() };
        let hashes = tile(connection, id).await?.unwrap_or_default();
        let mut entries = read::checked(connection, next, end - next + 1).await?.into_iter();
        for (place, hash) in (begins..=end).zip(hashes.chunks(HASH).map(Some).chain(none())) {
            if place < next {
                continue;
            }
            let entry = entries.next().filter(|entry| entry.sequence == sequence(place));
            let entry = entry.ok_or(Unfit::Missing { sequence: place })?;
            let computed = entry.computed.ok();
            let as_recorded = computed.is_some_and(|leaf| Some(&leaf.0[..]) == hash);
            if !as_recorded || entry.stored != computed {
                return Err(Unfit::Changed { sequence: place }.into());
            }
        }
        next = end + 1;
    }
    Ok(())
}

/// Where a tile has no more hashes.
fn none<'a>() -> impl Iterator<Item = Option<&'a [u8]>> {
    std::iter::repeat(None)
}

/// The entry that an error says is not as it was recorded.
pub(in crate::seaorm) fn not_as_recorded(error: &sqlx::Error) -> Option<Sequence> {
    let sqlx::Error::Decode(why) = error else { return None };
    match why.downcast_ref()? {
        Unfit::Missing { sequence: place }
        | Unfit::Unhashed { sequence: place }
        | Unfit::Shortened { sequence: place }
        | Unfit::Changed { sequence: place } => Some(sequence(*place)),
        Unfit::Tile(_) => None,
    }
}
