//! A checkpoint in a C2SP signed note, and whose signatures on it are good.
//!
//! Deliberately absent: making signatures, see [`crate::ports::CheckpointSigner`].

use std::cell::RefCell;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use signed_note::{Note, NoteError, VerificationError, Verifier, Verifiers};

use super::{Checkpoint, NotACheckpoint, VerifierKey};

/// A checkpoint with signatures, none of which is believed before [`SignedCheckpoint::verify`] said so.
#[derive(Clone, Debug)]
pub struct SignedCheckpoint {
    text: String,
    note: Arc<Note>,
    checkpoint: Checkpoint,
}

/// A text is no signed checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotASignedCheckpoint {
    /// It is no signed note.
    #[error(
        "not a signed note: it has a text, an empty line, and a line for each signature; copy all of it"
    )]
    NotANote,
    /// What is signed is no checkpoint.
    #[error(transparent)]
    NotACheckpoint(#[from] NotACheckpoint),
}

/// Why nothing of a signed checkpoint is believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFlaw {
    /// A signature that bears a known key's name was not made by it over this text.
    #[error(
        "the signature of {key} is not one of this checkpoint: the checkpoint was changed, or forged"
    )]
    BadSignature {
        /// Name and hash of the key.
        key: String,
    },
    /// None of the known keys signed it.
    #[error(
        "it is signed by no key that was given, only by {}: give the public key of its log",
        .signers.join(", ")
    )]
    UnknownKey {
        /// Names and hashes of the keys that say they signed it.
        signers: Vec<String>,
    },
    /// Known keys signed it, and none of them signs for the log it speaks of.
    #[error(
        "it speaks of the log {origin} and is signed for others only, {}: it takes a signature of \
         that log's own key",
        .signers.join(", ")
    )]
    OfAnotherLog {
        /// The log it speaks of.
        origin: String,
        /// Names and hashes of the keys that signed it.
        signers: Vec<String>,
    },
}

impl SignedCheckpoint {
    /// The signed checkpoint in a text.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(text: &str) -> Result<Self, NotASignedCheckpoint> {
        let not_a_note = |_| NotASignedCheckpoint::NotANote;
        let note = Note::from_bytes(text.as_bytes()).map_err(not_a_note)?;
        let signed = std::str::from_utf8(note.text()).map_err(|_| NotACheckpoint)?;
        let checkpoint = Checkpoint::parse(signed)?;
        Ok(Self { text: text.to_owned(), note: Arc::new(note), checkpoint })
    }

    /// All of it, as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it says, whether or not it is to be believed.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Believes it if a key of its log is among those that are known and signed it, and returns the
    /// known keys that did, as name and hash. Signatures by unknown keys are let pass.
    ///
    /// # Errors
    /// When a known key's signature is bad, or none is there that counts.
    pub fn verify(&self, known: &[VerifierKey]) -> Result<Vec<String>, SignatureFlaw> {
        let known = Known { keys: known, asked: RefCell::default() };
        let signers = match self.note.verify(&known) {
            Ok((good, _)) => good,
            Err(NoteError::InvalidSignature { name, id }) => {
                return Err(SignatureFlaw::BadSignature { key: named(&name, id) });
            }
            // Of a note that was parsed there is nothing else to be said.
            Err(_) => return Err(SignatureFlaw::UnknownKey { signers: known.asked.into_inner() }),
        };
        let origin = self.checkpoint.origin.as_str();
        let of_log = signers.iter().any(|signer| signer.name() == origin);
        let signers = signers.iter().map(|signer| named(signer.name(), signer.id())).collect();
        if of_log {
            return Ok(signers);
        }
        Err(SignatureFlaw::OfAnotherLog { origin: origin.to_owned(), signers })
    }
}

impl PartialEq for SignedCheckpoint {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for SignedCheckpoint {}

impl Serialize for SignedCheckpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for SignedCheckpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

/// A checkpoint that is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedCheckpoint {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The known keys that signed it, as name and hash.
    pub signed_by: Vec<String>,
}

impl VerifiedCheckpoint {
    /// A signed checkpoint, if these keys let it be believed.
    ///
    /// # Errors
    /// As [`SignedCheckpoint::verify`] says.
    pub fn of(signed: &SignedCheckpoint, keys: &[VerifierKey]) -> Result<Self, SignatureFlaw> {
        let signed_by = signed.verify(keys)?;
        Ok(Self { checkpoint: signed.checkpoint.clone(), signed_by })
    }
}

fn named(name: &str, id: u32) -> String {
    format!("{name}+{id:08x}")
}

/// Keys to believe, and which ones were asked for.
struct Known<'a> {
    keys: &'a [VerifierKey],
    asked: RefCell<Vec<String>>,
}

impl Verifiers for Known<'_> {
    fn verifier(&self, name: &str, id: u32) -> Result<&dyn Verifier, VerificationError> {
        self.asked.borrow_mut().push(named(name, id));
        let key = self.keys.iter().find(|key| key.name().as_str() == name && key.id() == id);
        let unknown = || VerificationError::UnknownKey { name: name.to_owned(), id };
        key.map(|key| key.verifier() as &dyn Verifier).ok_or_else(unknown)
    }
}
