//! The names of all settings, and how their values are written outside a file.
//!
//! One table serves the environment, the flags, `config show` and error messages; a test holds it
//! to the struct it describes.

use figment::value::{Empty, Tag, Value};

/// How a value is written as one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A whole number, 0 or more.
    Count,
    /// A whole number, 0 or more, or nothing.
    CountIfAny,
    /// `true` or `false`.
    Switch,
    /// Texts separated by commas.
    List,
    /// One text of a list; a file can have several.
    OneOfList,
}

/// A setting's name and what it means.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The name, as in `audit.max-batch`.
    pub name: &'static str,
    /// How its value is written.
    pub kind: Kind,
    /// What stands for the value in help texts.
    pub placeholder: &'static str,
    /// What it means.
    pub help: &'static str,
}

impl Known {
    /// The environment variable, as in `INDELIBLE_AUDIT_MAX_BATCH`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.replace(['.', '-'], "_").to_uppercase())
    }

    /// The flag without its dashes, as in `audit-max-batch`.
    #[must_use]
    pub fn flag(&self) -> String {
        self.name.replace('.', "-")
    }

    /// Reads a value from text.
    ///
    /// # Errors
    /// What is wrong with it, and what belongs there.
    pub fn read(&self, text: &str) -> Result<Value, String> {
        match self.kind {
            Kind::Text => Ok(Value::from(text)),
            Kind::CountIfAny if text.is_empty() => Ok(Value::Empty(Tag::Default, Empty::None)),
            Kind::Count | Kind::CountIfAny => text
                .parse::<u64>()
                .map(Value::from)
                .map_err(|_| format!("`{text}` is not a whole number, 0 or more")),
            Kind::Switch => text
                .parse::<bool>()
                .map(Value::from)
                .map_err(|_| format!("`{text}` is neither true nor false")),
            Kind::OneOfList => Ok(Value::from(vec![text])),
            Kind::List => Ok(Value::from(
                text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect::<Vec<_>>(),
            )),
        }
    }
}

/// What every environment variable of the program starts with.
pub const PREFIX: &str = "INDELIBLE_";

/// The variable that names the settings file; a place rather than a setting.
pub const CONFIG_VARIABLE: &str = "INDELIBLE_CONFIG";

/// The variable that holds the signing key where it shall not lie in a file. It is no setting, so that
/// nothing shows it.
pub const KEY_VARIABLE: &str = "INDELIBLE_PROOF_KEY";

/// What `react` tells the command it runs: the event's id, type, sequence, the attempt from 1, and
/// `true` where it may be a repetition. They are no settings, so that the command may be this program.
pub const EVENT_VARIABLES: [&str; 5] = [
    "INDELIBLE_EVENT_ID",
    "INDELIBLE_EVENT_TYPE",
    "INDELIBLE_EVENT_SEQUENCE",
    "INDELIBLE_EVENT_ATTEMPT",
    "INDELIBLE_EVENT_REPEATED",
];

const fn known(
    name: &'static str,
    kind: Kind,
    placeholder: &'static str,
    help: &'static str,
) -> Known {
    Known { name, kind, placeholder, help }
}

