//! Rows as subscriptions and dead letters, and questions about them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::subscription::{
    DeadLetter, SubscriptionFailure, SubscriptionName, SubscriptionState, SubscriptionStatus,
};
use domain::{QueryError, Sequence};
use sea_orm::sqlx::sqlite::{SqliteConnection, SqliteRow};
use sea_orm::sqlx::{self, ColumnIndex, Decode, Row, Sqlite, Type};

use super::SeaOrmSubscriptionStore;
use crate::moment;
use crate::seaorm::decode::sequence;
use crate::seaorm::problem::query_error;

/// All subscriptions, or the one that is named.
const STATUSES: &str = "SELECT name, cursor, reach, state, token, holder, lease_until, \
    failed_at, failed_sequence, failed_errors, created_at, \
    (SELECT count(*) FROM audit_dead_letter WHERE subscription = audit_subscription.name) AS letters \
    FROM audit_subscription WHERE ?1 IS NULL OR name = ?1 ORDER BY name";

/// All dead letters, or those of the subscription that is named.
const LETTERS: &str = "SELECT subscription, sequence, attempts, errors, failed_at, retry_requested \
    FROM audit_dead_letter WHERE ?1 IS NULL OR subscription = ?1 ORDER BY subscription, sequence";

/// A file of the schema's first version has no subscriptions, and cannot be given any by a reader.
const KEEPS_ANY: &str = "SELECT count(*) FROM sqlite_schema WHERE name = 'audit_subscription'";

impl SeaOrmSubscriptionStore {
    /// All subscriptions, or the one that is named.
    pub(super) async fn statuses(
        &self,
        name: Option<&SubscriptionName>,
    ) -> Result<Vec<SubscriptionStatus>, QueryError> {
        self.answer(STATUSES, name).await?.iter().map(status).collect()
    }

    /// All dead letters, or those of the subscription that is named.
    pub(super) async fn letters(
        &self,
        of: Option<&SubscriptionName>,
    ) -> Result<Vec<DeadLetter>, QueryError> {
        self.answer(LETTERS, of).await?.iter().map(letter).collect()
    }

    async fn answer(
        &self,
        question: &'static str,
        name: Option<&SubscriptionName>,
    ) -> Result<Vec<SqliteRow>, QueryError> {
        let pool = self.storage.readers().get_sqlite_connection_pool();
        if self.storage.writer().is_none() {
            let there: i64 =
                sqlx::query_scalar(KEEPS_ANY).fetch_one(pool).await.map_err(query_error)?;
            if there == 0 {
                return Ok(Vec::new());
            }
        }
        let name = name.map(SubscriptionName::as_str);
        sqlx::query(question).bind(name).fetch_all(pool).await.map_err(query_error)
    }
}

/// A subscription as it stands within a transaction.
pub(super) async fn find(
    connection: &mut SqliteConnection,
    name: &SubscriptionName,
) -> Result<Option<SubscriptionStatus>, QueryError> {
    let found = sqlx::query(STATUSES).bind(name.as_str()).fetch_optional(connection).await;
    found.map_err(query_error)?.as_ref().map(status).transpose()
}

/// What keeps a row from being read.
#[derive(Debug, thiserror::Error)]
#[error("the {column} of subscription `{name}` cannot be read: run `indelible doctor`")]
struct Unreadable {
    name: String,
    column: &'static str,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// A row, whose subscription is known.
struct Of<'row> {
    name: String,
    row: &'row SqliteRow,
}

impl Of<'_> {
    fn unreadable(
        &self,
        column: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> QueryError {
        let (name, source) = (self.name.clone(), source.into());
        QueryError::Storage(Arc::new(Unreadable { name, column, source }))
    }

    fn get<'row, T>(&'row self, column: &'static str) -> Result<T, QueryError>
    where
        T: Decode<'row, Sqlite> + Type<Sqlite>,
        &'static str: ColumnIndex<SqliteRow>,
    {
        self.row.try_get(column).map_err(|problem| self.unreadable(column, problem))
    }

    fn named(&self) -> Result<SubscriptionName, QueryError> {
        SubscriptionName::new(self.name.clone()).map_err(|problem| self.unreadable("name", problem))
    }

    fn count(&self, column: &'static str) -> Result<u64, QueryError> {
        let count: i64 = self.get(column)?;
        u64::try_from(count).map_err(|problem| self.unreadable(column, problem))
    }

    fn moment(&self, column: &'static str) -> Result<DateTime<Utc>, QueryError> {
        self.read_moment(column, self.get(column)?)
    }

    fn read_moment(&self, column: &'static str, text: &str) -> Result<DateTime<Utc>, QueryError> {
        moment::parse(text).map_err(|problem| self.unreadable(column, problem))
    }

    fn errors(&self, column: &'static str, text: &str) -> Result<Vec<String>, QueryError> {
        serde_json::from_str(text).map_err(|problem| self.unreadable(column, problem))
    }
}

fn of<'row>(row: &'row SqliteRow, column: &str) -> Result<Of<'row>, QueryError> {
    Ok(Of { name: row.try_get(column).map_err(query_error)?, row })
}

fn status(row: &SqliteRow) -> Result<SubscriptionStatus, QueryError> {
    let row = of(row, "name")?;
    let holder: Option<String> = row.get("holder")?;
    let until: Option<&str> = row.get("lease_until")?;
    let until = until.map(|text| row.read_moment("lease_until", text)).transpose()?;
    let failed_at: Option<&str> = row.get("failed_at")?;
    let failed_at = failed_at.map(|text| row.read_moment("failed_at", text)).transpose()?;
    let failure = match failed_at {
        None => None,
        Some(at) => Some(SubscriptionFailure {
            sequence: row.get::<Option<i64>>("failed_sequence")?.map(sequence),
            errors: row.errors("failed_errors", row.get("failed_errors")?)?,
            at,
        }),
    };
    let state = match row.get("state")? {
        "paused" => SubscriptionState::Paused,
        "halted" => SubscriptionState::Halted,
        // The table takes no other.
        _ => SubscriptionState::Active,
    };
    Ok(SubscriptionStatus {
        name: row.named()?,
        cursor: sequence(row.get("cursor")?),
        reach: sequence(row.get("reach")?),
        state,
        holder: holder.zip(until),
        token: row.count("token")?,
        failure,
        dead_letters: row.count("letters")?,
        created_at: row.moment("created_at")?,
    })
}

fn letter(row: &SqliteRow) -> Result<DeadLetter, QueryError> {
    let row = of(row, "subscription")?;
    let attempts = row.count("attempts")?;
    Ok(DeadLetter {
        subscription: row.named()?,
        sequence: Sequence(row.count("sequence")?),
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        errors: row.errors("errors", row.get("errors")?)?,
        failed_at: row.moment("failed_at")?,
        retry_requested: row.get("retry_requested")?,
    })
}
