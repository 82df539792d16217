//! Overwriting what SQLite still keeps of values that are no longer on record.
//!
//! `PRAGMA secure_delete` while values are erased is not enough: it overwrites what is deleted while it is
//! on, and neither the copies that moving rows from page to page has left in unused parts of pages
//! before, nor rows that were pruned before. It would have to be on for whoever appends or prunes. So the
//! database is written anew (`VACUUM`), which leaves no page that holds more than what is on record, and
//! its write-ahead log is folded back and cut to nothing. That way appends and pruning pay nothing.
//!
//! Deliberately absent: what the file system and the disk keep of bytes that a program has overwritten.

use std::path::Path;

use domain::ports::ErasureError;
use sea_orm::sqlx::{self, Row};

use super::erasure_error;
use super::readers::readers_of;
use crate::seaorm::problem::{Patience, Trouble, Troubled};
use crate::seaorm::writer::{State, Turn, Writer, is_sound};

impl Writer {
    /// Writes the database anew and empties its write-ahead log. Who appends waits meanwhile.
    pub(super) async fn scrub(&self, file: &Path) -> Result<(), ErasureError> {
        let patience = Patience::of(self.lock_timeout());
        let mut turn = self.turn().await;
        loop {
            let outcome = self.write_anew(&mut turn).await;
            turn.settle(is_sound(&outcome));
            let Some(pause) = patience.pause_after(&outcome) else {
                outcome.map_err(|error| erasure_error(error, patience))?;
                break;
            };
            tokio::time::sleep(pause).await;
        }
        drop(turn);
        self.empty_log(file).await
    }

    async fn write_anew(&self, turn: &mut State) -> Result<(), sqlx::Error> {
        let connection = self.connection_to_change(turn).await?;
        // The copy that is made on the way may be larger than the memory.
        sqlx::query("PRAGMA temp_store = FILE").execute(&mut *connection).await?;
        let written = sqlx::query("VACUUM").execute(&mut *connection).await;
        sqlx::query("PRAGMA temp_store = MEMORY").execute(&mut *connection).await?;
        match written {
            Err(error) if has_no_place_for_a_copy(&error) => {
                sqlx::query("VACUUM").execute(&mut *connection).await.map(drop)
            }
            other => other.map(drop),
        }
    }

    /// Empties the write-ahead log. Others may append in between two attempts.
    async fn empty_log(&self, file: &Path) -> Result<(), ErasureError> {
        let patience = Patience::of(self.lock_timeout());
        loop {
            let mut turn = self.turn().await;
            let outcome = self.empty_log_once(&mut turn).await;
            turn.settle(is_sound(&outcome));
            drop(turn);
            if is_emptied(outcome).map_err(|error| erasure_error(error, patience))? {
                return Ok(());
            }
            let Some(pause) = patience.pause() else {
                return Err(ErasureError::InUse { readers: readers_of(file) });
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Whether it was emptied: somebody who reads, or writes just now, keeps it.
    async fn empty_log_once(&self, turn: &mut Turn) -> Result<bool, sqlx::Error> {
        let connection = self.connection_to_change(turn).await?;
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(connection).await?;
        Ok(row.try_get::<i64, _>(0)? == 0)
    }
}

/// Whether it is emptied. Whoever holds a lock keeps it as whoever reads does.
fn is_emptied(outcome: Result<bool, sqlx::Error>) -> Result<bool, sqlx::Error> {
    match outcome {
        Err(error) if error.trouble() == Trouble::Busy => Ok(false),
        outcome => outcome,
    }
}

/// Whether no folder for temporary files can be written, as in a container that may write to its volume
/// alone.
fn has_no_place_for_a_copy(error: &sqlx::Error) -> bool {
    const CANNOT_OPEN: &str = "14";
    const NO_TEMPORARY_PATH: &str = "6410";
    let sqlx::Error::Database(error) = error else { return false };
    error.code().is_some_and(|code| code == CANNOT_OPEN || code == NO_TEMPORARY_PATH)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::error::Error;

    use sea_orm::sqlx::error::{DatabaseError, ErrorKind};

    use super::*;

    /// What SQLite says, by its code.
    #[derive(Debug, thiserror::Error)]
    #[error("a test's")]
    struct Said(Option<&'static str>);

    impl DatabaseError for Said {
        fn message(&self) -> &'static str {
            "a test's"
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            self.0.map(Cow::Borrowed)
        }

        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    fn said(code: Option<&'static str>) -> sqlx::Error {
        sqlx::Error::Database(Box::new(Said(code)))
    }

    #[test]
    fn a_lock_in_the_way_is_waited_for_and_any_other_error_is_one() {
        assert!(is_emptied(Ok(true)).unwrap());
        assert!(!is_emptied(Ok(false)).unwrap());
        assert!(!is_emptied(Err(said(Some("5")))).unwrap());
        assert!(is_emptied(Err(said(Some("10")))).is_err());
    }

    #[test]
    fn of_all_errors_those_say_so_that_no_place_for_a_copy_is_found() {
        let says = |code| has_no_place_for_a_copy(&said(code));
        assert!(says(Some("14")) && says(Some("6410")));
        assert!(!says(Some("13")) && !says(Some("1")) && !says(None));
        assert!(!has_no_place_for_a_copy(&sqlx::Error::PoolClosed));
    }
}
