//! Public keys that checkpoints are believed by.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use signed_note::{StandardVerifier, Verifier as _, VerifierError};

use super::Origin;

/// A public key as a signed note has it: `name+hash+base64`.
#[derive(Clone)]
pub struct VerifierKey {
    text: String,
    name: Origin,
    verifier: StandardVerifier,
}

/// Why a text is no public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidVerifierKey {
    /// It does not have the three parts, or one of them is none.
    #[error(
        "`{0}` is no public key: one is written NAME+HASH+KEY, such as \
         indelible/LOG+c74f20a3+ARpc…; copy all of it, in one line"
    )]
    Malformed(String),
    /// It is a private one. It is not shown.
    #[error(
        "this is a private key, which nobody else may see: give the public one instead, which does \
         not begin with PRIVATE+KEY, and have a new key made if this one was seen"
    )]
    Private,
    /// The hash does not belong to the key.
    #[error("`{0}` was changed: its hash is not that of its name and key; copy it again")]
    Changed(String),
    /// It is for signatures of another kind.
    #[error("`{0}` is not for Ed25519, the one kind of signature that is read here")]
    UnknownAlgorithm(String),
}

impl VerifierKey {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The log that it signs for.
    #[must_use]
    pub const fn name(&self) -> &Origin {
        &self.name
    }

    pub(super) fn id(&self) -> u32 {
        self.verifier.key_id()
    }

    pub(super) const fn verifier(&self) -> &StandardVerifier {
        &self.verifier
    }
}

impl FromStr for VerifierKey {
    type Err = InvalidVerifierKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.starts_with("PRIVATE+KEY") {
            return Err(InvalidVerifierKey::Private);
        }
        let owned = text.to_owned();
        let verifier = match StandardVerifier::new(text) {
            Ok(verifier) => verifier,
            Err(VerifierError::Format) => return Err(InvalidVerifierKey::Malformed(owned)),
            Err(VerifierError::Id) => return Err(InvalidVerifierKey::Changed(owned)),
            Err(VerifierError::Alg) => return Err(InvalidVerifierKey::UnknownAlgorithm(owned)),
        };
        match verifier.name().parse() {
            Ok(name) => Ok(Self { text: owned, name, verifier }),
            Err(_) => Err(InvalidVerifierKey::Malformed(owned)),
        }
    }
}

impl PartialEq for VerifierKey {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for VerifierKey {}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl Serialize for VerifierKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for VerifierKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
