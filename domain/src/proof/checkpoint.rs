//! What is said about a tree, as C2SP tlog-checkpoint has it: whose log it is, how many leaves it has,
//! and the root over them.
//!
//! Deliberately absent: signatures, see `note.rs`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use tlog_tiles::Hash;

use super::{Digest, TreeHead};

/// The name of a log among all others, and of the keys that sign for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin(String);

/// A text cannot name a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a log: it must have at least one letter, no spaces, and no `+`")]
pub struct InvalidOrigin;

impl Origin {
    /// That of the record with this id.
    ///
    /// # Errors
    /// When the id has spaces or a `+` in it.
    pub fn of_log(log_id: &str) -> Result<Self, InvalidOrigin> {
        if log_id.is_empty() { Err(InvalidOrigin) } else { format!("indelible/{log_id}").parse() }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let valid = signed_note::is_key_name_valid(text) && !text.contains(char::is_control);
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidOrigin) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// A log's name, how many leaves it has, and the root over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose tree it is.
    pub origin: Origin,
    /// How many leaves, and the root over them.
    pub head: TreeHead,
}

/// A text is no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a checkpoint: it has a line each for the log's name, the number of entries and the root hash"
)]
pub struct NotACheckpoint;

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.head.size, self.head.root)
    }

    /// The checkpoint in a text. Lines beyond the third are let pass, as the specification has it, and
    /// say nothing.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(text: &str) -> Result<Self, NotACheckpoint> {
        let read = tlog_tiles::Checkpoint::from_bytes(text.as_bytes());
        let read = read.map_err(|_| NotACheckpoint)?;
        let Hash(root) = *read.hash();
        let origin = read.origin().parse().map_err(|InvalidOrigin| NotACheckpoint)?;
        Ok(Self { origin, head: TreeHead { size: read.size(), root: Digest(root) } })
    }
}
