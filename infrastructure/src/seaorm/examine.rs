//! What a file is, before anything is written to it.

use std::io::{ErrorKind, Read};
use std::path::Path;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::migration::{APPLICATION_ID, ARCHIVE_ID, SCHEMA_VERSION};
use super::{OpenError, archive};

/// What the first bytes of every SQLite database are.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnDisk {
    /// Nothing, or an empty file.
    Nothing,
    /// A SQLite database, as far as can be told without one.
    Database,
    /// A Zstandard frame, as an archive lies in one.
    Compressed,
}

/// What a database is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Nobody's yet: there is nothing in it.
    Empty,
    /// An audit log that needs nothing.
    Current,
    /// An audit log of an earlier version.
    Earlier,
    /// An archive: a part of an audit log, which nothing is added to.
    Archive,
}

/// Looks at the path and the file's first bytes, without opening a database.
pub(super) fn on_disk(file: &Path) -> Result<OnDisk, OpenError> {
    let named = || file.to_owned();
    if file.is_dir() {
        return Err(OpenError::Directory { file: named() });
    }
    let mut start = Vec::with_capacity(MAGIC.len());
    let read = std::fs::File::open(file)
        .and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut start));
    match read {
        Ok(0) => Ok(OnDisk::Nothing),
        Ok(_) if start.starts_with(&archive::MAGIC) => Ok(OnDisk::Compressed),
        Ok(_) if start == MAGIC || has_journal(file) => Ok(OnDisk::Database),
        Ok(_) => Err(OpenError::NotADatabase { file: named() }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(OnDisk::Nothing),
        Err(error) => Err(OpenError::Storage { file: named(), source: std::sync::Arc::new(error) }),
    }
}

/// Whether a crash left a journal, without which the first bytes say nothing yet.
fn has_journal(file: &Path) -> bool {
    let mut journal = file.as_os_str().to_owned();
    journal.push("-journal");
    Path::new(&journal).exists()
}

/// The marks of a database.
pub(super) struct Marks {
    pub(super) application_id: i64,
    pub(super) user_version: i64,
    objects: i64,
}

/// Reads the marks, in one glance.
pub(super) async fn marks(database: &impl ConnectionTrait) -> Result<Marks, DbErr> {
    let question = "SELECT (SELECT application_id FROM pragma_application_id), \
                    (SELECT user_version FROM pragma_user_version), \
                    (SELECT count(*) FROM sqlite_schema)";
    let row = database.query_one_raw(Statement::from_string(DbBackend::Sqlite, question)).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(question.to_owned()))?;
    Ok(Marks {
        application_id: row.try_get_by_index(0)?,
        user_version: row.try_get_by_index(1)?,
        objects: row.try_get_by_index(2)?,
    })
}

impl Marks {
    /// Whose database it is.
    pub(super) fn judge(&self, file: &Path) -> Result<Known, OpenError> {
        let (found, known) = (self.user_version, SCHEMA_VERSION);
        match self.application_id {
            APPLICATION_ID | ARCHIVE_ID if found > known => {
                Err(OpenError::NewerSchema { file: file.to_owned(), found, known })
            }
            APPLICATION_ID if found == known => Ok(Known::Current),
            APPLICATION_ID => Ok(Known::Earlier),
            ARCHIVE_ID => Ok(Known::Archive),
            0 if self.objects == 0 && found == 0 => Ok(Known::Empty),
            other => Err(OpenError::ForeignApplication { file: file.to_owned(), found: other }),
        }
    }
}
