//! Writing: one connection, one batch at a time.
//!
//! A batch is first written on the assumption that nobody else has written since and that all of
//! it is new; the database refuses it where that is wrong, and then it is written by looking first.
//!
//! Deliberately absent: gathering entries into batches, which is the bus's business.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{AppendError, Clock, ReceiptStatus};
use sea_orm::DatabaseConnection;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::sqlite::SqliteConnection;
use sea_orm::sqlx::{self, Connection, Row, Sqlite};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::insert::{Chunk, NewRow, insert_arguments, lookup_arguments};
use super::problem::{Patience, Trouble, Troubled, append_error};
use crate::moment;

/// The newest entry, as far as we know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    sequence: i64,
    recorded_at: DateTime<Utc>,
}

/// What the one that writes works with.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Kept, so that a write costs no trip through the pool.
    connection: Option<PoolConnection<Sqlite>>,
    /// Known only after a success.
    head: Option<Head>,
}

/// The right to write.
pub(super) type Turn = OwnedMutexGuard<State>;

/// What became of one entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    pub(super) sequence: i64,
    pub(super) recorded_at: DateTime<Utc>,
    pub(super) status: ReceiptStatus,
}

/// The one connection that writes.
#[derive(Debug)]
pub(super) struct Writer {
    database: DatabaseConnection,
    lock_timeout: Duration,
    state: Arc<Mutex<State>>,
}

impl Writer {
    pub(super) fn new(database: DatabaseConnection, lock_timeout: Duration) -> Self {
        Self { database, lock_timeout, state: Arc::default() }
    }

    /// Waits for its turn to write. Whoever has it hands it to the task that writes, so that one
    /// that goes away while it waits has written nothing, and later the next one waits for it.
    pub(super) async fn turn(&self) -> Turn {
        Arc::clone(&self.state).lock_owned().await
    }

