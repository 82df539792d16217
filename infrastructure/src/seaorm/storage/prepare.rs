//! Finding out what a file is, making one, and bringing it to the current schema.
//!
//! Deliberately absent: writing to a file before it is known to be ours or nobody's.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Arc;

use sea_orm::sqlx::{self, sqlite::SqliteConnectOptions};
use sea_orm::{
    DatabaseConnection, DbErr, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;

use super::pools::open;
use crate::seaorm::examine::{Known, Marks, marks};
use crate::seaorm::migration::Migrator;
use crate::seaorm::problem::{Patience, Trouble, Troubled, open_error};
use crate::seaorm::{Access, OpenError, StorageOptions};

/// Looks into a database without being able to change it. `None` when only a writer can tell,
/// because a crash left something to be rolled back first.
pub(super) async fn examine(
    options: &StorageOptions,
    reading: &SqliteConnectOptions,
) -> Result<Option<Known>, OpenError> {
    let file = options.file.as_path();
    let patience = Patience::of(options.lock_timeout);
    let database = open(reading.clone(), 1);
    let found = loop {
        let found = marks(&database).await;
        let Some(pause) = patience.pause_after(&found) else { break found };
        tokio::time::sleep(pause).await;
    };
    database.get_sqlite_connection_pool().close().await;
    match found {
        Ok(marks) => marks.judge(file).map(Some),
        Err(error)
            if options.access == Access::ReadWrite && error.trouble() == Trouble::ReadOnly =>
        {
            Ok(None)
        }
        Err(error) => Err(open_error(file, error, patience.waited())),
    }
}

/// Whether what was written last may still lie in a file beside the database.
pub(super) fn has_write_ahead_log(file: &Path) -> bool {
    let mut beside = file.as_os_str().to_owned();
    beside.push("-wal");
    Path::new(&beside).metadata().is_ok_and(|log| log.len() > 0)
}

/// Makes an empty file and the folders above it.
pub(super) fn create(file: &Path) -> Result<(), OpenError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut how = OpenOptions::new();
    // Not truncated: another process may have filled it since we looked.
    how.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
    folder
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| how.open(file).map(drop))
        .map_err(|error| OpenError::Create { file: file.to_owned(), source: Arc::new(error) })
}

/// Brings a file that is ours or nobody's to the current schema.
pub(super) async fn prepare(
    database: &DatabaseConnection,
    file: &Path,
    patience: Patience,
) -> Result<(), OpenError> {
    loop {
        let outcome = prepare_once(database, file).await;
        let Some(pause) = patience.pause_after(&outcome) else {
            return match outcome {
                Ok(verdict) => verdict,
                Err(error) => Err(open_error(file, error, patience.waited())),
            };
        };
        tokio::time::sleep(pause).await;
    }
}

/// One attempt. The inner result is the verdict on the file, which another attempt would not
/// change.
async fn prepare_once(
    database: &DatabaseConnection,
    file: &Path,
) -> Result<Result<(), OpenError>, DbErr> {
    let judge = |found: &Marks| found.judge(file);
    if let Err(refused) = judge(&marks(database).await?) {
        return Ok(Err(refused));
    }
    // Asked for by statement, since the change needs the file for itself and may have to wait.
    sqlx::query("PRAGMA journal_mode = WAL")
        .execute(database.get_sqlite_connection_pool())
        .await
        .map_err(|error| DbErr::Exec(sea_orm::RuntimeErr::SqlxError(Arc::new(error))))?;
    if matches!(judge(&marks(database).await?), Ok(Known::Current)) {
        return Ok(Ok(()));
    }
    let transaction = database
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        })
        .await?;
    // Another process may have been here between the glance and the lock.
    match judge(&marks(&transaction).await?) {
        Ok(Known::Current) => Ok(Ok(())),
        Ok(Known::Empty | Known::Earlier) => {
            Migrator::up(&transaction, None).await?;
            transaction.commit().await.map(Ok)
        }
        Ok(Known::Archive) => Ok(Err(OpenError::Archive { file: file.to_owned() })),
        Err(refused) => Ok(Err(refused)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::has_write_ahead_log;

    #[test]
    fn what_lies_in_a_log_beside_the_database_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("audit.db");
        assert!(!has_write_ahead_log(&file), "there is none");
        let log = folder.path().join("audit.db-wal");
        fs::write(&log, "").unwrap();
        assert!(!has_write_ahead_log(&file), "nothing is in it");
        fs::write(&log, "x").unwrap();
        assert!(has_write_ahead_log(&file));
    }
}
