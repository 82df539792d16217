//! What makes the record provable: the signing key, how often it is used, and where else checkpoints
//! are kept.
//!
//! Deliberately absent: the key itself. It is no setting, so that nothing shows it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What makes the record provable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProofSettings {
    /// The file with the signing key; empty: beside the database.
    pub key_file: String,
    /// The most entries that are recorded before the tree is signed again; 0: however many.
    pub checkpoint_entries: u64,
    /// The longest that an entry waits until the tree is signed, in seconds; 0: however long.
    pub checkpoint_secs: u64,
    /// A file outside the record that each checkpoint is appended to; empty: none.
    pub anchor_file: String,
    /// A command of the shell that each checkpoint is given to; empty: none.
    pub anchor_command: String,
}

impl Default for ProofSettings {
    fn default() -> Self {
        Self {
            key_file: String::new(),
            checkpoint_entries: 10_000,
            checkpoint_secs: 60,
            anchor_file: String::new(),
            anchor_command: String::new(),
        }
    }
}

impl ProofSettings {
    /// How long an entry may wait to be signed before something must be wrong; `None` where there is no
    /// limit.
    #[must_use]
    pub fn patience(&self) -> Option<Duration> {
        // Two attempts may fail before somebody is called.
        let secs = self.checkpoint_secs.saturating_mul(3);
        (secs > 0).then_some(Duration::from_secs(secs))
    }

    /// The signing key's file, given the database's.
    #[must_use]
    pub fn key_file(&self, database: &Path) -> PathBuf {
        if self.key_file.is_empty() {
            let mut beside = database.as_os_str().to_owned();
            beside.push(".signing-key");
            return PathBuf::from(beside);
        }
        PathBuf::from(&self.key_file)
    }
}
