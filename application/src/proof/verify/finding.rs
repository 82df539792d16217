//! What verifying can find, and the verdict that follows.

use std::fmt;

use domain::Sequence;
use serde::Serialize;

/// What is wrong, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// An entry, or a hash of it, is not what was recorded.
    Content,
    /// An entry stands where another one was recorded.
    Order,
    /// An entry was put between those that were recorded.
    Insertion,
    /// An entry is missing between others.
    Gap,
    /// The newest entries are missing.
    Truncation,
    /// The record is another one than was signed.
    Fork,
    /// A checkpoint was not signed as it is.
    BadSignature,
    /// A checkpoint is signed by nobody who is known.
    UnknownKey,
}

impl FindingKind {
    /// The kind as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Order => "order",
            Self::Insertion => "insertion",
            Self::Gap => "gap",
            Self::Truncation => "truncation",
            Self::Fork => "fork",
            Self::BadSignature => "bad-signature",
            Self::UnknownKey => "unknown-key",
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Something that is not as it was recorded or signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What is wrong, in one word.
    pub kind: FindingKind,
    /// The first entry concerned; none where it is about a checkpoint that says nothing of entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<Sequence>,
    /// The last entry concerned, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<Sequence>,
    /// The field, where it can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What it is, in a sentence.
    pub message: String,
}

impl Finding {
    pub(super) fn at(kind: FindingKind, sequence: Sequence, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { kind, sequence: Some(sequence), through: None, field: None, message }
    }

    pub(super) fn through(self, last: Sequence) -> Self {
        let through = self.sequence.filter(|first| *first < last).map(|_| last);
        Self { through, ..self }
    }

    pub(super) fn field(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }
}

/// Whether the record is what was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing is wrong.
    Intact,
    /// Something was changed.
    Tampered,
    /// Nothing is wrong with what could be looked at, and that says nothing.
    Unknown,
}

/// All that was looked at, and found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Whether the record is what was recorded.
    pub verdict: Verdict,
    /// Why that is not known, where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    /// The record's name in its checkpoints.
    pub log: String,
    /// Whether it was verified as an archive, which has a part of the entries and the tree of all.
    pub archive: bool,
    /// The first entry that can be proven.
    pub provable_from: Sequence,
    /// The newest entry there is; 0 where there is none.
    pub newest: Sequence,
    /// How many entries were computed anew.
    pub entries: u64,
    /// How many entries are not there, of which the hashes are: removed by retention or, in an archive,
    /// outside it.
    pub pruned: u64,
    /// How many entries are from before the tree.
    pub unprovable: u64,
    /// How many of all entries that are there have lost values to an erasure.
    pub erased: u64,
    /// How many of the record's own checkpoints were compared.
    pub checkpoints: u64,
    /// How many checkpoints from elsewhere were compared.
    pub against: u64,
    /// The newest entry that a good checkpoint is about; 0 where there is none.
    pub signed_through: Sequence,
    /// Whether signatures were checked with keys that came from elsewhere. Those that lie in the record
    /// itself are no better than the record.
    pub keys_from_elsewhere: bool,
    /// What is damaged about the storage, in its own words, beside the entries: where those can be read, it
    /// says nothing against them.
    pub damage: Vec<String>,
    /// What is wrong, in the order of the record; at most a hundred.
    pub findings: Vec<Finding>,
    /// How many more there are.
    pub more_findings: u64,
    /// What is worth knowing though nothing is wrong, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
