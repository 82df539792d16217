//! What SQLite's errors mean: the one place where its codes are read.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::ports::StorageProblem;
use domain::{AppendError, QueryError};
use sea_orm::sqlx;
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};

use super::OpenError;
use super::scan::ScanError;

/// What kind of trouble an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Somebody else holds a lock; trying again helps.
    Busy,
    /// No room on the disk.
    Full,
    /// Not allowed to write, or to open at all.
    ReadOnly,
    /// The file is damaged or no database.
    Corrupt,
    /// A constraint or a trigger refused the statement.
    Constraint,
    /// The statement itself is wrong: its words, a name in it, or a value.
    Statement,
    /// The pool was closed.
    Closed,
    /// Anything else.
    Other,
}

/// The content of a virtual table, such as an index for a full-text search, is damaged.
const CORRUPT_VTAB: u32 = 267;

/// The index of the write-ahead log, the file `-shm`, cannot be made as large as it has to be.
const NO_ROOM_FOR_SHM: u32 = 4874;

/// An error of the storage, of whichever library's type.
pub(super) trait Troubled: Error + Send + Sync + Sized + 'static {
    /// What kind of trouble it is.
    fn trouble(&self) -> Trouble;

    /// The error as a source.
    fn shared(self) -> StorageProblem {
        Arc::new(self)
    }
}

impl Troubled for sqlx::Error {
    fn trouble(&self) -> Trouble {
        let Self::Database(error) = self else {
            return if matches!(self, Self::PoolClosed) { Trouble::Closed } else { Trouble::Other };
        };
        let code = error.code().and_then(|code| code.parse::<u32>().ok()).unwrap_or_default();
        trouble_of(code)
    }

    fn shared(self) -> StorageProblem {
        match self {
            // What is in it was put there by us, and says all there is to say.
            Self::Decode(problem) => problem.into(),
            other => Arc::new(other),
        }
    }
}

impl Troubled for ScanError {
    fn trouble(&self) -> Trouble {
        match self {
            Self::Closed => Trouble::Closed,
            Self::Sqlite(
                rusqlite::Error::SqliteFailure(error, _)
                | rusqlite::Error::SqlInputError { error, .. },
            ) => trouble_of(error.extended_code.cast_unsigned()),
            Self::Sqlite(_) | Self::Gone(_) => Trouble::Other,
        }
    }
}

/// What an extended code of SQLite means.
fn trouble_of(code: u32) -> Trouble {
    // What a virtual table keeps is a product's own: the log has none.
    if code == CORRUPT_VTAB {
        return Trouble::Statement;
    }
    // The primary code is that of any failure of the disk; of this one the fix is known.
    if code == NO_ROOM_FOR_SHM {
        return Trouble::Full;
    }
    // The low byte is the primary code; what stands above it says which variety.
    match code & 0xff {
        5 | 6 => Trouble::Busy,
        8 | 14 => Trouble::ReadOnly,
        11 | 26 => Trouble::Corrupt,
        13 => Trouble::Full,
        19 => Trouble::Constraint,
        1 | 18 | 20 | 25 => Trouble::Statement,
        _ => Trouble::Other,
    }
}

impl Troubled for DbErr {
    fn trouble(&self) -> Trouble {
        match self {
            Self::Conn(RuntimeErr::SqlxError(error))
            | Self::Exec(RuntimeErr::SqlxError(error))
            | Self::Query(RuntimeErr::SqlxError(error)) => error.trouble(),
            Self::ConnectionAcquire(ConnAcquireErr::ConnectionClosed) => Trouble::Closed,
            _ => Trouble::Other,
        }
    }
}

/// The error of an append that waited this long.
pub(super) fn append_error(error: impl Troubled, waited: Duration) -> AppendError {
    match error.trouble() {
        Trouble::Busy => AppendError::Locked { waited_secs: waited.as_secs() },
        Trouble::Full => AppendError::Full(error.shared()),
        Trouble::ReadOnly => AppendError::ReadOnly(error.shared()),
        Trouble::Corrupt => AppendError::Corrupt(error.shared()),
        Trouble::Closed => AppendError::Closed,
        Trouble::Constraint | Trouble::Statement | Trouble::Other => {
            AppendError::Storage(error.shared())
        }
    }
}

/// The error of a question.
pub(super) fn query_error(error: impl Troubled) -> QueryError {
    match error.trouble() {
        Trouble::Corrupt => QueryError::Corrupt(error.shared()),
        Trouble::Closed => QueryError::Closed,
        _ => QueryError::Storage(error.shared()),
    }
}

/// The error of opening a file, after having waited this long.
pub(super) fn open_error(file: &Path, error: impl Troubled, waited: Duration) -> OpenError {
    let file = file.to_owned();
    match error.trouble() {
        Trouble::Busy => OpenError::Locked { file, waited_secs: waited.as_secs() },
        Trouble::ReadOnly => OpenError::ReadOnly { file, source: error.shared() },
        Trouble::Corrupt => OpenError::NotADatabase { file },
        Trouble::Full => OpenError::Full { file, source: error.shared() },
        _ => OpenError::Storage { file, source: error.shared() },
    }
}

/// How long to go on trying while others hold the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    started: Instant,
    limit: Duration,
}

impl Patience {
    /// How long to pause between two attempts.
    pub(super) const PAUSE: Duration = Duration::from_millis(5);

    pub(super) fn of(limit: Duration) -> Self {
        Self { started: Instant::now(), limit }
    }

    /// How long to pause before trying again; `None` when trying again makes no sense or there is
    /// no time left.
    pub(super) fn pause_after<T>(&self, outcome: &Result<T, impl Troubled>) -> Option<Duration> {
        let busy = outcome.as_ref().is_err_and(|error| error.trouble() == Trouble::Busy);
        self.pause().filter(|_| busy)
    }

    /// How long to pause before looking again; `None` when there is no time left.
    pub(super) fn pause(&self) -> Option<Duration> {
        (self.waited() < self.limit).then_some(Self::PAUSE)
    }

    pub(super) fn waited(&self) -> Duration {
        self.started.elapsed()
    }
}

#[cfg(test)]
mod tests;
