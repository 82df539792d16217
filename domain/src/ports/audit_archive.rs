//! Archives of what is about to be removed.
//!
//! Deliberately absent: reading them. An archive is a record, and is opened as one.

use std::path::PathBuf;

use async_trait::async_trait;
use shaku::Interface;

use super::StorageProblem;
use crate::audit::Sequence;
use crate::audit::retention::Prefix;
use crate::proof::Digest;

/// Where an archive is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArchivePlace {
    /// This file, which must not be there.
    File(PathBuf),
    /// A file in this folder, named by what is in it.
    Folder(PathBuf),
}

/// An archive that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archived {
    /// The entries in it.
    pub range: Prefix,
    /// Where it lies.
    pub file: PathBuf,
    /// The SHA-256 of its bytes.
    pub digest: Digest,
    /// How many bytes it has.
    pub bytes: u64,
}

/// Why no archive was made. Nothing is left of it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ArchiveError {
    /// The record is kept by an adapter that makes none.
    #[error("this record is kept by an adapter that makes no archives: prune without one")]
    NotKept,
    /// There is a file already.
    #[error("{} is there already, and no archive is ever overwritten: name another file", file.display())]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// The file could not be written.
    #[error("no archive could be made at {}: make room and give this user the right to write there", place.display())]
    Write {
        /// Where it was to be.
        place: PathBuf,
        /// What went wrong.
        #[source]
        source: StorageProblem,
    },
    /// An entry is not as it was recorded, or is missing: an archive of it would prove nothing.
    #[error(
        "entry {sequence} is not what was recorded, and no archive is made of it: run `indelible \
         verify`, and restore the record from a copy"
    )]
    Changed {
        /// The entry's place on record.
        sequence: Sequence,
    },
    /// The record could not be read.
    #[error("the record could not be read for its archive")]
    Storage(#[source] StorageProblem),
}

/// Making archives of the oldest entries.
#[async_trait]
pub trait AuditArchive: Interface {
    /// Copies every entry up to and including `through` into a file of its own, with everything that
    /// proves it; `None` where there are none.
    ///
    /// An adapter MUST return only once the file is whole and on stable storage under its name, MUST NOT
    /// replace one, and MUST leave nothing behind when it fails. Where others can change the record, it
    /// MUST make none of an entry whose leaf is no longer the one in the tree.
    async fn archive(
        &self,
        through: Sequence,
        place: &ArchivePlace,
    ) -> Result<Option<Archived>, ArchiveError>;
}
