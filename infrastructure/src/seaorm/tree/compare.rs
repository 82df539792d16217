//! Comparing entries with the hashes of their leaves, before they are removed, copied or erased: what is not as
//! it was recorded is evidence, and stays.
//!
//! Deliberately absent: finding out what is wrong with it, which `verify` does.

use domain::Sequence;
use domain::ports::LeafCheck;
use domain::proof::{Digest, StoredEntry, TILE_HEIGHT, TileId};
use sea_orm::sqlx::sqlite::SqliteRow;
use sea_orm::sqlx::{self, SqliteConnection};

use super::grow::{Reach, Unfit, tile};
use super::read;
use crate::seaorm::decode::sequence;

/// How many hashes a tile has, beside sequences.
const WIDTH: i64 = 1 << TILE_HEIGHT;

/// How many bytes a hash has.
const HASH: usize = size_of::<Digest>();

/// Compares every entry of a range with the hash beside it and, as far as the tree reaches, with the one in
/// the tree. What is older than the tree has neither.
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
            let in_tree = place <= reach.newest();
            let as_recorded = computed.is_some_and(|leaf| !in_tree || Some(&leaf.0[..]) == hash);
            if !as_recorded || entry.stored != computed {
                return Err(Unfit::Changed { sequence: place }.into());
            }
        }
        next = end + 1;
    }
    Ok(())
}

/// The entry in a row, if it is what the hash beside it says and, as far as the tree reaches, the one there. One
/// that is older than the tree has neither.
pub(in crate::seaorm) async fn as_recorded(
    connection: &mut SqliteConnection,
    reach: Reach,
    row: &SqliteRow,
) -> Result<Option<StoredEntry>, sqlx::Error> {
    let entry = match read::entry(row) {
        // A value that is not even text was not recorded.
        Err(sqlx::Error::ColumnDecode { .. }) => return Ok(None),
        entry => entry?,
    };
    let place = entry.sequence.0.cast_signed();
    if place <= reach.genesis {
        return Ok(entry.leaf_hash.is_none().then_some(entry));
    }
    let LeafCheck { stored, computed, .. } = LeafCheck::of(&entry);
    let Some(leaf) = computed.ok().filter(|computed| stored == Some(*computed)) else {
        return Ok(None);
    };
    if place > reach.newest() {
        return Ok(Some(entry));
    }
    let in_tree = "SELECT substr(hashes, 1 + 32 * (?1 % 256), 32) FROM audit_tile \
                   WHERE level = 0 AND place = ?1 / 256";
    let index = place - reach.genesis - 1;
    let hash: Option<Vec<u8>> =
        sqlx::query_scalar(in_tree).bind(index).fetch_optional(connection).await?;
    Ok((hash.as_deref() == Some(&leaf.0[..])).then_some(entry))
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
