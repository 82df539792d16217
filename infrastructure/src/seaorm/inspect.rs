//! The state of the file, for `indelible doctor`.
//!
//! Deliberately absent: computing anything anew that was signed, which `indelible verify` does.

mod schema;
mod tree;

use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::{Fact, Inspection};
use domain::{AuditInspect, QueryError};
use sea_orm::sqlx::{self, Row};

use super::examine::marks;
use super::log::SeaOrmAuditLog;
use super::migration::{APPLICATION_ID, ARCHIVE_ID, SCHEMA_VERSION};
use super::problem::{Trouble, Troubled as _, query_error};
use super::storage::is_recent_enough;
use schema::Schema;
use tree::inspect_tree;

#[async_trait]
impl AuditInspect for SeaOrmAuditLog {
    async fn inspect(&self) -> Result<Inspection, QueryError> {
        let storage = self.storage()?;
        let readers = storage.readers();
        let pool = readers.get_sqlite_connection_pool();
        let mut facts = vec![Fact::fine("file", storage.file().display())];

        let size = std::fs::metadata(storage.file())
            .map_err(|error| QueryError::Storage(Arc::new(error)))?
            .len();
        facts.push(Fact::fine("size", format!("{size} bytes")));

        let version: String = one(pool, "SELECT sqlite_version()").await?;
        facts.push(expect(
            "SQLite",
            &version,
            is_recent_enough(&version),
            "versions before 3.51.3 can lose commits: build with a newer one",
        ));

        let marks = marks(readers).await.map_err(query_error)?;
        facts.push(expect(
            "application id",
            marks.application_id,
            marks.application_id == if storage.is_archive() { ARCHIVE_ID } else { APPLICATION_ID },
            "the file is no audit log: name another one",
        ));
        // One who only reads leaves an earlier version as it is.
        let earlier =
            storage.writer().is_none() && (1..SCHEMA_VERSION).contains(&marks.user_version);
        facts.push(if earlier {
            let then = format!(
                "{}; it becomes {SCHEMA_VERSION} when it is written to",
                marks.user_version
            );
            Fact::fine("schema version", then)
        } else {
            expect(
                "schema version",
                marks.user_version,
                marks.user_version == SCHEMA_VERSION,
                "the file was changed by another program: restore it from a copy",
            )
        });

        let journal: String = one(pool, "SELECT journal_mode FROM pragma_journal_mode").await?;
        facts.push(if storage.is_immutable() {
            // Opened as one that nobody changes, it has no journal, whatever it has for others.
            Fact::fine("journal mode", "not examined, since nothing can be made beside the file")
        } else {
            expect(
                "journal mode",
                &journal,
                journal == "wal",
                "readers and writers block each other: open the log for writing once",
            )
        });
        if let Some(writer) = storage.writer() {
            let synchronous = writer.synchronous().await.map_err(query_error)?;
            facts.push(expect(
                "synchronous",
                ["off", "normal", "full", "extra"]
                    .get(usize::try_from(synchronous).unwrap_or(usize::MAX))
                    .unwrap_or(&"unknown"),
                synchronous == storage.options().durability.synchronous(),
                "it is not what was asked for: start the program anew",
            ));
        }
        let version = if earlier { marks.user_version } else { SCHEMA_VERSION };
        facts.extend(self.inspect_record(pool, version).await?);
        Ok(Inspection { facts })
    }

    /// Every page is looked at, and no index compared with its table, which takes five times as long.
    async fn damage(&self) -> Result<Vec<String>, QueryError> {
        let pool = self.storage()?.readers().get_sqlite_connection_pool();
        let found: Result<Vec<String>, _> =
            sqlx::query_scalar("PRAGMA quick_check(10)").fetch_all(pool).await;
        match found {
            Ok(found) => {
                // Each with a line above it that names the database, of which there is one.
                let lines = found.iter().flat_map(|found| found.lines());
                let said = lines.filter(|line| *line != "ok" && !line.starts_with("***"));
                Ok(said.map(str::to_owned).collect())
            }
            Err(damaged) if damaged.trouble() == Trouble::Corrupt => Ok(vec![damaged.to_string()]),
            Err(error) => Err(query_error(error)),
        }
    }
}

