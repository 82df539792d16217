//! Taking entries into the tree: their leaves' hashes are in their rows already.
//!
//! Deliberately absent: when it is done. Whoever signs a checkpoint or removes entries asks for it.

use std::collections::HashMap;

use domain::ports::TreeError;
use domain::proof::{
    Digest, TILE_BYTES, TILE_WIDTH, TileGrowth, TileId, WrongTile, tile_root, unfilled,
};
use sea_orm::sqlx::{self, Connection, Row, SqliteConnection};

use crate::seaorm::problem::Patience;
use crate::seaorm::writer::{State, Turn, Writer, is_sound};

/// How many leaves are taken in one transaction: few enough for emitters not to notice.
const LEAVES: i64 = 2048;

/// Something in the rows that only another program can have put there.
#[derive(Debug, thiserror::Error)]
pub(in crate::seaorm) enum Unfit {
    #[error(
        "entry {sequence} is missing: run `indelible verify`, and restore the record from a copy"
    )]
    Missing { sequence: i64 },
    #[error(
        "entry {sequence} has no hash of its leaf: run `indelible verify`, and restore the record from \
         a copy"
    )]
    Unhashed { sequence: i64 },
    #[error(
        "entry {sequence} is not what its leaf says: run `indelible verify`, and restore the record from \
         a copy"
    )]
    Changed { sequence: i64 },
    #[error(
        "the newest entries were taken away, from entry {sequence} on, and none is written in their place: \
         run `indelible verify`, and restore the record from a copy"
    )]
    Shortened { sequence: i64 },
    #[error(transparent)]
    Tile(#[from] WrongTile),
}

impl From<Unfit> for sqlx::Error {
    fn from(unfit: Unfit) -> Self {
        Self::Decode(Box::new(unfit))
    }
}

/// How far the tree reaches.
#[derive(Clone, Copy, Debug)]
pub(in crate::seaorm) struct Reach {
    pub(in crate::seaorm) genesis: i64,
    pub(in crate::seaorm) size: i64,
}

impl Reach {
    pub(in crate::seaorm) async fn read(
        connection: &mut SqliteConnection,
    ) -> Result<Self, sqlx::Error> {
        let gone = || sqlx::Error::Decode(Box::new(TreeError::Gone));
        Self::find(connection).await?.ok_or_else(gone)
    }

    /// `None` where somebody has taken away what says so.
    pub(in crate::seaorm) async fn find(
        connection: &mut SqliteConnection,
    ) -> Result<Option<Self>, sqlx::Error> {
        let row = sqlx::query("SELECT genesis, size FROM audit_tree").fetch_optional(connection);
        let Some(row) = row.await? else { return Ok(None) };
        Ok(Some(Self { genesis: row.try_get(0)?, size: row.try_get(1)? }))
    }

    /// The newest entry in the tree, or the last one before it.
    pub(in crate::seaorm) fn newest(self) -> i64 {
        self.genesis.saturating_add(self.size)
    }
}

impl Writer {
    /// Takes what is on record now into the tree, a part at a time, so that others may append in
    /// between. Each part is taken whole or not at all, also when the future is dropped.
    pub(in crate::seaorm) async fn grow_tree(&self) -> Result<(), sqlx::Error> {
        let mut goal = None;
        loop {
            let mut turn = self.turn().await;
            let (newest, reached) = self.grow_part(&mut turn).await?;
            if reached >= *goal.get_or_insert(newest) {
                return Ok(());
            }
        }
    }

    /// One part: the newest entry there is, and the newest one in the tree.
    async fn grow_part(&self, turn: &mut Turn) -> Result<(i64, i64), sqlx::Error> {
        let patience = Patience::of(self.lock_timeout());
        loop {
            let outcome = self.grow_once(turn).await;
            turn.settle(is_sound(&outcome));
            let Some(pause) = patience.pause_after(&outcome) else { return outcome };
            tokio::time::sleep(pause).await;
        }
    }

    async fn grow_once(&self, turn: &mut State) -> Result<(i64, i64), sqlx::Error> {
        let connection = self.connection_to_change(turn).await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let newest: i64 = sqlx::query_scalar("SELECT coalesce(max(sequence), 0) FROM audit_log")
            .fetch_one(&mut *transaction)
            .await?;
        let reach = grow(&mut transaction, i64::MAX, LEAVES).await?;
        transaction.commit().await?;
        Ok((newest, reach.newest()))
    }
}

