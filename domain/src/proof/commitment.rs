//! What stands in a leaf for a value that may be erased: a salted digest.
//!
//! Whoever is shown the value and its salt can check the digest; whoever sees the digest alone learns
//! nothing of the value, not even by trying likely ones, once the salt is gone.

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

use super::Digest;

/// A field whose value a leaf does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommittedField {
    /// Who caused it, as one text: `agent:planner`.
    Actor,
    /// The payload, as the JSON text that is stored.
    Details,
    /// Attributes of others, as the JSON text that is stored.
    Extensions,
    /// The entity it is about.
    Subject,
    /// The human on whose behalf.
    UserIdentity,
}

impl CommittedField {
    /// All of them, by name.
    pub const ALL: [Self; 5] =
        [Self::Actor, Self::Details, Self::Extensions, Self::Subject, Self::UserIdentity];

    /// Its name, in a leaf, in a proof and as a column.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Actor => "actor",
            Self::Details => "details",
            Self::Extensions => "extensions",
            Self::Subject => "subject",
            Self::UserIdentity => "user_identity",
        }
    }

    /// The field of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// Whether it says who somebody is, and so shares the salt of those that do.
    #[must_use]
    pub const fn is_personal(self) -> bool {
        matches!(self, Self::Actor | Self::Subject | Self::UserIdentity)
    }
}

impl fmt::Display for CommittedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Sixteen random bytes that hide a value behind its digest. It is not shown by `Debug`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; Salt::BYTES]);

impl Salt {
    /// How many bytes a salt has.
    pub const BYTES: usize = 16;

    /// The digest that stands for a value: SHA-256 over the salt, the field's name, a zero byte and
    /// the value's UTF-8 text.
    #[must_use]
    pub fn commit(&self, field: CommittedField, value: &str) -> Digest {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(field.name());
        hash.update([0]);
        hash.update(value);
        Digest(hash.finalize().into())
    }

    /// The salt in these bytes, if they are as many as one has.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(..)")
    }
}

impl Serialize for Salt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Salt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let bytes = BASE64_STANDARD.decode(&*text).map_err(de::Error::custom)?;
        let wrong = || de::Error::custom("a salt has 16 bytes, which are 24 characters in base64");
        Self::from_slice(&bytes).ok_or_else(wrong)
    }
}

/// The digests in a leaf, one for each such field that the event has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Commitments([Option<Digest>; CommittedField::ALL.len()]);

impl Commitments {
    /// The digest of a field, if the event has the field.
    #[must_use]
    pub fn get(&self, field: CommittedField) -> Option<Digest> {
        self.0[field as usize]
    }

    /// Puts a digest in place.
    pub fn set(&mut self, field: CommittedField, digest: Digest) {
        self.0[field as usize] = Some(digest);
    }

    /// Those there are, by field name.
    pub fn iter(&self) -> impl Iterator<Item = (CommittedField, Digest)> {
        CommittedField::ALL.into_iter().filter_map(|field| Some((field, self.get(field)?)))
    }
}
