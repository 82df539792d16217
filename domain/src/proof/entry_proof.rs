//! That an entry is in a log: all that it takes to check it, but for the log's public key.

use serde::{Deserialize, Serialize};

use super::{
    Digest, Disclosure, LeafRecord, ProofFlaw, ProvenRow, SignedCheckpoint, StoredEntry,
    Unprovable, VerifiedCheckpoint, VerifierKey, check_inclusion,
};

/// The tag of this kind of proof, and its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Format {
    #[serde(rename = "indelible-entry-proof/1")]
    V1,
}

/// A proof that an entry is in a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryProof {
    format: Format,
    /// The place of the entry's leaf in the tree, counted from 0.
    pub index: u64,
    /// The leaf; in JSON it is a text that has its very bytes.
    pub leaf: LeafRecord,
    /// Values behind the leaf's digests: as many as shall be seen.
    pub disclosures: Vec<Disclosure>,
    /// The hashes from the leaf up to the root, as RFC 6962 has them.
    pub inclusion_path: Vec<Digest>,
    /// What the log said about its tree; in JSON, the signed note.
    pub checkpoint: SignedCheckpoint,
}

/// What follows from a proof of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenEntry {
    /// What the log said about its tree.
    pub checkpoint: VerifiedCheckpoint,
    /// The place of the entry's leaf in the tree, counted from 0.
    pub index: u64,
    /// The entry.
    pub row: ProvenRow,
}

impl EntryProof {
    /// The proof of a stored entry, with all that is still there of its values.
    ///
    /// # Errors
    /// When something that only we write is not as we write it.
    pub fn new(
        entry: &StoredEntry,
        index: u64,
        inclusion_path: Vec<Digest>,
        checkpoint: SignedCheckpoint,
    ) -> Result<Self, Unprovable> {
        let leaf = LeafRecord::from(entry.leaf()?);
        let disclosures = Disclosure::all_of(entry)?;
        Ok(Self { format: Format::V1, index, leaf, disclosures, inclusion_path, checkpoint })
    }

    /// Checks all of it with the public keys that are believed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(self, keys: &[VerifierKey]) -> Result<ProvenEntry, ProofFlaw> {
        let checkpoint = VerifiedCheckpoint::of(&self.checkpoint, keys)?;
        let (index, head) = (self.index, checkpoint.checkpoint.head);
        if !check_inclusion(&head, index, self.leaf.hash(), &self.inclusion_path) {
            return Err(ProofFlaw::NotInTree);
        }
        // A log's entries are numbered from 1, and the tree may have begun later.
        if self.leaf.sequence.0 <= index {
            return Err(ProofFlaw::Order { sequence: self.leaf.sequence });
        }
        Ok(ProvenEntry { checkpoint, index, row: ProvenRow::open(self.leaf, self.disclosures)? })
    }
}
