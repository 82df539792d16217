//! Copying the oldest entries and the tree into a file of the current schema.
//!
//! Deliberately absent: compressing it.

use std::path::Path;

use domain::audit::retention::Prefix;
use domain::ports::ArchiveError;
use domain::proof::StoredEntry;
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqliteSynchronous,
};
use sea_orm::sqlx::{self, ConnectOptions as _, Connection, QueryBuilder, Row, Sqlite};
use sea_orm_migration::MigratorTrait;

use super::storage_error;
use crate::seaorm::decode::sequence;
use crate::seaorm::migration::{ARCHIVE_ID, Migrator};
use crate::seaorm::storage::open;
use crate::seaorm::tree::{compare, not_as_recorded, stored_entries};

/// How many entries are copied by one statement.
const ENTRIES: i64 = 128;

/// How many tiles, of 8 KiB at most, are copied by one statement.
const TILES: i64 = 32;

/// Copies all entries up to and including `through` and the whole of the tree, as they are at one moment;
/// `None` where there are no such entries, and then `file` is nothing to keep.
pub(super) async fn copy(
    readers: &SqlitePool,
    file: &Path,
    through: i64,
) -> Result<Option<Prefix>, ArchiveError> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        // Nobody has it yet, and it is synced once it is compressed.
        .journal_mode(SqliteJournalMode::Off)
        .synchronous(SqliteSynchronous::Off)
        .disable_statement_logging();
    let database = open(options, 1);
    Migrator::up(&database, None).await.map_err(storage_error)?;
    let target = database.get_sqlite_connection_pool();
    let copied = fill(readers, target, through).await;
    target.close().await;
    copied.map_err(|error| match not_as_recorded(&error) {
        Some(sequence) => ArchiveError::Changed { sequence },
        None => storage_error(error),
    })
}

