//! Who signs what is said about the tree.
//!
//! Deliberately absent: where keys come from and where they are kept.

use std::error::Error;
use std::sync::Arc;

use shaku::Interface;

use crate::proof::{Checkpoint, Origin, SignedCheckpoint, VerifierKey};

/// Why a checkpoint could not be signed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the checkpoint could not be signed: look after the signing key")]
pub struct SigningError(#[source] pub Arc<dyn Error + Send + Sync>);

/// Signs checkpoints with a key that nobody else is shown.
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
}
