//! Why there is no signing key.

use std::io;
use std::path::{Path, PathBuf};

use crate::secret_file::Problem;

/// Why there is no signing key. Nothing of a key is in it.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The file is there and cannot be read.
    #[error("the signing key {} cannot be read: make it a file that you may read", .file.display())]
    Unreadable {
        /// The key file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file cannot be made.
    #[error(
        "the signing key {} cannot be made: name a file in a folder that you may write to",
        .file.display()
    )]
    Unwritable {
        /// The key file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Others than its owner may read it.
    #[error(
        "the signing key {} may be read by others (mode {mode:o}): run `chmod 600 {}`, and have a new \
         one made if somebody may have read it",
        .file.display(), .file.display()
    )]
    Exposed {
        /// The key file.
        file: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file is not there.
    #[error("the signing key {} is not there: restore it, or name the file it is in", .file.display())]
    Missing {
        /// The key file.
        file: PathBuf,
    },
    /// It is no key.
    #[error(
        "{place} has no signing key in it: one is written PRIVATE+KEY+NAME+HASH+KEY, in one line; \
         restore it, or remove it to have a new one made"
    )]
    NotAKey {
        /// Where it was looked for.
        place: String,
    },
    /// The system gives no random bytes.
    #[error("the system has no random bytes to make a signing key of")]
    NoRandomness(#[from] getrandom::Error),
}

impl SigningKeyError {
    pub(super) fn of(file: &Path, problem: Problem) -> Self {
        let file = file.to_owned();
        match problem {
            Problem::Unreadable(source) => Self::Unreadable { file, source },
            Problem::Unwritable(source) => Self::Unwritable { file, source },
            Problem::Exposed { mode } => Self::Exposed { file, mode },
        }
    }
}
