//! An entry exactly as it is stored, and the leaf that follows from it.
//!
//! Deliberately absent: the rule by which it follows, see `stored_row.rs`; reading the fields. Whether a moment or a payload makes sense is no question
//! of proof.

use super::{Commitments, CommittedField, Leaf, Salt, StoredRow};
use crate::Sequence;

/// A row, text by text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the envelope: see `EventEnvelope`")]
pub struct StoredEntry {
    pub sequence: Sequence,
    pub recorded_at: String,
    pub schema_version: i64,
    pub event_id: String,
    pub source: String,
    pub event_type: String,
    pub occurred_at: String,
    pub subject: Option<String>,
    pub plan_id: Option<String>,
    pub project_name: Option<String>,
    pub session_id: Option<String>,
    pub actor: Option<String>,
    pub user_identity: Option<String>,
    pub correlation_id: Option<String>,
    pub causation_id: Option<String>,
    pub trace_id: Option<String>,
    pub extensions: Option<String>,
    pub details: String,
    /// The hash of its leaf, as it was stored with it; of an entry from before the tree, none.
    pub leaf_hash: Option<Vec<u8>>,
    /// The salt of the actor, the subject and the user.
    pub personal_salt: Option<Vec<u8>>,
    /// The salt of the details and the extensions.
    pub details_salt: Option<Vec<u8>>,
    /// The digests of what was erased: a JSON object, by field name; of an entry from before the
    /// tree, which has none, null.
    pub erased: Option<String>,
}

/// Why no leaf follows from a stored entry: something that only we write is not as we write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} is not as it was written")]
pub struct Unprovable {
    /// The column.
    pub field: &'static str,
}

impl StoredEntry {
    /// The entry without owning it.
    #[must_use]
    pub fn row(&self) -> StoredRow<'_> {
        StoredRow {
            sequence: self.sequence,
            recorded_at: &self.recorded_at,
            schema_version: self.schema_version,
            event_id: &self.event_id,
            source: &self.source,
            event_type: &self.event_type,
            occurred_at: &self.occurred_at,
            subject: self.subject.as_deref(),
            plan_id: self.plan_id.as_deref(),
            project_name: self.project_name.as_deref(),
            session_id: self.session_id.as_deref(),
            actor: self.actor.as_deref(),
            user_identity: self.user_identity.as_deref(),
            correlation_id: self.correlation_id.as_deref(),
            causation_id: self.causation_id.as_deref(),
            trace_id: self.trace_id.as_deref(),
            extensions: self.extensions.as_deref(),
            details: &self.details,
            leaf_hash: self.leaf_hash.as_deref(),
            personal_salt: self.personal_salt.as_deref(),
            details_salt: self.details_salt.as_deref(),
            erased: self.erased.as_deref(),
        }
    }

    /// The value of a field that a leaf holds the digest of.
    #[must_use]
    pub fn value(&self, field: CommittedField) -> Option<&str> {
        self.row().value(field)
    }

    /// The salt of a field, if it is still there.
    ///
    /// # Errors
    /// When there is something else in its place.
    pub fn salt(&self, field: CommittedField) -> Result<Option<Salt>, Unprovable> {
        self.row().salt(field)
    }

    /// The digests of what was erased. What was erased of an entry from before the tree has none.
    ///
    /// # Errors
    /// When there is something else in their place.
    pub fn erased(&self) -> Result<Commitments, Unprovable> {
        self.row().erased()
    }

    /// What stands in the leaf for the values that may be erased.
    ///
    /// # Errors
    /// When a value is there without its salt, or beside the digest of its erasure.
    pub fn commitments(&self) -> Result<Commitments, Unprovable> {
        self.row().commitments()
    }

    /// The leaf that follows from what is stored.
    ///
    /// # Errors
    /// When something that only we write is not as we write it.
    pub fn leaf(&self) -> Result<Leaf<'_>, Unprovable> {
        self.row().leaf()
    }
}