impl SeaOrmAuditLog {
    /// Whether the record is whole, in a file of this version of the schema.
    async fn inspect_record(
        &self,
        pool: &sqlx::SqlitePool,
        version: i64,
    ) -> Result<Vec<Fact>, QueryError> {
        const DAMAGED: &str = "the file is damaged: copy it away as it is, with what lies beside it, and put a \
             backup in its place; `indelible verify COPY` says what the copy is still worth";
        let findings: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(3)")
            .fetch_all(pool)
            .await
            .map_err(query_error)?;
        let findings = findings.join("; ");
        let mut facts = vec![expect("integrity", &findings, findings == "ok", DAMAGED)];
        if findings != "ok" {
            // What else a damaged file says about itself is worth nothing.
            return Ok(facts);
        }

        let schema = Schema::read(pool, version).await?;
        facts.extend(schema.facts());
        let record = sqlx::query(RECORD).fetch_one(pool).await.map_err(query_error)?;
        let number = |column: usize| record.try_get::<Option<i64>, _>(column).map_err(query_error);
        let entries = number(0)?.unwrap_or_default();
        facts.push(Fact::fine("entries", entries));
        if let (Some(first), Some(last)) = (number(1)?, number(2)?) {
            facts.push(Fact::fine("sequences", format!("{first} to {last}")));
            let missing = last - first + 1 - entries;
            facts.push(match number(3)? {
                Some(gap) => Fact::wrong(
                    "gaps",
                    format!("{missing} missing, the first is {gap}"),
                    "entries were removed from the middle of the record: restore it from a copy",
                ),
                None => Fact::fine("gaps", "none"),
            });
        }
        facts.push(match number(4)? {
            Some(back) => Fact::wrong(
                "recorded_at",
                format!("goes back at {back}"),
                "the record was changed from outside: restore it from a copy",
            ),
            None => Fact::fine("recorded_at", "never goes back"),
        });
        let unreadable: Option<i64> = one(pool, NO_OBJECT).await?;
        facts.push(match unreadable {
            Some(first) => Fact::wrong(
                "details and extensions",
                format!("entry {first} is the first that holds no JSON object"),
                "the record was changed from outside: restore it from a copy",
            ),
            None => Fact::fine("details and extensions", "JSON objects"),
        });
        facts.push(expect(
            "retention",
            if number(5)? == Some(0) { "at rest" } else { "a permit was left behind" },
            number(5)? == Some(0),
            "anybody may delete: remove it with `DELETE FROM audit_retention_permit`",
        ));
        // An earlier version has none of these, and a damaged file may lack them.
        // Of tables that were changed nothing more can be asked, and that they were is said above.
        if ["audit_log", "audit_tree", "audit_tile"].iter().all(|table| schema.has_as_made(table)) {
            facts.extend(inspect_tree(self.storage()?).await?);
        }
        if schema.has("audit_hold") {
            let holds: i64 = one(pool, "SELECT count(*) FROM audit_hold").await?;
            facts.push(Fact::fine(
                "legal holds",
                some_of(holds, " in force; see `indelible hold list`"),
            ));
        }
        if schema.has("audit_subscription") && schema.has("audit_dead_letter") {
            facts.extend(inspect_subscriptions(pool).await?);
        }
        Ok(facts)
    }
}

/// How many durable subscriptions there are, and what they could not handle. Whether one that has
/// halted is a problem is for the application's health to say: the record is whole.
async fn inspect_subscriptions(pool: &sqlx::SqlitePool) -> Result<Vec<Fact>, QueryError> {
    let counts = "SELECT (SELECT count(*) FROM audit_subscription), \
                  (SELECT count(*) FROM audit_dead_letter)";
    let (subscriptions, letters): (i64, i64) =
        sqlx::query_as(counts).fetch_one(pool).await.map_err(query_error)?;
    let halted = "SELECT name FROM audit_subscription WHERE state = 'halted' ORDER BY name";
    let halted: Vec<String> =
        sqlx::query_scalar(halted).fetch_all(pool).await.map_err(query_error)?;
    let standing = match &halted[..] {
        [] => subscriptions.to_string(),
        halted => format!("{subscriptions}, of which halted: {}", halted.join(", ")),
    };
    let letters = some_of(letters, "; see `indelible dead-letters`");
    Ok(vec![Fact::fine("subscriptions", standing), Fact::fine("dead letters", letters)])
}

/// How many there are, and what else is to be said of some.
fn some_of(count: i64, besides: &str) -> String {
    if count == 0 { "none".to_owned() } else { format!("{count}{besides}") }
}

/// The first entry whose details, or extensions where it has any, are no JSON object.
const NO_OBJECT: &str = "SELECT min(sequence) FROM audit_log WHERE \
    CASE WHEN json_valid(details) THEN json_type(details) <> 'object' ELSE TRUE END \
    OR (extensions IS NOT NULL AND \
        CASE WHEN json_valid(extensions) THEN json_type(extensions) <> 'object' ELSE TRUE END)";

/// How many, first, last, first missing, first that goes back in time, permits left behind.
const RECORD: &str = "SELECT \
    (SELECT count(*) FROM audit_log), \
    (SELECT min(sequence) FROM audit_log), \
    (SELECT max(sequence) FROM audit_log), \
    (SELECT min(sequence) + 1 FROM audit_log AS entry \
     WHERE sequence < (SELECT max(sequence) FROM audit_log) \
     AND NOT EXISTS (SELECT 1 FROM audit_log WHERE sequence = entry.sequence + 1)), \
    (SELECT min(sequence) FROM audit_log AS entry \
     WHERE recorded_at < (SELECT recorded_at FROM audit_log WHERE sequence < entry.sequence \
                          ORDER BY sequence DESC LIMIT 1)), \
    (SELECT count(*) FROM audit_retention_permit)";

fn expect(what: &str, found: impl std::fmt::Display, fine: bool, problem: &str) -> Fact {
    if fine { Fact::fine(what, found) } else { Fact::wrong(what, found, problem) }
}

async fn one<T>(pool: &sqlx::SqlitePool, question: &'static str) -> Result<T, QueryError>
where
    T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    sqlx::query_scalar(question).fetch_one(pool).await.map_err(query_error)
}