    /// The connection to write through.
    pub(super) async fn connection<'turn>(
        &self,
        turn: &'turn mut State,
    ) -> Result<&'turn mut SqliteConnection, sqlx::Error> {
        if turn.connection.is_none() {
            turn.connection = Some(self.pool().acquire().await?);
        }
        turn.connection.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    pub(super) fn lock_timeout(&self) -> Duration {
        self.lock_timeout
    }

    /// Appends rows: all of them or none. Runs to its end once started, so callers that may go
    /// away start it as a task of its own.
    pub(super) async fn append(
        &self,
        mut turn: Turn,
        rows: &[NewRow],
        clock: &dyn Clock,
    ) -> Result<Vec<Placed>, AppendError> {
        let patience = Patience::of(self.lock_timeout);
        loop {
            let outcome = self.append_once(&mut turn, rows, clock).await;
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
        let head = turn.head.take();
        let connection = self.connection(turn).await?;
        if let Some(head) = head {
            match append_blindly(connection, head, rows, clock).await {
                Err(error) if error.trouble() == Trouble::Constraint => {}
                Err(error) => return Err(error),
                Ok((newest, placed)) => {
                    turn.head = Some(newest);
                    return Ok(placed);
                }
            }
        }
        let (newest, placed) = append_looking(connection, rows, clock).await?;
        turn.head = newest;
        Ok(placed)
    }

    /// The setting as SQLite reads it back.
    pub(super) async fn synchronous(&self) -> Result<i64, sqlx::Error> {
        let mut turn = self.turn().await;
        let connection = self.connection(&mut turn).await?;
        sqlx::query_scalar("SELECT synchronous FROM pragma_synchronous").fetch_one(connection).await
    }

    /// Folds the write-ahead log back, as far as readers let us, and closes the connection.
    pub(super) async fn close(&self) {
        let mut turn = self.turn().await;
        if let Some(mut connection) = turn.connection.take() {
            // Whatever these cannot do, the next process that opens the file does.
            let _ = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&mut *connection).await;
            let _ = connection.close().await;
        }
        self.pool().close().await;
    }

    fn pool(&self) -> &sqlx::SqlitePool {
        self.database.get_sqlite_connection_pool()
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
mod tests {
    use domain::{AuditAppend, AuditEntry, AuditQuery, EventEnvelope, EventType, Receipt};

    use super::super::problem::open_error;
    use super::super::{AuditStorage, OpenError, SeaOrmAuditLog, StorageOptions};
    use super::*;

    struct Log {
        _folder: tempfile::TempDir,
        storage: AuditStorage,
        log: SeaOrmAuditLog,
    }

    impl Log {
        async fn with_clock(clock: Arc<dyn Clock>) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let options = StorageOptions::new(folder.path().join("audit.db"));
            let storage = AuditStorage::connect(options).await.unwrap();
            let log = SeaOrmAuditLog::new(storage.clone(), clock);
            Self { _folder: folder, storage, log }
        }

        async fn new() -> Self {
            Self::with_clock(Arc::new(crate::clock::SystemClock)).await
        }

        /// Runs a statement on the connection that writes.
        async fn tell_writer(&self, statement: &'static str) -> Result<(), sqlx::Error> {
            let writer = self.storage.writer().unwrap();
            let mut turn = writer.turn().await;
            let connection = writer.connection(&mut turn).await?;
            sqlx::query(statement).execute(connection).await.map(drop)
        }

        async fn append(&self, name: &str, entries: usize) -> Result<Vec<Receipt>, AppendError> {
            let batch: Vec<_> = (0..entries).map(|n| entry(&format!("{name}-{n}"))).collect();
            self.log.append(&batch).await
        }
    }

    fn entry(id: &str) -> AuditEntry {
        AuditEntry::new(EventEnvelope {
            event_id: id.to_owned(),
            event_type: EventType::from_static("plan.created"),
            schema_version: 1,
            occurred_at: DateTime::UNIX_EPOCH,
            source: "urn:tests".to_owned(),
            subject: Some("x".repeat(2000)),
            plan_id: None,
            project_name: None,
            session_id: None,
            actor: None,
            user_identity: None,
            correlation_id: None,
            causation_id: None,
            trace_id: None,
            extensions: domain::Details::new(),
            details: domain::Details::new(),
        })
    }

    #[tokio::test]
    async fn a_full_disk_is_told_and_records_nothing_and_room_mends_it() {
        let log = Log::new().await;
        log.append("before", 3).await.unwrap();
        // The file may not grow any more, as on a full disk.
        log.tell_writer("PRAGMA max_page_count = 1").await.unwrap();
        for size in [64, 65, 600] {
            let refused = log.append("refused", size).await;
            assert!(matches!(refused, Err(AppendError::Full(_))), "{refused:?}");
            assert_eq!(log.log.span().await.unwrap().entries, 3, "all or nothing");
        }
        log.tell_writer("PRAGMA max_page_count = 100000").await.unwrap();
        let receipts = log.append("after", 600).await.unwrap();
        assert_eq!(receipts[0].sequence.0, 4);
    }

    #[tokio::test]
    async fn a_log_that_may_not_be_written_says_so() {
        let log = Log::new().await;
        log.tell_writer("PRAGMA query_only = 1").await.unwrap();
        for size in [1, 3] {
            let refused = log.append("refused", size).await;
            assert!(matches!(refused, Err(AppendError::ReadOnly(_))), "{refused:?}");
        }
        let refused = log.tell_writer("DELETE FROM audit_log").await.unwrap_err();
        let refused = open_error(log.storage.file(), refused, Duration::ZERO);
        assert!(matches!(refused, OpenError::ReadOnly { .. }), "{refused:?}");
        assert!(refused.to_string().contains("the right to write"), "{refused}");
    }

    /// A clock that shows what it was set to; it breaks when it was set to nothing.
    struct Broken(std::sync::Mutex<Option<DateTime<Utc>>>);

    #[async_trait::async_trait]
    impl Clock for Broken {
        fn now(&self) -> DateTime<Utc> {
            let now = *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            now.expect("this clock is broken")
        }

        async fn sleep(&self, _: Duration) {}
    }

    #[tokio::test]
    async fn a_broken_clock_fails_one_append_and_harms_none_after_it() {
        let clock = Arc::new(Broken(std::sync::Mutex::default()));
        let log = Log::with_clock(Arc::clone(&clock) as Arc<dyn Clock>).await;
        let set = |time| *clock.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = time;
        for broken in [None, Some(DateTime::<Utc>::MAX_UTC), None] {
            set(broken);
            let refused = log.append("refused", 2).await;
            assert!(matches!(refused, Err(AppendError::Storage(_))), "{refused:?}");
            set(Some(DateTime::UNIX_EPOCH));
            log.append(&format!("after {broken:?}"), 1).await.unwrap();
        }
        // The broken clock is asked before anything is written, by both ways of writing.
        assert_eq!(log.log.span().await.unwrap().entries, 2);
    }
}
