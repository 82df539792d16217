//! That a log has only grown between two checkpoints.

use serde::{Deserialize, Serialize};

use super::{
    Digest, ProofFlaw, SignedCheckpoint, VerifiedCheckpoint, VerifierKey, check_consistency,
};

/// The tag of this kind of proof, and its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Format {
    #[serde(rename = "indelible-consistency-proof/1")]
    V1,
}

/// A proof that a log has only grown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyProof {
    format: Format,
    /// The earlier checkpoint; in JSON, the signed note.
    pub old: SignedCheckpoint,
    /// The later checkpoint.
    pub new: SignedCheckpoint,
    /// The hashes that connect them, as RFC 6962 has them.
    pub consistency_path: Vec<Digest>,
}

/// What follows from a proof that a log has only grown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenGrowth {
    /// The earlier checkpoint.
    pub old: VerifiedCheckpoint,
    /// The later checkpoint, whose tree begins with that of the earlier one.
    pub new: VerifiedCheckpoint,
}

impl ConsistencyProof {
    /// The proof for two checkpoints of a log.
    #[must_use]
    pub const fn new(
        old: SignedCheckpoint,
        new: SignedCheckpoint,
        consistency_path: Vec<Digest>,
    ) -> Self {
        Self { format: Format::V1, old, new, consistency_path }
    }

    /// Checks all of it with the public keys that are believed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(self, keys: &[VerifierKey]) -> Result<ProvenGrowth, ProofFlaw> {
        let old = VerifiedCheckpoint::of(&self.old, keys)?;
        let new = VerifiedCheckpoint::of(&self.new, keys)?;
        let (before, after) = (&old.checkpoint, &new.checkpoint);
        if before.origin != after.origin {
            let [old, new] = [before, after].map(|of| of.origin.to_string());
            return Err(ProofFlaw::DifferentLogs { old, new });
        }
        if before.head.size > after.head.size {
            return Err(ProofFlaw::Truncation { old: before.head.size, new: after.head.size });
        }
        if !check_consistency(&before.head, &after.head, &self.consistency_path) {
            return Err(ProofFlaw::Fork);
        }
        Ok(ProvenGrowth { old, new })
    }
}
