//! What the tree is asked for: where it stands, rows as they are, what was kept.
//!
//! Deliberately absent: judging any of it. A row that makes no sense is shown as it is.

use chrono::{DateTime, Utc};
use domain::Sequence;
use domain::ports::{KeptCheckpoint, KeptKey, LeafCheck, TreeStanding};
use domain::proof::{StoredEntry, Unprovable};
use futures::{StreamExt, TryStreamExt};
use sea_orm::sqlx::sqlite::SqliteRow;
use sea_orm::sqlx::{self, AssertSqlSafe, Row, SqliteConnection, SqlitePool};

use crate::moment;
use crate::seaorm::decode::sequence;

pub(super) async fn standing(pool: &SqlitePool) -> Result<Option<TreeStanding>, sqlx::Error> {
    let row = sqlx::query("SELECT log_id, genesis, size FROM audit_tree").fetch_optional(pool);
    let Some(row) = row.await? else { return Ok(None) };
    let (genesis, size): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
    Ok(Some(TreeStanding {
        log_id: row.try_get(0)?,
        genesis: sequence(genesis),
        // The schema refuses a negative one.
        size: size.cast_unsigned(),
    }))
}

pub(super) async fn newest(pool: &SqlitePool) -> Result<Sequence, sqlx::Error> {
    let newest = "SELECT coalesce(max(sequence), 0) FROM audit_log";
    Ok(sequence(sqlx::query_scalar(newest).fetch_one(pool).await?))
}

/// Every column of an entry, in the order of [`entry`].
pub(in crate::seaorm) const ENTRY: &str = "SELECT sequence, recorded_at, schema_version, event_id, \
    source, event_type, occurred_at, subject, plan_id, project_name, session_id, actor, \
    user_identity, correlation_id, causation_id, trace_id, extensions, details, leaf_hash, \
    personal_salt, details_salt, erased FROM audit_log";

type Query = sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

/// The question for the entries from one on.
fn from_on(from: i64, limit: i64) -> Query {
    let entries = format!("{ENTRY} WHERE sequence >= ? ORDER BY sequence LIMIT ?");
    sqlx::query(AssertSqlSafe(entries)).bind(from).bind(limit)
}

/// The entries from one on.
pub(in crate::seaorm) async fn entries(
    readers: impl sqlx::SqliteExecutor<'_>,
    from: i64,
    limit: i64,
) -> Result<Vec<StoredEntry>, sqlx::Error> {
    from_on(from, limit).fetch_all(readers).await?.iter().map(entry).collect()
}

/// The leaves of the entries from one on, as a connection sees them that is about to change something.
pub(super) async fn checked(
    connection: &mut SqliteConnection,
    from: i64,
    limit: i64,
) -> Result<Vec<LeafCheck>, sqlx::Error> {
    // One after the other: a row may be large, and nothing of it is needed but the hash.
    from_on(from, limit).fetch(connection).map(|row| leaf(&row?)).try_collect().await
}

/// The leaf of a row. One that is not even text does not keep the others from being looked at.
fn leaf(row: &SqliteRow) -> Result<LeafCheck, sqlx::Error> {
    match entry(row) {
        Ok(entry) => Ok(LeafCheck::of(&entry)),
        Err(sqlx::Error::ColumnDecode { .. }) => Ok(LeafCheck {
            sequence: sequence(row.try_get(0)?),
            stored: None,
            computed: Err(Unprovable { field: "a column" }),
            erased: false,
        }),
        Err(error) => Err(error),
    }
}

/// An entry exactly as it is stored.
pub(in crate::seaorm) fn entry(row: &SqliteRow) -> Result<StoredEntry, sqlx::Error> {
    Ok(StoredEntry {
        sequence: sequence(row.try_get(0)?),
        recorded_at: row.try_get(1)?,
        schema_version: row.try_get(2)?,
        event_id: row.try_get(3)?,
        source: row.try_get(4)?,
        event_type: row.try_get(5)?,
        occurred_at: row.try_get(6)?,
        subject: row.try_get(7)?,
        plan_id: row.try_get(8)?,
        project_name: row.try_get(9)?,
        session_id: row.try_get(10)?,
        actor: row.try_get(11)?,
        user_identity: row.try_get(12)?,
        correlation_id: row.try_get(13)?,
        causation_id: row.try_get(14)?,
        trace_id: row.try_get(15)?,
        extensions: row.try_get(16)?,
        details: row.try_get(17)?,
        leaf_hash: row.try_get(18)?,
        personal_salt: row.try_get(19)?,
        details_salt: row.try_get(20)?,
        erased: row.try_get(21)?,
    })
}

pub(super) async fn checkpoints(
    pool: &SqlitePool,
    question: &'static str,
    after: i64,
    limit: i64,
) -> Result<Vec<KeptCheckpoint>, sqlx::Error> {
    let rows = sqlx::query(question).bind(after).bind(limit).fetch_all(pool).await?;
    let checkpoint = |row: SqliteRow| {
        let size: i64 = row.try_get(0)?;
        Ok(KeptCheckpoint {
            size: size.cast_unsigned(),
            note: row.try_get(1)?,
            kept_at: when(&row, 2),
        })
    };
    rows.into_iter().map(checkpoint).collect()
}

pub(super) async fn keys(pool: &SqlitePool) -> Result<Vec<KeptKey>, sqlx::Error> {
    let all = "SELECT verifier_key, kept_at FROM audit_signing_key ORDER BY id";
    let rows = sqlx::query(all).fetch_all(pool).await?;
    let key =
        |row: SqliteRow| Ok(KeptKey { verifier_key: row.try_get(0)?, kept_at: when(&row, 1) });
    rows.into_iter().map(key).collect()
}

/// When something was kept. Nothing is proven by it: where somebody has put something else in its place,
/// it is the beginning of time, so that what was signed can still be looked at.
fn when(row: &SqliteRow, column: usize) -> DateTime<Utc> {
    let text: Result<&str, _> = row.try_get(column);
    text.ok().and_then(|text| moment::parse(text).ok()).unwrap_or(DateTime::UNIX_EPOCH)
}
