//! Reading the audit log of the platform that events came from before: an SQLite file.
//!
//! The file is opened for reading only and is never changed. Deliberately absent: what its rows
//! mean to us; see `application::import`.

use std::path::{Path, PathBuf};

use application::import::LegacyRow;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteRow};
use sea_orm::sqlx::{self, ConnectOptions as _, Row};

#[cfg(test)]
mod tests;

const COLUMNS: [&str; 8] = [
    "id",
    "event_type",
    "plan_id",
    "project_name",
    "actor_name",
    "user_identity",
    "details",
    "created_at",
];

/// Why an earlier audit log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LegacyError {
    /// There is no such file, it is no SQLite database, or it is damaged.
    #[error(
        "{} cannot be read: name an SQLite file that holds the earlier platform's audit_log",
        .file.display()
    )]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What SQLite said.
        #[source]
        source: sqlx::Error,
    },
    /// It is a database of something else.
    #[error(
        "{} has no table `audit_log`: name a file of the earlier platform's",
        .file.display()
    )]
    NoTable {
        /// The file.
        file: PathBuf,
    },
    /// It is the audit log of another version, or of another program.
    #[error(
        "the table `audit_log` of {} has no column {}: name a file of the earlier platform's, \
         which has the columns {}",
        .file.display(), .missing.join(", "), COLUMNS.join(", ")
    )]
    MissingColumns {
        /// The file.
        file: PathBuf,
        /// The columns that are missing.
        missing: Vec<&'static str>,
    },
}

/// An earlier audit log, open for reading.
#[derive(Debug)]
pub struct LegacyAuditLog {
    file: PathBuf,
    pool: SqlitePool,
}

impl LegacyAuditLog {
    /// Opens a file.
    ///
    /// # Errors
    /// When it is no SQLite file with the table and the columns of the earlier audit log.
    pub async fn open(file: &Path) -> Result<Self, LegacyError> {
        let unreadable = |source| LegacyError::Unreadable { file: file.to_owned(), source };
        let options =
            SqliteConnectOptions::new().filename(file).read_only(true).disable_statement_logging();
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options);
        let pool = pool.await.map_err(unreadable)?;
        let found: Vec<String> =
            sqlx::query_scalar("SELECT name FROM pragma_table_info('audit_log')")
                .fetch_all(&pool)
                .await
                .map_err(unreadable)?;
        if found.is_empty() {
            return Err(LegacyError::NoTable { file: file.to_owned() });
        }
        let missing: Vec<_> = COLUMNS
            .into_iter()
            .filter(|column| !found.iter().any(|name| name.eq_ignore_ascii_case(column)))
            .collect();
        if !missing.is_empty() {
            return Err(LegacyError::MissingColumns { file: file.to_owned(), missing });
        }
        Ok(Self { file: file.to_owned(), pool })
    }

    /// The event types in the file and how many rows have each.
    ///
    /// # Errors
    /// When the file cannot be read on.
    pub async fn event_types(&self) -> Result<Vec<(String, u64)>, LegacyError> {
        let text = "SELECT coalesce(CAST(event_type AS TEXT), ''), count(*) FROM audit_log \
                    GROUP BY 1 ORDER BY 1";
        let rows: Vec<(String, i64)> =
            sqlx::query_as(text).fetch_all(&self.pool).await.map_err(|e| self.unreadable(e))?;
        Ok(rows.into_iter().map(|(name, rows)| (name, rows.unsigned_abs())).collect())
    }

    /// The next rows after a position, in the order they were written; the first ones without it.
    /// The last row's position asks for the next ones. None are left when the answer is empty.
    ///
    /// # Errors
    /// When the file cannot be read on.
    pub async fn rows(
        &self,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<LegacyRow>, LegacyError> {
        let text = "SELECT rowid, coalesce(CAST(id AS TEXT), ''), \
                    coalesce(CAST(event_type AS TEXT), ''), CAST(plan_id AS TEXT), \
                    CAST(project_name AS TEXT), CAST(actor_name AS TEXT), \
                    CAST(user_identity AS TEXT), CAST(details AS TEXT), CAST(created_at AS TEXT) \
                    FROM audit_log WHERE rowid > ?1 ORDER BY rowid LIMIT ?2";
        sqlx::query(text)
            .bind(after.unwrap_or(i64::MIN))
            .bind(limit)
            .try_map(|row: SqliteRow| {
                Ok(LegacyRow {
                    position: row.try_get(0)?,
                    id: row.try_get(1)?,
                    event_type: row.try_get(2)?,
                    plan_id: row.try_get(3)?,
                    project_name: row.try_get(4)?,
                    actor_name: row.try_get(5)?,
                    user_identity: row.try_get(6)?,
                    details: row.try_get(7)?,
                    created_at: row.try_get(8)?,
                })
            })
            .fetch_all(&self.pool)
            .await
            .map_err(|source| self.unreadable(source))
    }

    fn unreadable(&self, source: sqlx::Error) -> LegacyError {
        LegacyError::Unreadable { file: self.file.clone(), source }
    }
}
