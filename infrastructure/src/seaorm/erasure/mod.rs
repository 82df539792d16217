//! Erasing values: the one UPDATE of an entry that the database lets through.
//!
//! Deliberately absent: which digests stay for what goes, which is the domain's; and who may.

mod changed;
mod held;
mod readers;
mod scrub;

use std::sync::Arc;

use async_trait::async_trait;
use domain::audit::legal_hold::{HeldEntry, LegalHold};
use domain::audit::{Erasure, ErasureCount, ErasureSelection};
use domain::ports::{ErasedChunk, ErasureError};
use domain::proof::StoredEntry;
use domain::{AuditErasure, Sequence};
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Row, SqliteConnection, SqlitePool};
use shaku::{Component, Module, ModuleBuildContext};

use super::AuditStorage;
use super::decode::sequence;
use super::filter::stored;
use super::log::{Unusable, problem};
use super::problem::{Patience, Trouble, Troubled};
use super::tree::{ENTRY, Reach, as_recorded};
use super::writer::{State, Writer, is_sound};

/// Erases from the audit log on SQLite. See [`domain::ports`] for what it promises.
pub struct SeaOrmAuditErasure {
    storage: Option<AuditStorage>,
}

impl SeaOrmAuditErasure {
    /// Erases from the record in an open storage.
    #[must_use]
    pub fn new(storage: AuditStorage) -> Self {
        Self { storage: Some(storage) }
    }

    fn storage(&self) -> Result<&AuditStorage, ErasureError> {
        self.storage.as_ref().ok_or(ErasureError::NotKept)
    }

    fn readers(&self) -> Result<&SqlitePool, ErasureError> {
        Ok(self.storage()?.readers().get_sqlite_connection_pool())
    }

    fn writer(&self) -> Result<&Arc<Writer>, ErasureError> {
        let writer = self.storage()?.writer();
        writer.ok_or_else(|| ErasureError::ReadOnly(problem(Unusable::OpenedReadOnly)))
    }
}

/// What a failure of the storage means to one who erases, after having waited this long.
pub(super) fn erasure_error(error: impl Troubled, patience: Patience) -> ErasureError {
    match error.trouble() {
        Trouble::Busy => ErasureError::Locked { waited_secs: patience.waited().as_secs() },
        Trouble::Full => ErasureError::Full(error.shared()),
        Trouble::ReadOnly => ErasureError::ReadOnly(error.shared()),
        // All statements here are right for a file of this version.
        Trouble::Statement => ErasureError::EarlierVersion,
        _ => ErasureError::Storage(error.shared()),
    }
}

/// Entries that are meant, by the value bound first.
fn meant(selection: &ErasureSelection) -> &'static str {
    match selection {
        ErasureSelection::User(_) => "(user_identity = ?1 OR actor = 'human:' || ?1)",
        ErasureSelection::Subject(_) => "subject = ?1",
        ErasureSelection::Correlation(_) => "correlation_id = ?1",
        ErasureSelection::Entry(_) => "sequence = ?1",
    }
}