/// Takes at most `limit` entries up to and including `through` into the tree, inside a transaction.
pub(in crate::seaorm) async fn grow(
    connection: &mut SqliteConnection,
    through: i64,
    limit: i64,
) -> Result<Reach, sqlx::Error> {
    let reach = Reach::read(connection).await?;
    let leaves = leaves(connection, reach, through, limit).await?;
    if leaves.is_empty() {
        return Ok(reach);
    }
    let size = reach.size.cast_unsigned();
    let mut kept = HashMap::new();
    // What was signed is compared by whoever signs again.
    let signed: i64 = sqlx::query_scalar("SELECT coalesce(max(size), 0) FROM audit_checkpoint")
        .fetch_one(&mut *connection)
        .await?;
    let signed = signed.cast_unsigned().min(size);
    for (id, bytes) in unfilled(size) {
        if let Some(mut hashes) = tile(connection, id).await? {
            // Of what stands there too early, see below.
            hashes.truncate(bytes);
            if id.level > 0 {
                follows(connection, id, &hashes, signed).await?;
            }
            kept.insert(id, hashes);
        }
    }
    let mut growth = TileGrowth::new(size, |id| kept.remove(&id)).map_err(Unfit::from)?;
    for leaf in leaves {
        growth.push(leaf);
    }
    for (id, hashes) in growth.tiles() {
        // Another program may have put there what follows from the record before it was its turn.
        let statement = match tile(connection, id).await? {
            None => "INSERT INTO audit_tile (hashes, level, place) VALUES (?1, ?2, ?3)",
            Some(there) if hashes.starts_with(&there) => {
                "UPDATE audit_tile SET hashes = ?1 WHERE level = ?2 AND place = ?3"
            }
            Some(there) if there.starts_with(hashes) => continue,
            Some(_) => return Err(Unfit::from(WrongTile { tile: id }).into()),
        };
        sqlx::query(statement)
            .bind(hashes)
            .bind(i64::from(id.level))
            .bind(id.index.cast_signed())
            .execute(&mut *connection)
            .await?;
    }
    let grown = Reach { size: growth.size().cast_signed(), ..reach };
    sqlx::query("UPDATE audit_tree SET size = ?").bind(grown.size).execute(connection).await?;
    Ok(grown)
}

/// Whether the hashes of a tile above the leaves are those of the tiles below, from that of the first leaf
/// on that nobody has signed: anybody can put something there that looks like a hash, and it would be
/// signed.
async fn follows(
    connection: &mut SqliteConnection,
    id: TileId,
    hashes: &[u8],
    signed: u64,
) -> Result<(), sqlx::Error> {
    let signed = signed >> (8 * u32::from(id.level)).min(63);
    let first = id.index.saturating_mul(TILE_WIDTH as u64);
    for (place, hash) in (first..).zip(hashes.chunks(32)).skip_while(|(at, _)| *at < signed) {
        let below = TileId { level: id.level - 1, index: place };
        let full = tile(connection, below).await?.filter(|below| below.len() == TILE_BYTES);
        if full.is_none_or(|below| tile_root(&below).0 != hash) {
            return Err(Unfit::from(WrongTile { tile: id }).into());
        }
    }
    Ok(())
}

/// The hashes of the entries that follow those in the tree.
async fn leaves(
    connection: &mut SqliteConnection,
    reach: Reach,
    through: i64,
    limit: i64,
) -> Result<Vec<Digest>, sqlx::Error> {
    let next = "SELECT sequence, leaf_hash FROM audit_log WHERE sequence > ? AND sequence <= ? \
                ORDER BY sequence LIMIT ?";
    let rows = sqlx::query(next)
        .bind(reach.newest())
        .bind(through)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    let mut leaves = Vec::with_capacity(rows.len());
    for (expected, row) in (reach.newest() + 1..).zip(rows) {
        let sequence: i64 = row.try_get(0)?;
        if sequence != expected {
            return Err(Unfit::Missing { sequence: expected }.into());
        }
        let hash: Option<&[u8]> = row.try_get(1)?;
        let hash = hash.and_then(|hash| Digest::from_slice(hash).ok());
        leaves.push(hash.ok_or(Unfit::Unhashed { sequence })?);
    }
    Ok(leaves)
}

/// What a tile holds.
pub(in crate::seaorm) async fn tile(
    connection: &mut SqliteConnection,
    id: TileId,
) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar("SELECT hashes FROM audit_tile WHERE level = ? AND place = ?")
        .bind(i64::from(id.level))
        .bind(id.index.cast_signed())
        .fetch_optional(connection)
        .await
}