/// Every setting.
pub const KNOWN: &[Known] = &[
    known("audit.database-url", Kind::Text, "FILE", "The SQLite file of the record"),
    known(
        "audit.durability",
        Kind::Text,
        "full|normal",
        "What a receipt promises: `full` survives a power cut, `normal` only a crash",
    ),
    known(
        "audit.retention-days",
        Kind::Count,
        "DAYS",
        "Days an entry is kept before it is pruned; 0 keeps everything",
    ),
    known(
        "audit.retention.lifecycle-days",
        Kind::CountIfAny,
        "DAYS",
        "The same for what begins, moves on or ends, where it differs; 0 keeps them for ever",
    ),
    known(
        "audit.retention.decision-days",
        Kind::CountIfAny,
        "DAYS",
        "The same for decisions, where it differs; 0 keeps them for ever",
    ),
    known(
        "audit.retention.policy-days",
        Kind::CountIfAny,
        "DAYS",
        "The same for rules kept or broken, where it differs; 0 keeps them for ever",
    ),
    known(
        "audit.retention.activity-days",
        Kind::CountIfAny,
        "DAYS",
        "The same for the work of actors and tools, where it differs; 0 keeps them for ever",
    ),
    known(
        "audit.retention.data-days",
        Kind::CountIfAny,
        "DAYS",
        "The same for data read, changed or removed, where it differs; 0 keeps them for ever",
    ),
    known(
        "audit.retention.security-days",
        Kind::CountIfAny,
        "DAYS",
        "The same for who proved who they are, or failed to, where it differs; 0 keeps them for ever",
    ),
    known(
        "audit.retention.cost-days",
        Kind::CountIfAny,
        "DAYS",
        "The same for money, where it differs; 0 keeps them for ever",
    ),
    known(
        "audit.retention.configuration-days",
        Kind::CountIfAny,
        "DAYS",
        "The same for settings of the platform, where it differs; 0 keeps them for ever",
    ),
    known(
        "audit.retention.audit-days",
        Kind::CountIfAny,
        "DAYS",
        "The same for what the audit log says about itself, where it differs; 0 keeps them for ever",
    ),
    known(
        "audit.retention-floor-days",
        Kind::Count,
        "DAYS",
        "Days every entry is kept whatever else is said: pruning below that is refused; 0: none",
    ),
    known(
        "audit.archive-dir",
        Kind::Text,
        "DIR",
        "The folder for archives of what is pruned; empty: none are made",
    ),
    known("audit.max-batch", Kind::Count, "EVENTS", "The most events in one transaction"),
    known(
        "audit.queue-capacity",
        Kind::Count,
        "EMITS",
        "Emits that may wait for the record; more make their emitters wait",
    ),
    known(
        "audit.lock-timeout-secs",
        Kind::Count,
        "SECONDS",
        "How long other processes may hold the file before giving up",
    ),
    known("audit.source", Kind::Text, "URI", "The source of events that name none"),
    known(
        "redaction.key-file",
        Kind::Text,
        "FILE",
        "The key for the marks of redacted values; empty: beside the database",
    ),
    known(
        "redaction.extra-keys",
        Kind::List,
        "NAMES",
        "Further names whose values are secrets, separated by commas",
    ),
    known(
        "redaction.allowed-keys",
        Kind::List,
        "NAMES",
        "Names whose values are not secrets, although they look so",
    ),
    known(
        "redaction.extra-patterns",
        Kind::OneOfList,
        "KIND=REGEX",
        "A further pattern of secrets: a kind and a regular expression; several in a file",
    ),
    known(
        "proof.key-file",
        Kind::Text,
        "FILE",
        "The key that checkpoints are signed with; empty: beside the database",
    ),
    known(
        "proof.checkpoint-entries",
        Kind::Count,
        "ENTRIES",
        "Entries after which a running program signs the record's tree again; 0: however many",
    ),
    known(
        "proof.checkpoint-secs",
        Kind::Count,
        "SECONDS",
        "Seconds after which a running program signs what is new; 0: however long",
    ),
    known(
        "proof.anchor-file",
        Kind::Text,
        "FILE",
        "A file outside the record that each checkpoint is appended to; empty: none",
    ),
    known(
        "proof.anchor-command",
        Kind::Text,
        "COMMAND",
        "A shell command that is given each checkpoint on its standard input; empty: none",
    ),
    known(
        "stream.buffer",
        Kind::Count,
        "EVENTS",
        "Events a reader may be behind before it goes back to the record",
    ),
    known("stream.recent", Kind::Count, "EVENTS", "Events kept in memory for inspection"),
    known(
        "reactions.max-depth",
        Kind::Count,
        "REACTIONS",
        "How many reactions may follow from one another before one more is refused; 0: none may",
    ),
    known(
        "log.level",
        Kind::Text,
        "LEVEL",
        "What the program says about itself: a level, or directives such as `indelible=debug`",
    ),
    known("log.format", Kind::Text, "text|json", "How it says it"),
    known("log.events", Kind::Switch, "true|false", "Whether to log every event as well"),
];
