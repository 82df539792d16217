//! What the tree holds of an entry: a JSON object in the canonical form of RFC 8785.
//!
//! It names the envelope's fields, and for each field whose value may be erased the salted digest of
//! the value. So it stays small, says nothing that may have to be forgotten, and can be made again
//! from the stored row as long as the values are there, or from their digests once they are not.

use std::io::Write as _;

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
        let digest = |field| self.commitments.get(field);
        // The keys in the order of RFC 8785, which for ASCII is the alphabet's; absent fields are left
        // out.
        let mut members = Members(buffer);
        members.digest("actor_digest", digest(CommittedField::Actor));
        members.text("causation_id", self.causation_id);
        members.text("correlation_id", self.correlation_id);
        members.digest("details_digest", digest(CommittedField::Details));
        members.text("event_id", Some(self.event_id));
        members.text("event_type", Some(self.event_type));
        members.digest("extensions_digest", digest(CommittedField::Extensions));
        members.number("leaf_version", LEAF_VERSION.into());
        members.text("occurred_at", Some(self.occurred_at));
        members.text("plan_id", self.plan_id);
        members.text("project_name", self.project_name);
        members.text("recorded_at", Some(self.recorded_at));
        members.number("schema_version", self.schema_version.into());
        members.number("sequence", self.sequence.0);
        members.text("session_id", self.session_id);
        members.text("source", Some(self.source));
        members.digest("subject_digest", digest(CommittedField::Subject));
        members.text("trace_id", self.trace_id);
        members.digest("user_identity_digest", digest(CommittedField::UserIdentity));
        buffer.push(b'}');
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

/// Members of a JSON object, one after the other.
///
/// A record is verified by encoding each of its leaves: with serde, which puts every mark and every
/// character to escape into the buffer by itself, that took a fifth of the time.
struct Members<'a>(&'a mut Vec<u8>);

impl Members<'_> {
    /// The name of the next member; names are nothing to escape.
    fn name(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        self.plain(name);
        self.0.push(b':');
    }

    fn plain(&mut self, text: &str) {
        self.0.push(b'"');
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(b'"');
    }

    fn text(&mut self, name: &str, text: Option<&str>) {
        let Some(text) = text else { return };
        self.name(name);
        if needs_escapes(text) {
            // The escapes are those of RFC 8785 already: see the test. A text in a buffer cannot fail.
            let _ = serde_json::to_writer(&mut *self.0, text);
        } else {
            self.plain(text);
        }
    }

    fn digest(&mut self, name: &str, digest: Option<Digest>) {
        let Some(digest) = digest else { return };
        self.name(name);
        digest.with_text(|text| self.plain(text));
    }

    fn number(&mut self, name: &str, number: u64) {
        self.name(name);
        // Nor can a number.
        let _ = write!(self.0, "{number}");
    }
}

/// Whether a character cannot stand for itself in JSON. Every byte is looked at, whatever was found,
/// so that many are at once.
#[allow(clippy::needless_bitwise_bool, reason = "many bytes at once have no branches")]
fn needs_escapes(text: &str) -> bool {
    text.bytes().fold(false, |any, byte| any | (byte < b' ') | (byte == b'"') | (byte == b'\\'))
}
