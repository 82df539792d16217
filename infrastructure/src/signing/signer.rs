//! The signer: a key in memory, from a file, from a text, or made for the moment.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::{CheckpointSigner, Remembered, SigningError};
use domain::proof::{Checkpoint, Origin, SignedCheckpoint, VerifierKey};
use ed25519_dalek::{Signer as _, SigningKey};
use shaku::{Component, Module, ModuleBuildContext};
use signed_note::{Note, Signer};
use zeroize::Zeroizing;

use super::memory::{MemoryError, SignedMemory};
use super::{SigningKeyError, key_text};
use crate::secret_file::{self, NotRead};

#[cfg(test)]
mod tests;

/// A key's text is far shorter.
const MOST_BYTES: u64 = 4096;

/// Signs with an Ed25519 key, which is wiped from memory with the signer and never shown.
#[derive(Clone)]
pub struct Ed25519Signer {
    key: Result<Arc<SigningKey>, NoKey>,
    /// Beside the file of the key, where that has one.
    memory: Option<SignedMemory>,
}

impl fmt::Debug for Ed25519Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ed25519Signer(..)")
    }
}

/// Why a signer has no key.
#[derive(Debug, Clone, thiserror::Error)]
enum NoKey {
    #[error("no key was given to the signer: pass one when it is built")]
    NotGiven,
    #[error(
        "there is no signing key at {}, and this record has been signed with one: bring it back, there or \
         to the environment, or go on with a new one by `indelible key rotate`, which is put on record",
        .0.display()
    )]
    Gone(PathBuf),
}

impl Ed25519Signer {
    /// The signer of the key in a file, which is made when it is not there, readable by its owner only.
    /// Any number of processes may ask for the same file at once: all of them get the same key.
    ///
    /// # Errors
    /// When the file cannot be read or made, may be read by others, or holds no key.
    pub fn load_or_create(file: &Path) -> Result<Self, SigningKeyError> {
        if let Some(signer) = Self::load(file)? {
            return Ok(signer);
        }
        let signer = Self { memory: Some(SignedMemory::beside(file)), ..Self::generate()? };
        match secret_file::create(file, signer.text().as_bytes()) {
            Ok(()) => Ok(signer),
            Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {
                let gone = || SigningKeyError::Unreadable { file: file.to_owned(), source };
                Self::load(file)?.ok_or_else(gone)
            }
            Err(source) => Err(SigningKeyError::Unwritable { file: file.to_owned(), source }),
        }
    }

    /// The signer of the key in a file, of a record that has been signed. Where the file is gone no other
    /// key is made in its place: such a signer signs nothing, and says why.
    ///
    /// # Errors
    /// When the file cannot be read, may be read by others, or holds no key.
    pub fn load_or_miss(file: &Path) -> Result<Self, SigningKeyError> {
        let gone = || Self { key: Err(NoKey::Gone(file.to_owned())), memory: None };
        Ok(Self::load(file)?.unwrap_or_else(gone))
    }

    /// The signer of the key in a text; `place` says where it comes from, for people.
    ///
    /// # Errors
    /// When there is no key in it.
    pub fn from_text(text: &str, place: &str) -> Result<Self, SigningKeyError> {
        let key = key_text::read(text);
        let key = key.ok_or_else(|| SigningKeyError::Malformed { place: place.to_owned() })?;
        Ok(Self { key: Ok(Arc::new(key)), memory: None })
    }

