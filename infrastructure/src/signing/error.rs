//! Why there is no key to sign with.

use std::io;
use std::path::PathBuf;

/// Why there is no key to sign with. Nothing of a key is in it.
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
    /// The file cannot be made or replaced.
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
        "the signing key {} may be read by others (mode {mode:o}): run `chmod 600 {}`, and `indelible key \
         rotate` if somebody has read it",
        .file.display(), .file.display()
    )]
    Exposed {
        /// The key file.
        file: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It is no key.
    #[error(
        "the signing key in {place} is none: one is a line PRIVATE+KEY+NAME+HASH+KEY for Ed25519; restore \
         it, or remove it to have a new one made"
    )]
    Malformed {
        /// Where it is.
        place: String,
    },
    /// The system gives no random bytes.
    #[error("the system has no random bytes to make a signing key of")]
    NoRandomness(#[from] getrandom::Error),
}
