//! The key under which secrets are hashed.
//!
//! Deliberately absent: changing the key. Marks made under another one could no longer be compared.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::secret_file::{self, NotRead};

const KEY_BYTES: usize = 32;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum RedactionKeyError {
    /// The file is there and cannot be read.
    #[error("the redaction key {} cannot be read: make it a file that you may read", .file.display())]
    Unreadable {
        /// The key file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file cannot be made.
    #[error(
        "the redaction key {} cannot be made: name a file in a folder that you may write to",
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
        "the redaction key {} may be read by others (mode {mode:o}): run `chmod 600 {}`",
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
        "the redaction key {} is not one: it must have 32 bytes; restore it, or remove it to have \
         a new one made, whose marks cannot be compared with earlier ones",
        .file.display()
    )]
    WrongSize {
        /// The key file.
        file: PathBuf,
    },
    /// The system gives no random bytes.
    #[error("the system has no random bytes to make a redaction key of")]
    NoRandomness(#[from] getrandom::Error),
}

/// The key under which secrets are hashed. It is never shown, also not by `Debug`.
pub struct RedactionKey([u8; KEY_BYTES]);

impl fmt::Debug for RedactionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedactionKey(..)")
    }
}

impl RedactionKey {
    /// The key in a file, which is made when it is not there, readable by its owner only. Any
    /// number of processes may ask for the same file at once: all of them get the same key.
    ///
    /// # Errors
    /// When the file cannot be read or made, may be read by others, or holds no key.
    pub fn load_or_create(file: &Path) -> Result<Self, RedactionKeyError> {
        match Self::load(file)? {
            Some(key) => Ok(key),
            None => Self::create(file),
        }
    }

    /// A key that ends with the process.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn ephemeral() -> Result<Self, RedactionKeyError> {
        let mut bytes = [0; KEY_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// A key that is kept elsewhere.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    fn load(file: &Path) -> Result<Option<Self>, RedactionKeyError> {
        // One byte more than a key has, so that a longer file is seen to be one.
        let read = secret_file::read(file, KEY_BYTES as u64 + 1).map_err(|error| match error {
            NotRead::Unreadable(source) => {
                RedactionKeyError::Unreadable { file: file.to_owned(), source }
            }
            NotRead::Exposed(mode) => RedactionKeyError::Exposed { file: file.to_owned(), mode },
        })?;
        let Some(bytes) = read else { return Ok(None) };
        let bytes =
            bytes.try_into().map_err(|_| RedactionKeyError::WrongSize { file: file.to_owned() })?;
        Ok(Some(Self(bytes)))
    }

    /// Makes the key, unless some other process was faster: then its key is the key.
    fn create(file: &Path) -> Result<Self, RedactionKeyError> {
        let key = Self::ephemeral()?;
        match secret_file::create(file, &key.0) {
            Ok(()) => Ok(key),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let gone =
                    || RedactionKeyError::Unreadable { file: file.to_owned(), source: error };
                Self::load(file)?.ok_or_else(gone)
            }
            Err(source) => Err(RedactionKeyError::Unwritable { file: file.to_owned(), source }),
        }
    }
}
