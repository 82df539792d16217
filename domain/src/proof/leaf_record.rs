//! A leaf that was read: what the log committed itself to say of an entry.
//!
//! Deliberately absent: the values behind the digests, see `disclosure.rs`.

use serde::{Deserialize, Serialize};

use super::{Commitments, CommittedField, Digest, LEAF_VERSION, Leaf};
use crate::Sequence;

/// A leaf, field by field. As text it is the very bytes that are in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[expect(missing_docs, reason = "the fields are those of `Leaf`")]
pub struct LeafRecord {
    pub sequence: Sequence,
    pub recorded_at: String,
    pub schema_version: u32,
    pub event_id: String,
    pub source: String,
    pub event_type: String,
    pub occurred_at: String,
    pub plan_id: Option<String>,
    pub project_name: Option<String>,
    pub session_id: Option<String>,
    pub correlation_id: Option<String>,
    pub causation_id: Option<String>,
    pub trace_id: Option<String>,
    pub commitments: Commitments,
}

/// A text is no leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotALeaf {
    /// It is not an object with a leaf's fields, or not in the one form that a leaf has.
    #[error("not the leaf of an entry in the canonical form of RFC 8785")]
    Malformed,
    /// It is encoded in another way.
    #[error(
        "the leaf's encoding has version {found}, which this program cannot read: use a newer one"
    )]
    UnknownVersion {
        /// Its version.
        found: u32,
    },
}

/// What a leaf of any version has.
#[derive(Deserialize)]
struct Versioned {
    leaf_version: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    actor_digest: Option<Digest>,
    causation_id: Option<String>,
    correlation_id: Option<String>,
    details_digest: Option<Digest>,
    event_id: String,
    event_type: String,
    extensions_digest: Option<Digest>,
    #[serde(rename = "leaf_version")]
    _leaf_version: u32,
    occurred_at: String,
    plan_id: Option<String>,
    project_name: Option<String>,
    recorded_at: String,
    schema_version: u32,
    sequence: u64,
    session_id: Option<String>,
    source: String,
    subject_digest: Option<Digest>,
    trace_id: Option<String>,
    user_identity_digest: Option<Digest>,
}

impl LeafRecord {
    /// The leaf in a text.
    ///
    /// # Errors
    /// When it is not one. A text that says the same in other bytes is not one either: two readers
    /// could take it for different things.
    pub fn parse(text: &str) -> Result<Self, NotALeaf> {
        let malformed = |_| NotALeaf::Malformed;
        let Versioned { leaf_version: found } = serde_json::from_str(text).map_err(malformed)?;
        if found != LEAF_VERSION {
            return Err(NotALeaf::UnknownVersion { found });
        }
        let leaf = Self::from(serde_json::from_str::<Fields>(text).map_err(malformed)?);
        if leaf.encode() == text.as_bytes() { Ok(leaf) } else { Err(NotALeaf::Malformed) }
    }

    /// As what it is encoded and hashed from.
    #[must_use]
    pub fn as_leaf(&self) -> Leaf<'_> {
        Leaf {
            sequence: self.sequence,
            recorded_at: &self.recorded_at,
            schema_version: self.schema_version,
            event_id: &self.event_id,
            source: &self.source,
            event_type: &self.event_type,
            occurred_at: &self.occurred_at,
            plan_id: self.plan_id.as_deref(),
            project_name: self.project_name.as_deref(),
            session_id: self.session_id.as_deref(),
            correlation_id: self.correlation_id.as_deref(),
            causation_id: self.causation_id.as_deref(),
            trace_id: self.trace_id.as_deref(),
            commitments: self.commitments,
        }
    }

    /// The bytes in the tree.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.as_leaf().encode()
    }

    /// Its hash in the tree.
    #[must_use]
    pub fn hash(&self) -> Digest {
        self.as_leaf().hash()
    }
}

impl From<Leaf<'_>> for LeafRecord {
    fn from(leaf: Leaf<'_>) -> Self {
        let owned = |text: Option<&str>| text.map(ToOwned::to_owned);
        Self {
            sequence: leaf.sequence,
            recorded_at: leaf.recorded_at.to_owned(),
            schema_version: leaf.schema_version,
            event_id: leaf.event_id.to_owned(),
            source: leaf.source.to_owned(),
            event_type: leaf.event_type.to_owned(),
            occurred_at: leaf.occurred_at.to_owned(),
            plan_id: owned(leaf.plan_id),
            project_name: owned(leaf.project_name),
            session_id: owned(leaf.session_id),
            correlation_id: owned(leaf.correlation_id),
            causation_id: owned(leaf.causation_id),
            trace_id: owned(leaf.trace_id),
            commitments: leaf.commitments,
        }
    }
}

impl From<Fields> for LeafRecord {
    fn from(fields: Fields) -> Self {
        let mut commitments = Commitments::default();
        for (field, digest) in [
            (CommittedField::Actor, fields.actor_digest),
            (CommittedField::Details, fields.details_digest),
            (CommittedField::Extensions, fields.extensions_digest),
            (CommittedField::Subject, fields.subject_digest),
            (CommittedField::UserIdentity, fields.user_identity_digest),
        ] {
            if let Some(digest) = digest {
                commitments.set(field, digest);
            }
        }
        Self {
            sequence: Sequence(fields.sequence),
            recorded_at: fields.recorded_at,
            schema_version: fields.schema_version,
            event_id: fields.event_id,
            source: fields.source,
            event_type: fields.event_type,
            occurred_at: fields.occurred_at,
            plan_id: fields.plan_id,
            project_name: fields.project_name,
            session_id: fields.session_id,
            correlation_id: fields.correlation_id,
            causation_id: fields.causation_id,
            trace_id: fields.trace_id,
            commitments,
        }
    }
}

impl TryFrom<String> for LeafRecord {
    type Error = NotALeaf;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<LeafRecord> for String {
    fn from(leaf: LeafRecord) -> Self {
        // JSON is UTF-8, so nothing is replaced.
        Self::from_utf8_lossy(&leaf.encode()).into_owned()
    }
}
