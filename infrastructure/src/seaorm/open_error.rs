//! Why an audit log was not opened, in words for whoever named the file.

use std::path::PathBuf;

use domain::ports::StorageProblem;

/// Why an audit log was not opened. The file is as it was before.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OpenError {
    /// There is nothing to read yet.
    #[error("there is no audit log at {}: record an event first, or name another file", file.display())]
    Missing {
        /// What was to be opened.
        file: PathBuf,
    },
    /// It is a directory.
    #[error("{} is a directory: name a file in it, such as {}", file.display(), file.join("audit.db").display())]
    Directory {
        /// What was to be opened.
        file: PathBuf,
    },
    /// It is a file, but no SQLite database, or one that is damaged from the start.
    #[error(
        "{} is not a readable SQLite database: name another file, or restore this one from a copy",
        file.display()
    )]
    NotADatabase {
        /// What was to be opened.
        file: PathBuf,
    },
    /// It is a database that belongs to another program.
    #[error(
        "{} belongs to another program (application_id {found}) and was left untouched: \
         name another file",
        file.display()
    )]
    ForeignApplication {
        /// What was to be opened.
        file: PathBuf,
        /// The application id found in it; 0 where the other program set none.
        found: i64,
    },
    /// It is an audit log of a later version of this program.
    #[error(
        "{} has schema version {found} and was left untouched: this program knows versions up to \
         {known}; update it",
        file.display()
    )]
    NewerSchema {
        /// What was to be opened.
        file: PathBuf,
        /// The version found.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// Other processes held it for longer than we wait.
    #[error(
        "{} stayed locked by another process for {waited_secs} s: find out which one holds it, \
         then try again",
        file.display()
    )]
    Locked {
        /// What was to be opened.
        file: PathBuf,
        /// How long we waited, in seconds.
        waited_secs: u64,
    },
    /// We may not write to it.
    #[error(
        "{} cannot be written: give this user the right to write to the file and its folder, or \
         name another file",
        file.display()
    )]
    ReadOnly {
        /// What was to be opened.
        file: PathBuf,
        /// What was refused.
        #[source]
        source: StorageProblem,
    },
    /// There is no room for what SQLite keeps beside it.
    #[error(
        "{file} could not be opened: there is no room on its disk, or within this user's limits, for \
         {file}-wal and {file}-shm, which are kept beside it, also for reading; make room, then try again",
        file = file.display()
    )]
    Full {
        /// What was to be opened.
        file: PathBuf,
        /// What was refused.
        #[source]
        source: StorageProblem,
    },
    /// The SQLite library is one that can lose commits.
    #[error(
        "{} was not opened: the SQLite library is version {found}, and versions before 3.51.3 can \
         lose commits; build with a newer one",
        file.display()
    )]
    SqliteTooOld {
        /// What was to be opened.
        file: PathBuf,
        /// The library's version.
        found: String,
    },
    /// It is an archive, which can only be read.
    #[error(
        "{} is an archive of entries that were removed: it can be read, and nothing is added to it",
        file.display()
    )]
    Archive {
        /// What was to be opened.
        file: PathBuf,
    },
    /// It is an archive, and could not be unpacked.
    #[error(
        "{} could not be unpacked: it is damaged, or there is no room in the folder for temporary \
         files, which TMPDIR names",
        file.display()
    )]
    Unpack {
        /// What was to be opened.
        file: PathBuf,
        /// What went wrong.
        #[source]
        source: StorageProblem,
    },
    /// The folder or the file could not be made.
    #[error("{} could not be created: make its folder, or name another file", file.display())]
    Create {
        /// What was to be opened.
        file: PathBuf,
        /// What the operating system said.
        #[source]
        source: StorageProblem,
    },
    /// The storage failed otherwise.
    #[error("{} could not be opened: look at the cause below, then try again", file.display())]
    Storage {
        /// What was to be opened.
        file: PathBuf,
        /// What the storage said.
        #[source]
        source: StorageProblem,
    },
}
