//! The signer: a key from a file, from a text, or for one process alone.

use std::path::Path;
use std::sync::Arc;

use domain::ports::{CheckpointSigner, SigningError};
use domain::proof::{Checkpoint, Origin, SignedCheckpoint, VerifierKey};
use ed25519_dalek::Signer as _;
use signed_note::{Note, Signer};

use super::SigningKeyError;
use super::key::PrivateKey;
use crate::secret_file;

/// No key's text is longer.
const MAX_TEXT: usize = 4096;

/// Signs checkpoints with an Ed25519 key, which it shows to nobody.
#[derive(Debug)]
pub struct Ed25519Signer(PrivateKey);

impl Ed25519Signer {
    /// Signs with the key in a file, which is made when it is not there, readable by its owner only and
    /// labelled with the log's name. Any number of processes may ask for the same file at once: all of
    /// them get the same key.
    ///
    /// # Errors
    /// When the file cannot be read or made, may be read by others, or holds no key.
    pub fn load_or_create(file: &Path, label: &Origin) -> Result<Self, SigningKeyError> {
        if let Some(key) = Self::find(file)? {
            return Ok(key);
        }
        let key = PrivateKey::generate()?;
        let made = secret_file::create(file, key.to_text(label).as_bytes(), MAX_TEXT);
        match made.map_err(|problem| SigningKeyError::of(file, problem))? {
            None => Ok(Self(key)),
            // Another process was faster: its key is the key.
            Some(theirs) => Self::in_file(file, &theirs),
        }
    }

    /// Signs with the key in a file that is there.
    ///
    /// # Errors
    /// When it is not, cannot be read, may be read by others, or holds no key.
    pub fn load(file: &Path) -> Result<Self, SigningKeyError> {
        Self::find(file)?.ok_or_else(|| SigningKeyError::Missing { file: file.to_owned() })
    }

    /// Signs with the key in a text. `place` says where the text is from, for an error: `the variable
    /// INDELIBLE_PROOF_KEY`.
    ///
    /// # Errors
    /// When it holds no key.
    pub fn from_text(text: &str, place: &str) -> Result<Self, SigningKeyError> {
        let not_a_key = || SigningKeyError::NotAKey { place: place.to_owned() };
        PrivateKey::parse(text.as_bytes()).map(Self).ok_or_else(not_a_key)
    }

    /// Signs with a key that ends with the process.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn ephemeral() -> Result<Self, SigningKeyError> {
        Ok(Self(PrivateKey::generate()?))
    }

    /// Puts a new key into a file and signs with it. The former key is not kept: nothing can be signed
    /// with it any more by whoever reads the file, and what it signed is verified by its public key as
    /// before. A process that has read it goes on with it until it ends.
    ///
    /// # Errors
    /// When the file cannot be written. Then the former key is still in it.
    pub fn rotate(file: &Path, label: &Origin) -> Result<Self, SigningKeyError> {
        let key = PrivateKey::generate()?;
        let replaced = secret_file::replace(file, key.to_text(label).as_bytes());
        replaced.map_err(|problem| SigningKeyError::of(file, problem))?;
        Ok(Self(key))
    }

    fn find(file: &Path) -> Result<Option<Self>, SigningKeyError> {
        let text = secret_file::read(file, MAX_TEXT);
        let Some(text) = text.map_err(|problem| SigningKeyError::of(file, problem))? else {
            return Ok(None);
        };
        Self::in_file(file, &text).map(Some)
    }

    fn in_file(file: &Path, text: &[u8]) -> Result<Self, SigningKeyError> {
        let place = || format!("the file {}", file.display());
        let not_a_key = || SigningKeyError::NotAKey { place: place() };
        PrivateKey::parse(text).map(Self).ok_or_else(not_a_key)
    }
}

impl CheckpointSigner for Ed25519Signer {
    fn verifier_key(&self, origin: &Origin) -> Result<VerifierKey, SigningError> {
        self.0.public(origin).parse().map_err(|error| SigningError(Arc::new(error)))
    }

    fn sign(&self, checkpoint: &Checkpoint) -> Result<SignedCheckpoint, SigningError> {
        let signer = Named { key: &self.0, name: &checkpoint.origin };
        let signed = Note::new(checkpoint.text().as_bytes(), &[]).and_then(|mut note| {
            note.add_sigs(&[&signer])?;
            Ok(note.to_bytes())
        });
        let note = signed.map_err(|error| SigningError(Arc::new(error)))?;
        let note = String::from_utf8(note).map_err(|error| SigningError(Arc::new(error)))?;
        SignedCheckpoint::parse(&note).map_err(|error| SigningError(Arc::new(error)))
    }
}

/// The key under a log's name.
struct Named<'a> {
    key: &'a PrivateKey,
    name: &'a Origin,
}

impl Signer for Named<'_> {
    fn name(&self) -> &str {
        self.name.as_str()
    }

    fn key_id(&self) -> u32 {
        self.key.id(self.name)
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ed25519_dalek::SignatureError> {
        self.key.key().try_sign(message).map(|signature| signature.to_vec())
    }
}
