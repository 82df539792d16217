//! Appending, one batch at a time.
//!
//! A batch is first written on the assumption that nobody else has written since and that all of
//! it is new; the database refuses it where that is wrong, and then it is written by looking first.
//!
//! Deliberately absent: gathering entries into batches, which is the bus's business.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{AppendError, Clock, ReceiptStatus};
use sea_orm::sqlx::sqlite::SqliteConnection;
use sea_orm::sqlx::{self, Connection, Row};

use super::insert::{Chunk, NewRow, insert_arguments, lookup_arguments};
use super::problem::{Patience, Trouble, Troubled, append_error};
use super::tree::{Reach, Unfit};
use super::writer::{State, Turn, Writer, is_sound};
use crate::moment;

/// The newest entry, as far as we know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    sequence: i64,
    recorded_at: DateTime<Utc>,
}

/// What became of one entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    pub(super) sequence: i64,
    pub(super) recorded_at: DateTime<Utc>,
    pub(super) status: ReceiptStatus,
}

impl Writer {
    /// Appends rows: all of them or none, also when the future is dropped. A statement that was
    /// handed to the connection's thread runs to its end there, and a transaction that nobody
    /// waits for any more is rolled back as its connection is closed. The next one opens another and
    /// reads the head again, as it does after a failure.
    pub(super) async fn append(
        &self,
        mut turn: Turn,
        rows: &[NewRow],
        clock: &dyn Clock,
    ) -> Result<Vec<Placed>, AppendError> {
        let patience = Patience::of(self.lock_timeout());
        loop {
            let outcome = self.append_once(&mut turn, rows, clock).await;
            turn.settle(is_sound(&outcome));
            let Some(pause) = patience.pause_after(&outcome) else {
                return outcome.map_err(|error| append_error(error, patience.waited()));
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn append_once(
        &self,
        turn: &mut State,
        rows: &[NewRow],
        clock: &dyn Clock,
    ) -> Result<Vec<Placed>, sqlx::Error> {
        let head = turn.remembered.take();
        let connection = self.connection_to_change(turn).await?;
        if let Some(head) = head {
            match append_blindly(connection, head, rows, clock).await {
                Err(error) if error.trouble() == Trouble::Constraint => {}
                Err(error) => return Err(error),
                Ok((newest, placed)) => {
                    turn.remembered = Some(newest);
                    return Ok(placed);
                }
            }
        }
        let (newest, placed) = append_looking(connection, rows, clock).await?;
        turn.remembered = newest;
        Ok(placed)
    }
}

/// Appends after a head that may be out of date; a constraint refuses the batch if it is, or if
/// one of its events is on record.
async fn append_blindly(
    connection: &mut SqliteConnection,
    head: Head,
    rows: &[NewRow],
    clock: &dyn Clock,
) -> Result<(Head, Vec<Placed>), sqlx::Error> {
    let stamp = Stamp::after(Some(head), clock)?;
    let rows: Vec<&NewRow> = rows.iter().collect();
    let chunks = Chunk::cover(rows.len());
    if let [only] = chunks[..] {
        // One statement is a transaction of its own.
        insert(connection, only, &rows, &stamp).await?;
    } else {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        for chunk in chunks {
            insert(&mut transaction, chunk, &rows, &stamp).await?;
        }
        transaction.commit().await?;
    }
    Ok((stamp.head(rows.len()), (0..rows.len()).map(|place| stamp.placed(place)).collect()))
}

/// Appends what is not on record yet, under a lock.
async fn append_looking(
    connection: &mut SqliteConnection,
    rows: &[NewRow],
    clock: &dyn Clock,
) -> Result<(Option<Head>, Vec<Placed>), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let head = read_head(&mut transaction).await?;
    refuse_shortened(&mut transaction, head).await?;
    let stamp = Stamp::after(head, clock)?;
    let on_record = find_on_record(&mut transaction, rows).await?;
    let mut fresh: Vec<&NewRow> = Vec::with_capacity(rows.len());
    let mut placed: Vec<Placed> = Vec::with_capacity(rows.len());
    let mut seen: HashMap<(&str, &str), Placed> = HashMap::new();
    for (place, row) in rows.iter().enumerate() {
        let known = on_record.get(&place).or_else(|| seen.get(&row.identity()));
        placed.push(if let Some(first) = known {
            Placed { status: ReceiptStatus::AlreadyOnRecord, ..*first }
        } else {
            let new = stamp.placed(fresh.len());
            seen.insert(row.identity(), new);
            fresh.push(row);
            new
        });
    }
    for chunk in Chunk::cover(fresh.len()) {
        insert(&mut transaction, chunk, &fresh, &stamp).await?;
    }
    transaction.commit().await?;
    let newest = if fresh.is_empty() { head } else { Some(stamp.head(fresh.len())) };
    Ok((newest, placed))
}

/// Where a batch goes: from which sequence on, and when it was recorded.
struct Stamp {
    first: i64,
    recorded_at: DateTime<Utc>,
    text: Arc<str>,
}

impl Stamp {
    /// The stamp of what follows the newest entry. Time does not go back.
    fn after(head: Option<Head>, clock: &dyn Clock) -> Result<Self, sqlx::Error> {
        let now = clock.now();
        let (first, recorded_at) =
            head.map_or((1, now), |head| (head.sequence + 1, head.recorded_at.max(now)));
        let text = moment::text(recorded_at).map_err(|error| sqlx::Error::Encode(error.into()))?;
        Ok(Self { first, recorded_at, text: text.into() })
    }

    fn sequence(&self, place: usize) -> i64 {
        // A batch lies in memory: its length is far below the range of a sequence.
        self.first.saturating_add_unsigned(place as u64)
    }

    fn placed(&self, place: usize) -> Placed {
        Placed {
            sequence: self.sequence(place),
            recorded_at: self.recorded_at,
            status: ReceiptStatus::Recorded,
        }
    }

    /// The newest entry once so many rows are written; at least one.
    fn head(&self, rows: usize) -> Head {
        Head { sequence: self.sequence(rows) - 1, recorded_at: self.recorded_at }
    }
}

async fn insert(
    connection: &mut SqliteConnection,
    chunk: Chunk,
    rows: &[&NewRow],
    stamp: &Stamp,
) -> Result<(), sqlx::Error> {
    let part = &rows[chunk.start..chunk.start + chunk.size];
    let arguments =
        insert_arguments(part.iter().copied(), stamp.sequence(chunk.start), &stamp.text)?;
    sqlx::query_with(chunk.insert(), arguments).execute(connection).await?;
    Ok(())
}

async fn read_head(connection: &mut SqliteConnection) -> Result<Option<Head>, sqlx::Error> {
    let newest = "SELECT sequence, recorded_at FROM audit_log ORDER BY sequence DESC LIMIT 1";
    let Some(row) = sqlx::query(newest).fetch_optional(connection).await? else {
        return Ok(None);
    };
    Ok(Some(Head { sequence: row.try_get(0)?, recorded_at: stored_moment(row.try_get(1)?)? }))
}

/// Refuses to append to a record whose newest entries were taken away: others would come to stand in the
/// places that the tree has the hashes of theirs in.
async fn refuse_shortened(
    connection: &mut SqliteConnection,
    head: Option<Head>,
) -> Result<(), sqlx::Error> {
    let newest = head.map_or(0, |head| head.sequence);
    // Whoever signs or verifies says that the tree is gone. What happens meanwhile is on record.
    let Some(reach) = Reach::find(connection).await? else { return Ok(()) };
    if newest < reach.newest() {
        return Err(Unfit::Shortened { sequence: newest.saturating_add(1) }.into());
    }
    Ok(())
}

/// Which rows are on record already, by their place in the batch.
async fn find_on_record(
    connection: &mut SqliteConnection,
    rows: &[NewRow],
) -> Result<HashMap<usize, Placed>, sqlx::Error> {
    let mut found = HashMap::new();
    for chunk in Chunk::cover(rows.len()) {
        let part = &rows[chunk.start..chunk.start + chunk.size];
        let arguments = lookup_arguments(part, chunk.start)?;
        for row in sqlx::query_with(chunk.lookup(), arguments).fetch_all(&mut *connection).await? {
            let place: i64 = row.try_get(0)?;
            let placed = Placed {
                sequence: row.try_get(1)?,
                recorded_at: stored_moment(row.try_get(2)?)?,
                status: ReceiptStatus::AlreadyOnRecord,
            };
            // A place comes back as it was given.
            found.insert(usize::try_from(place).unwrap_or_default(), placed);
        }
    }
    Ok(found)
}

fn stored_moment(text: &str) -> Result<DateTime<Utc>, sqlx::Error> {
    moment::parse(text).map_err(|error| sqlx::Error::Decode(error.into()))
}

#[cfg(test)]
pub(super) mod tests;
