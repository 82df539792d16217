//! What the tree holds of an entry: a JSON object in the canonical form of RFC 8785.
//!
//! It names the envelope's fields, and for each field whose value may be erased the salted digest of
//! the value. So it stays small, says nothing that may have to be forgotten, and can be made again
//! from the stored row as long as the values are there, or from their digests once they are not.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{Commitments, CommittedField, Digest};
use crate::Sequence;

/// The version of this encoding. Another encoding gets another number, in the leaf.
pub const LEAF_VERSION: u32 = 1;

/// A leaf as bytes may have no more than this, so that it fits into an entry bundle of C2SP
/// tlog-tiles.
pub const MAX_LEAF_BYTES: usize = u16::MAX as usize;

/// An entry's fields, exactly as they are stored: moments in RFC 3339 text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf<'a> {
    /// Its place on record.
    pub sequence: Sequence,
    /// When it was recorded.
    pub recorded_at: &'a str,
    /// The version of the payload's schema.
    pub schema_version: u32,
    /// The event's id.
    pub event_id: &'a str,
    /// Who produced it.
    pub source: &'a str,
    /// Its wire name.
    pub event_type: &'a str,
    /// When it happened.
    pub occurred_at: &'a str,
    /// The plan it belongs to.
    pub plan_id: Option<&'a str>,
    /// The project it belongs to.
    pub project_name: Option<&'a str>,
    /// The session it belongs to.
    pub session_id: Option<&'a str>,
    /// The run of work it belongs to.
    pub correlation_id: Option<&'a str>,
    /// The event that caused it.
    pub causation_id: Option<&'a str>,
    /// The trace it belongs to.
    pub trace_id: Option<&'a str>,
    /// What stands for the values that may be erased.
    pub commitments: Commitments,
}

impl Leaf<'_> {
    /// The leaf's bytes. They are replaced in `buffer`, which may be used again and again.
    pub fn encode_into(&self, buffer: &mut Vec<u8>) {
        buffer.clear();
        // Texts, whole numbers and keys that are texts: nothing here can fail, nor can the buffer.
        let _ = serde_json::to_writer(buffer, self);
    }

    /// The leaf's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512);
        self.encode_into(&mut bytes);
        bytes
    }

    /// The leaf's hash in the tree.
    #[must_use]
    pub fn hash(&self) -> Digest {
        leaf_hash(&self.encode())
    }

    /// The leaf's hash in the tree, by way of a buffer as [`encode_into`](Self::encode_into) takes it.
    #[must_use]
    pub fn hash_in(&self, buffer: &mut Vec<u8>) -> Digest {
        self.encode_into(buffer);
        leaf_hash(buffer)
    }
}

/// The hash of a leaf's bytes, as RFC 6962 has it.
#[must_use]
pub fn leaf_hash(bytes: &[u8]) -> Digest {
    Digest(tlog_tiles::record_hash(bytes).0)
}

impl Serialize for Leaf<'_> {
    /// The keys in the order of RFC 8785, which for ASCII is the alphabet's; absent fields are left
    /// out. The texts' escapes are those of RFC 8785 already: see the test.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let digest = |map: &mut S::SerializeMap, key, field| match self.commitments.get(field) {
            Some(digest) => map.serialize_entry(key, &digest),
            None => Ok(()),
        };
        let text = |map: &mut S::SerializeMap, key, text: Option<&str>| match text {
            Some(text) => map.serialize_entry(key, text),
            None => Ok(()),
        };
        digest(&mut map, "actor_digest", CommittedField::Actor)?;
        text(&mut map, "causation_id", self.causation_id)?;
        text(&mut map, "correlation_id", self.correlation_id)?;
        digest(&mut map, "details_digest", CommittedField::Details)?;
        text(&mut map, "event_id", Some(self.event_id))?;
        text(&mut map, "event_type", Some(self.event_type))?;
        digest(&mut map, "extensions_digest", CommittedField::Extensions)?;
        map.serialize_entry("leaf_version", &LEAF_VERSION)?;
        text(&mut map, "occurred_at", Some(self.occurred_at))?;
        text(&mut map, "plan_id", self.plan_id)?;
        text(&mut map, "project_name", self.project_name)?;
        text(&mut map, "recorded_at", Some(self.recorded_at))?;
        map.serialize_entry("schema_version", &self.schema_version)?;
        map.serialize_entry("sequence", &self.sequence.0)?;
        text(&mut map, "session_id", self.session_id)?;
        text(&mut map, "source", Some(self.source))?;
        digest(&mut map, "subject_digest", CommittedField::Subject)?;
        text(&mut map, "trace_id", self.trace_id)?;
        digest(&mut map, "user_identity_digest", CommittedField::UserIdentity)?;
        map.end()
    }
}