/// Entries that are meant and have something to lose.
fn condition(erasure: &Erasure) -> String {
    let details = if erasure.details {
        " OR details_salt IS NOT NULL OR extensions IS NOT NULL OR details <> '{}'"
    } else {
        ""
    };
    format!(
        "{} AND (personal_salt IS NOT NULL OR actor IS NOT NULL OR subject IS NOT NULL \
         OR user_identity IS NOT NULL{details})",
        meant(&erasure.selection)
    )
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

/// A question, with what is meant bound first.
fn ask<'q>(question: String, selection: &ErasureSelection) -> Query<'q> {
    // The texts are all ours; what comes from outside is bound.
    let query = sqlx::query(AssertSqlSafe(question));
    match selection {
        ErasureSelection::User(text)
        | ErasureSelection::Subject(text)
        | ErasureSelection::Correlation(text) => query.bind(text.clone()),
        ErasureSelection::Entry(sequence) => query.bind(stored(*sequence)),
    }
}

#[async_trait]
impl AuditErasure for SeaOrmAuditErasure {
    async fn count(&self, erasure: &Erasure) -> Result<ErasureCount, ErasureError> {
        let patience = Patience::of(self.storage()?.options().lock_timeout);
        let count = format!(
            "SELECT count(*), min(sequence), max(sequence) FROM audit_log WHERE {}",
            condition(erasure)
        );
        let counted = async {
            let row = ask(count, &erasure.selection).fetch_one(self.readers()?).await;
            let read = |row: sqlx::sqlite::SqliteRow| {
                let (first, last): (Option<i64>, Option<i64>) = (row.try_get(1)?, row.try_get(2)?);
                let range = first.zip(last).map(|(one, other)| (sequence(one), sequence(other)));
                Ok(ErasureCount { entries: row.try_get::<i64, _>(0)?.cast_unsigned(), range })
            };
            row.and_then(read).map_err(|error| erasure_error(error, patience))
        };
        counted.await
    }

    async fn held(
        &self,
        erasure: &Erasure,
        holds: &[LegalHold],
        through: Sequence,
    ) -> Result<Vec<HeldEntry>, ErasureError> {
        let patience = Patience::of(self.storage()?.options().lock_timeout);
        let held = held::held(self.readers()?, erasure, holds, through).await;
        held.map_err(|error| erasure_error(error, patience))
    }

    async fn changed(
        &self,
        erasure: &Erasure,
        through: Sequence,
    ) -> Result<Option<Sequence>, ErasureError> {
        let patience = Patience::of(self.storage()?.options().lock_timeout);
        let changed = changed::changed(self.readers()?, erasure, through).await;
        changed.map_err(|error| erasure_error(error, patience))
    }

    async fn erase(
        &self,
        erasure: &Erasure,
        after: Sequence,
        through: Sequence,
        limit: u32,
    ) -> Result<ErasedChunk, ErasureError> {
        let writer = self.writer()?;
        let patience = Patience::of(writer.lock_timeout());
        // Looked for without the right to write, so that nobody waits while a long record is read.
        let find = format!(
            "SELECT sequence FROM audit_log WHERE {} AND sequence > ?2 AND sequence <= ?3 \
             ORDER BY sequence LIMIT ?4",
            condition(erasure)
        );
        let found = ask(find, &erasure.selection)
            .bind(stored(after))
            .bind(stored(through))
            .bind(i64::from(limit))
            .fetch_all(self.readers()?)
            .await
            .and_then(|rows| rows.iter().map(|row| row.try_get::<i64, _>(0)).collect());
        let found: Vec<i64> = found.map_err(|error| erasure_error(error, patience))?;
        let Some(last) = found.last() else { return Ok(ErasedChunk::default()) };
        let mut turn = writer.turn().await;
        let entries = loop {
            let outcome = writer.erase_once(&mut turn, erasure, &found).await;
            turn.settle(is_sound(&outcome));
            let Some(pause) = patience.pause_after(&outcome) else {
                break outcome.map_err(|error| erasure_error(error, patience))?;
            };
            tokio::time::sleep(pause).await;
        };
        Ok(ErasedChunk { entries: entries?, reached: Some(sequence(*last)) })
    }

    async fn scrub(&self) -> Result<(), ErasureError> {
        let storage = self.storage()?;
        self.writer()?.scrub(storage.file()).await
    }
}

impl Writer {
    /// Erases a chunk, whole or not at all. The outer error is the storage's, the inner one an
    /// entry's.
    async fn erase_once(
        &self,
        turn: &mut State,
        erasure: &Erasure,
        found: &[i64],
    ) -> Result<Result<u64, ErasureError>, sqlx::Error> {
        let connection = self.connection_to_change(turn).await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        // A permit that another program left behind must not stand in the way.
        sqlx::query("INSERT OR REPLACE INTO audit_erasure_permit (id) VALUES (1)")
            .execute(&mut *transaction)
            .await?;
        let again = format!("{ENTRY} WHERE {} AND sequence = ?2", condition(erasure));
        let reach = Reach::read(&mut transaction).await?;
        let mut erased = 0;
        for place in found {
            // Judged here and not before: it may have been pruned or erased meanwhile.
            let row = ask(again.clone(), &erasure.selection)
                .bind(place)
                .fetch_optional(&mut *transaction)
                .await?;
            let Some(row) = row else { continue };
            let sequence = sequence(*place);
            let Some(mut stored) = as_recorded(&mut transaction, reach, &row).await? else {
                transaction.rollback().await?;
                return Ok(Err(ErasureError::Changed { sequence }));
            };
            match stored.erase(erasure.details) {
                Ok(false) => continue,
                Ok(true) => {
                    if let Err(error) = put(&mut transaction, *place, stored).await {
                        // A hold may have been placed since it was asked for; a guard keeps it.
                        let held = held::holding(&mut transaction, *place).await?.ok_or(error)?;
                        transaction.rollback().await?;
                        return Ok(Err(ErasureError::Held(held)));
                    }
                }
                Err(unfit) => {
                    transaction.rollback().await?;
                    return Ok(Err(ErasureError::Unfit { sequence, field: unfit.field }));
                }
            }
            erased += 1;
        }
        sqlx::query("DELETE FROM audit_erasure_permit").execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Ok(erased))
    }
}

/// Puts an erased entry in the place of what it was.
async fn put(
    connection: &mut SqliteConnection,
    place: i64,
    entry: StoredEntry,
) -> Result<(), sqlx::Error> {
    let update = "UPDATE audit_log SET subject = ?, actor = ?, user_identity = ?, \
                  personal_salt = ?, extensions = ?, details = ?, details_salt = ?, erased = ? \
                  WHERE sequence = ?";
    sqlx::query(update)
        .bind(entry.subject)
        .bind(entry.actor)
        .bind(entry.user_identity)
        .bind(entry.personal_salt)
        .bind(entry.extensions)
        .bind(entry.details)
        .bind(entry.details_salt)
        .bind(entry.erased)
        .bind(place)
        .execute(connection)
        .await
        .map(drop)
}

/// What the component is built from.
#[derive(Default)]
pub struct SeaOrmAuditErasureParameters {
    /// The storage of the record, opened beforehand, since building is synchronous. Without one, as
    /// where the record is kept by an adapter of a product's own, nothing can be erased.
    pub storage: Option<AuditStorage>,
}

impl<M: Module> Component<M> for SeaOrmAuditErasure {
    type Interface = dyn AuditErasure;
    type Parameters = SeaOrmAuditErasureParameters;

    fn build(_: &mut ModuleBuildContext<M>, parameters: Self::Parameters) -> Box<dyn AuditErasure> {
        Box::new(Self { storage: parameters.storage })
    }
}
