//! An entry as it lies in its row, and the rule by which its leaf follows from it.
//!
//! It owns nothing, so that a record can be gone through without a copy of each of its texts.
//!
//! Deliberately absent: reading the fields. Whether a moment or a payload makes sense is no question
//! of proof.

use super::erasure::erased_digests;
use super::{Commitments, CommittedField, Leaf, Salt, Unprovable};
use crate::Sequence;

/// A row, text by text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of `StoredEntry`")]
pub struct StoredRow<'a> {
    pub sequence: Sequence,
    pub recorded_at: &'a str,
    pub schema_version: i64,
    pub event_id: &'a str,
    pub source: &'a str,
    pub event_type: &'a str,
    pub occurred_at: &'a str,
    pub subject: Option<&'a str>,
    pub plan_id: Option<&'a str>,
    pub project_name: Option<&'a str>,
    pub session_id: Option<&'a str>,
    pub actor: Option<&'a str>,
    pub user_identity: Option<&'a str>,
    pub correlation_id: Option<&'a str>,
    pub causation_id: Option<&'a str>,
    pub trace_id: Option<&'a str>,
    pub extensions: Option<&'a str>,
    pub details: &'a str,
    pub leaf_hash: Option<&'a [u8]>,
    pub personal_salt: Option<&'a [u8]>,
    pub details_salt: Option<&'a [u8]>,
    pub erased: Option<&'a str>,
}

impl<'a> StoredRow<'a> {
    /// The value of a field that a leaf holds the digest of.
    #[must_use]
    pub const fn value(&self, field: CommittedField) -> Option<&'a str> {
        match field {
            CommittedField::Actor => self.actor,
            CommittedField::Details => Some(self.details),
            CommittedField::Extensions => self.extensions,
            CommittedField::Subject => self.subject,
            CommittedField::UserIdentity => self.user_identity,
        }
    }

    /// The salt of a field, if it is still there.
    ///
    /// # Errors
    /// When there is something else in its place.
    pub fn salt(&self, field: CommittedField) -> Result<Option<Salt>, Unprovable> {
        let (bytes, field) = if field.is_personal() {
            (self.personal_salt, "personal_salt")
        } else {
            (self.details_salt, "details_salt")
        };
        bytes.map(|bytes| Salt::from_slice(bytes).ok_or(Unprovable { field })).transpose()
    }

    /// The digests of what was erased. What was erased of an entry from before the tree has none.
    ///
    /// # Errors
    /// When there is something else in their place.
    pub fn erased(&self) -> Result<Commitments, Unprovable> {
        let mut erased = Commitments::default();
        for (field, digest) in erased_digests(self.erased)? {
            if let Some(digest) = digest {
                erased.set(field, digest);
            }
        }
        Ok(erased)
    }

    /// What stands in the leaf for the values that may be erased.
    ///
    /// # Errors
    /// When a value is there without its salt, or beside the digest of its erasure.
    pub fn commitments(&self) -> Result<Commitments, Unprovable> {
        // Only an entry from before the tree, of which there is no leaf, can be erased without a digest.
        if erased_digests(self.erased)?.values().any(Option::is_none) {
            return Err(Unprovable { field: "erased" });
        }
        let mut commitments = self.erased()?;
        for field in CommittedField::ALL {
            // Details cannot be absent: what was erased is an empty object.
            let erased = commitments.get(field).is_some();
            let value = match (field, self.value(field)) {
                (CommittedField::Details, Some("{}")) if erased => None,
                (_, value) => value,
            };
            let Some(value) = value else { continue };
            let salt = self.salt(field)?.filter(|_| !erased);
            let salt = salt.ok_or(Unprovable { field: field.name() })?;
            commitments.set(field, salt.commit(field, value));
        }
        Ok(commitments)
    }

    /// The leaf that follows from what is stored.
    ///
    /// # Errors
    /// When something that only we write is not as we write it.
    pub fn leaf(&self) -> Result<Leaf<'a>, Unprovable> {
        let schema_version = u32::try_from(self.schema_version);
        Ok(Leaf {
            sequence: self.sequence,
            recorded_at: self.recorded_at,
            schema_version: schema_version.map_err(|_| Unprovable { field: "schema_version" })?,
            event_id: self.event_id,
            source: self.source,
            event_type: self.event_type,
            occurred_at: self.occurred_at,
            plan_id: self.plan_id,
            project_name: self.project_name,
            session_id: self.session_id,
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            trace_id: self.trace_id,
            commitments: self.commitments()?,
        })
    }
}