    /// The signer of a new key, which goes with it unless it is kept.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate() -> Result<Self, SigningKeyError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        Ok(Self { key: Ok(Arc::new(SigningKey::from_bytes(&seed))), memory: None })
    }

    /// Keeps the key in the file, in place of the one that is there: that one is gone then, and nobody
    /// can sign with it any more. What it has signed is still verified by its public key.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn replace(&self, file: &Path) -> Result<(), SigningKeyError> {
        let unwritable = |source| SigningKeyError::Unwritable { file: file.to_owned(), source };
        secret_file::replace(file, self.text().as_bytes()).map_err(unwritable)
    }

    fn load(file: &Path) -> Result<Option<Self>, SigningKeyError> {
        let read = secret_file::read(file, MOST_BYTES).map_err(|error| match error {
            NotRead::Unreadable(source) => {
                SigningKeyError::Unreadable { file: file.to_owned(), source }
            }
            NotRead::Exposed(mode) => SigningKeyError::Exposed { file: file.to_owned(), mode },
        })?;
        let Some(bytes) = read.map(Zeroizing::new) else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes);
        let signer = Self::from_text(&text, &file.display().to_string())?;
        Ok(Some(Self { memory: Some(SignedMemory::beside(file)), ..signer }))
    }

    /// The key's text, wiped from memory after use; empty where there is none.
    fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.key.as_deref().map_or_else(|_| String::new(), key_text::write))
    }

    fn named(&self, origin: &Origin) -> Result<Named<'_>, SigningError> {
        let key = self.key.as_deref().map_err(|none| SigningError(Arc::new(none.clone())))?;
        Ok(Named { name: origin.as_str().to_owned(), id: key_text::id(origin.as_str(), key), key })
    }
}

/// The key under the name of a log.
struct Named<'a> {
    name: String,
    id: u32,
    key: &'a SigningKey,
}

impl Signer for Named<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ed25519_dalek::SignatureError> {
        Ok(self.key.try_sign(message)?.to_vec())
    }
}

#[async_trait]
impl CheckpointSigner for Ed25519Signer {
    fn verifier_key(&self, origin: &Origin) -> Result<VerifierKey, SigningError> {
        let Named { name, key, .. } = self.named(origin)?;
        let text = signed_note::new_ed25519_verifier_key(&name, &key.verifying_key());
        text.parse().map_err(|error| SigningError(Arc::new(error)))
    }

    fn sign(&self, checkpoint: &Checkpoint) -> Result<SignedCheckpoint, SigningError> {
        let named = self.named(&checkpoint.origin)?;
        let text = checkpoint.text();
        let mut note =
            Note::new(text.as_bytes(), &[]).map_err(|error| SigningError(Arc::new(error)))?;
        note.add_sigs(&[&named]).map_err(|error| SigningError(Arc::new(error)))?;
        let note = String::from_utf8_lossy(&note.to_bytes()).into_owned();
        SignedCheckpoint::parse(&note).map_err(|error| SigningError(Arc::new(error)))
    }

    async fn last_signed(&self, origin: &Origin) -> Result<Option<Remembered>, SigningError> {
        let Some(memory) = self.memory.clone() else { return Ok(None) };
        let origin = origin.clone();
        blocking(move || memory.last(&origin)).await
    }

    async fn remember(&self, signed: &SignedCheckpoint) -> Result<(), SigningError> {
        let Some(memory) = self.memory.clone() else { return Ok(()) };
        let signed = signed.clone();
        blocking(move || memory.keep(&signed)).await
    }
}

/// Files are read and synced where nobody else waits for it.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, MemoryError> + Send + 'static,
) -> Result<T, SigningError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|gone| SigningError(Arc::new(gone)))?
        .map_err(|error| SigningError(Arc::new(error)))
}

/// What the component is built from.
#[derive(Default)]
pub struct Ed25519SignerParameters {
    /// The signer, its key loaded beforehand. Without one, nothing can be signed.
    pub signer: Option<Ed25519Signer>,
}

impl<M: Module> Component<M> for Ed25519Signer {
    type Interface = dyn CheckpointSigner;
    type Parameters = Ed25519SignerParameters;

    fn build(
        _: &mut ModuleBuildContext<M>,
        parameters: Self::Parameters,
    ) -> Box<dyn CheckpointSigner> {
        let none = Self { key: Err(NoKey::NotGiven), memory: None };
        Box::new(parameters.signer.unwrap_or(none))
    }
}
