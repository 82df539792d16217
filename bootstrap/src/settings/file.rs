//! A settings file: its text, and where it lies.
//!
//! Deliberately absent: which file is meant; see [`super::Sources`].

use std::path::PathBuf;

use figment::providers::{Format, Toml};
use figment::value::{Dict, Map};
use figment::{Metadata, Profile, Provider};

use super::SettingsError;

/// A settings file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFile {
    /// Where it lies; named in messages.
    pub path: PathBuf,
    /// What it says, in TOML.
    pub text: String,
}

impl SettingsFile {
    /// Reads a file.
    ///
    /// # Errors
    /// When it is not there, may not be read, or is no text.
    pub fn read(path: PathBuf) -> Result<Self, SettingsError> {
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Self { path, text }),
            Err(error) => Err(SettingsError::File { file: path, problem: error.to_string() }),
        }
    }

    /// Parsed once by itself for a message with line and column, which the layers would drop.
    pub(super) fn checked(self) -> Result<Self, SettingsError> {
        match Toml::string(&self.text).data() {
            Ok(_) => Ok(self),
            Err(error) => {
                Err(SettingsError::File { file: self.path, problem: error.kind.to_string() })
            }
        }
    }
}

impl Provider for SettingsFile {
    fn metadata(&self) -> Metadata {
        Metadata::from("settings file", self.path.as_path())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Toml::string(&self.text).data()
    }
}
