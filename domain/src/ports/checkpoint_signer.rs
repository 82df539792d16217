//! Who signs what is said about the tree.
//!
//! Deliberately absent: where keys come from and where they are kept.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use shaku::Interface;

use crate::proof::{Checkpoint, Origin, SignedCheckpoint, VerifierKey};

/// Why a checkpoint could not be signed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the checkpoint could not be signed: look after the signing key")]
pub struct SigningError(#[source] pub Arc<dyn Error + Send + Sync>);

/// A checkpoint that was signed before, and where it is kept outside the record.
#[derive(Debug, Clone)]
pub struct Remembered {
    /// The checkpoint.
    pub checkpoint: SignedCheckpoint,
    /// Where it is kept, for people: a file.
    pub place: String,
}

/// Signs checkpoints with a key that nobody else is shown.
#[async_trait]
pub trait CheckpointSigner: Interface {
    /// The public key under which this signer's checkpoints of a log are verified.
    ///
    /// An adapter MUST return the same one as long as it lives, and name it as the log.
    fn verifier_key(&self, origin: &Origin) -> Result<VerifierKey, SigningError>;

    /// The checkpoint as a signed note, signed by that key.
    ///
    /// An adapter MUST return a note that is verified under [`Self::verifier_key`], and MUST NOT let
    /// anything of the private key be seen, also not in an error.
    fn sign(&self, checkpoint: &Checkpoint) -> Result<SignedCheckpoint, SigningError>;

    /// The largest checkpoint of a log that was given to [`Self::remember`]; `None` where there is none,
    /// or where this signer remembers nothing.
    ///
    /// An adapter MUST fail rather than say `None` where it cannot tell.
    async fn last_signed(&self, _origin: &Origin) -> Result<Option<Remembered>, SigningError> {
        Ok(None)
    }

    /// Remembers what was signed in a place that whoever changes the record does not reach, so that
    /// nothing is signed later that contradicts it.
    ///
    /// An adapter that remembers MUST have done so durably before it returns, and MUST NOT forget a
    /// larger checkpoint of the log for a smaller one, whoever else remembers at the same time.
    async fn remember(&self, _signed: &SignedCheckpoint) -> Result<(), SigningError> {
        Ok(())
    }
}