async fn fill(
    readers: &SqlitePool,
    target: &SqlitePool,
    through: i64,
) -> Result<Option<Prefix>, sqlx::Error> {
    let mut source = readers.acquire().await?;
    // One transaction, so that entries and tree are of one moment, whoever prunes meanwhile.
    let mut source = source.begin().await?;
    let ends = "SELECT coalesce(min(sequence), 1), coalesce(max(sequence), 0) FROM audit_log \
                WHERE sequence <= ?";
    let (first, last): (i64, i64) =
        sqlx::query_as(ends).bind(through).fetch_one(&mut *source).await?;
    compare(&mut source, first, last).await?;
    let mut target = target.acquire().await?;
    let mut transaction = target.begin().await?;
    // They keep a record from being changed; this one is made. They come back as they were.
    let guards: Vec<(String, String)> =
        sqlx::query_as("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
            .fetch_all(&mut *transaction)
            .await?;
    for (name, _) in &guards {
        run(&mut transaction, format!("DROP TRIGGER {name}")).await?;
    }
    let range = entries(&mut source, &mut transaction, through).await?;
    if range.is_some() {
        tree(&mut source, &mut transaction).await?;
    }
    for (_, sql) in guards {
        run(&mut transaction, sql).await?;
    }
    transaction.commit().await?;
    source.rollback().await?;
    run(&mut target, format!("PRAGMA application_id = {ARCHIVE_ID}")).await?;
    // As every record is.
    run(&mut target, "PRAGMA journal_mode = WAL".to_owned()).await?;
    Ok(range)
}

async fn run(connection: &mut SqliteConnection, statement: String) -> Result<(), sqlx::Error> {
    // What is run here was read from our own schema.
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(connection).await.map(|_| ())
}

async fn entries(
    source: &mut SqliteConnection,
    target: &mut SqliteConnection,
    through: i64,
) -> Result<Option<Prefix>, sqlx::Error> {
    let mut range: Option<Prefix> = None;
    let mut next = 0;
    loop {
        let mut page = stored_entries(&mut *source, next, ENTRIES).await?;
        page.retain(|entry| entry.sequence <= sequence(through));
        let (Some(first), Some(last)) = (page.first(), page.last()) else { return Ok(range) };
        let from = range.map_or(first.sequence, |range| range.from);
        range = Some(Prefix { from, through: last.sequence });
        next = last.sequence.next().0.cast_signed();
        insert(target, page).await?;
    }
}

async fn insert(
    target: &mut SqliteConnection,
    entries: Vec<StoredEntry>,
) -> Result<(), sqlx::Error> {
    let mut statement: QueryBuilder<Sqlite> = QueryBuilder::new(
        "INSERT INTO audit_log (sequence, recorded_at, schema_version, event_id, source, \
         event_type, occurred_at, subject, plan_id, project_name, session_id, actor, \
         user_identity, correlation_id, causation_id, trace_id, extensions, details, leaf_hash, \
         personal_salt, details_salt, erased) ",
    );
    statement.push_values(entries, |mut row, entry| {
        row.push_bind(entry.sequence.0.cast_signed())
            .push_bind(entry.recorded_at)
            .push_bind(entry.schema_version)
            .push_bind(entry.event_id)
            .push_bind(entry.source)
            .push_bind(entry.event_type)
            .push_bind(entry.occurred_at)
            .push_bind(entry.subject)
            .push_bind(entry.plan_id)
            .push_bind(entry.project_name)
            .push_bind(entry.session_id)
            .push_bind(entry.actor)
            .push_bind(entry.user_identity)
            .push_bind(entry.correlation_id)
            .push_bind(entry.causation_id)
            .push_bind(entry.trace_id)
            .push_bind(entry.extensions)
            .push_bind(entry.details)
            .push_bind(entry.leaf_hash)
            .push_bind(entry.personal_salt)
            .push_bind(entry.details_salt)
            .push_bind(entry.erased);
    });
    statement.build().execute(target).await.map(|_| ())
}

/// Copies where the tree stands, its tiles, and what was signed about it.
async fn tree(
    source: &mut SqliteConnection,
    target: &mut SqliteConnection,
) -> Result<(), sqlx::Error> {
    let (log_id, genesis, size): (String, i64, i64) =
        sqlx::query_as("SELECT log_id, genesis, size FROM audit_tree")
            .fetch_one(&mut *source)
            .await?;
    sqlx::query("UPDATE audit_tree SET log_id = ?, genesis = ?, size = ?")
        .bind(log_id)
        .bind(genesis)
        .bind(size)
        .execute(&mut *target)
        .await?;
    // There is no such level.
    let mut after = (-1, 0);
    loop {
        let some = "SELECT level, place, hashes FROM audit_tile WHERE (level, place) > (?, ?) \
                    ORDER BY level, place LIMIT ?";
        let tiles = sqlx::query(some)
            .bind(after.0)
            .bind(after.1)
            .bind(TILES)
            .fetch_all(&mut *source)
            .await?;
        let Some(last) = tiles.last() else { break };
        after = (last.try_get::<i64, _>(0)?, last.try_get::<i64, _>(1)?);
        for tile in tiles {
            sqlx::query("INSERT INTO audit_tile (level, place, hashes) VALUES (?, ?, ?)")
                .bind(tile.try_get::<i64, _>(0)?)
                .bind(tile.try_get::<i64, _>(1)?)
                .bind(tile.try_get::<Vec<u8>, _>(2)?)
                .execute(&mut *target)
                .await?;
        }
    }
    for (question, keep) in [
        (
            "SELECT size, note, kept_at FROM audit_checkpoint ORDER BY size",
            "INSERT INTO audit_checkpoint (size, note, kept_at) VALUES (?, ?, ?)",
        ),
        (
            "SELECT id, verifier_key, kept_at FROM audit_signing_key ORDER BY id",
            "INSERT INTO audit_signing_key (id, verifier_key, kept_at) VALUES (?, ?, ?)",
        ),
    ] {
        let kept: Vec<(i64, String, String)> =
            sqlx::query_as(question).fetch_all(&mut *source).await?;
        for (number, text, kept_at) in kept {
            sqlx::query(keep).bind(number).bind(text).bind(kept_at).execute(&mut *target).await?;
        }
    }
    Ok(())
}
