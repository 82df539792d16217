//! Every setting of the program: its name, its default, and what it means.
//!
//! Deliberately absent: where a value comes from (see [`layers`]).

mod file;
pub mod known;
pub mod layers;
mod level;
mod proof;
mod retention;
mod shown;

pub use file::SettingsFile;
pub use layers::{Layered, SettingsError, Sources};
pub use proof::ProofSettings;
pub use retention::CategoryRetention;
pub use shown::{ShownSetting, shown};

use std::path::{Path, PathBuf};

use domain::ports::{ArchivePlace, MAX_REACTION_DEPTH};
use infrastructure::redaction::RedactionSettings;
use serde::{Deserialize, Serialize};

/// All settings, complete and checked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// The record and the bus in front of it.
    pub audit: AuditSettings,
    /// What is kept off the record.
    pub redaction: RedactionOptions,
    /// What makes the record provable.
    pub proof: ProofSettings,
    /// Readers of what is recorded.
    pub stream: StreamSettings,
    /// What subscribers emit in reaction to events.
    pub reactions: ReactionSettings,
    /// What the program says about itself.
    pub log: LogSettings,
}

/// The record and the bus in front of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AuditSettings {
    /// The SQLite file: a path, or `sqlite:` and a path.
    pub database_url: String,
    /// What a receipt promises.
    pub durability: DurabilityLevel,
    /// Days an entry is kept; 0 for ever.
    pub retention_days: u32,
    /// Days that entries of some categories are kept.
    pub retention: CategoryRetention,
    /// Days for which every entry is kept in any case; 0 where there are none.
    pub retention_floor_days: u32,
    /// The folder for archives of what retention removes; empty: none are made.
    pub archive_dir: String,
    /// The most events in one transaction.
    pub max_batch: usize,
    /// Emits that may wait; more make their emitters wait.
    pub queue_capacity: usize,
    /// How long other processes may hold the file, in seconds.
    pub lock_timeout_secs: u64,
    /// The source of events that name none: a URI-reference.
    pub source: String,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self {
            database_url: default_database().display().to_string(),
            durability: DurabilityLevel::Full,
            retention_days: 0,
            retention: CategoryRetention::default(),
            retention_floor_days: 0,
            archive_dir: String::new(),
            max_batch: 512,
            queue_capacity: 10_000,
            lock_timeout_secs: 30,
            source: "/indelible".to_owned(),
        }
    }
}

impl AuditSettings {
    /// The SQLite file.
    #[must_use]
    pub fn database_file(&self) -> PathBuf {
        let url = self.database_url.as_str();
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
        let path = PathBuf::from(path.unwrap_or(url));
        // Relative names such as `:memory:` or `file:x` would mean something else to SQLite than a
        // file. Without a working directory the path stays as it is.
        if path.as_os_str().is_empty() {
            return path;
        }
        std::path::absolute(&path).unwrap_or(path)
    }

    /// Where what retention removes is archived, if it is.
    #[must_use]
    pub fn archive_place(&self) -> Option<ArchivePlace> {
        (!self.archive_dir.is_empty())
            .then(|| ArchivePlace::Folder(PathBuf::from(&self.archive_dir)))
    }
}

/// What a receipt promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DurabilityLevel {
    /// The event survives a power cut.
    Full,
    /// The event survives a crash of the program, and perhaps not a power cut: the weaker choice.
    Normal,
}

/// What is kept off the record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RedactionOptions {
    /// The file with the key for the marks of redacted values; empty: beside the database.
    pub key_file: String,
    /// Further names whose values are secrets.
    pub extra_keys: Vec<String>,
    /// Names whose values are not secrets, although they look so.
    pub allowed_keys: Vec<String>,
    /// Further patterns of secrets, each `KIND=REGEX`.
    pub extra_patterns: Vec<String>,
}

impl RedactionOptions {
    /// The rules as the redactor takes them. Patterns without a kind are refused when settings are
    /// loaded, and left out here.
    #[must_use]
    pub fn rules(&self) -> RedactionSettings {
        RedactionSettings {
            extra_keys: self.extra_keys.clone(),
            allowed_keys: self.allowed_keys.clone(),
            extra_patterns: self
                .extra_patterns
                .iter()
                .filter_map(|text| text.split_once('='))
                .map(|(kind, regex)| (kind.to_owned(), regex.to_owned()))
                .collect(),
        }
    }

    /// The key's file, given the database's.
    #[must_use]
    pub fn key_file(&self, database: &Path) -> PathBuf {
        if self.key_file.is_empty() {
            let mut beside = database.as_os_str().to_owned();
            beside.push(".redaction-key");
            return PathBuf::from(beside);
        }
        PathBuf::from(&self.key_file)
    }
}

/// Readers of what is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StreamSettings {
    /// Events a reader may be behind before it goes back to the record.
    pub buffer: usize,
    /// Events kept in memory for inspection at run time.
    pub recent: usize,
}

impl Default for StreamSettings {
    fn default() -> Self {
        Self { buffer: 4096, recent: 256 }
    }
}

/// What subscribers emit in reaction to events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ReactionSettings {
    /// How many reactions may follow from one another.
    pub max_depth: u32,
}

impl Default for ReactionSettings {
    fn default() -> Self {
        Self { max_depth: MAX_REACTION_DEPTH }
    }
}

/// What the program says about itself, on standard error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LogSettings {
    /// A level, or directives such as `indelible=debug,warn`.
    pub level: String,
    /// How it is written.
    pub format: LogFormat,
    /// Whether every event is also written as a log record, without its payload.
    pub events: bool,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { level: "warn".to_owned(), format: LogFormat::Text, events: false }
    }
}

/// How log records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The database in the platform's data directory, or in the working directory where there is none.
fn default_database() -> PathBuf {
    directories::ProjectDirs::from("", "", "indelible")
        .map_or_else(PathBuf::new, |dirs| dirs.data_dir().to_owned())
        .join("audit.db")
}
