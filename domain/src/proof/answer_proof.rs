//! That a query's answer is in a log, and that within its range nothing was left out of it that a leaf
//! tells of.
//!
//! All leaves of the range are shown, and the values of those entries that the answer has. So whoever
//! checks it sees by themselves which entries match by type, plan, project, session, correlation and
//! time. What is asked of a value that a leaf has only a digest of, or of the payload, cannot be seen in a
//! leaf: then the answer's entries are proven, and that there are no more is not.

use serde::{Deserialize, Serialize};

use super::{
    Asked, Digest, Disclosure, LeafRecord, ProofFlaw, ProvenRow, SignedCheckpoint,
    VerifiedCheckpoint, VerifierKey, check_range,
};
use crate::Sequence;

/// The tag of this kind of proof, and its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Format {
    #[serde(rename = "indelible-answer-proof/1")]
    V1,
}

/// An answer with its proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerProof {
    format: Format,
    /// What was asked.
    pub asked: Asked,
    /// The place of the range's first leaf in the tree, counted from 0.
    pub start: u64,
    /// Every leaf of the range; in JSON, texts that have their very bytes.
    pub leaves: Vec<LeafRecord>,
    /// The answer, in the record's order.
    pub rows: Vec<AnswerRow>,
    /// The hashes that, with those of the leaves, give the root: from left to right, of each largest
    /// subtree that has no leaf of the range.
    pub range_path: Vec<Digest>,
    /// What the log said about its tree; in JSON, the signed note.
    pub checkpoint: SignedCheckpoint,
}

/// An entry of an answer. The rest of it is in its leaf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerRow {
    /// Which entry.
    pub sequence: Sequence,
    /// Values behind the leaf's digests: as many as shall be seen.
    pub disclosures: Vec<Disclosure>,
}

/// What follows from an answer with its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenAnswer {
    /// What was asked. Nobody signed it: whoever reads the answer compares it with the question.
    pub asked: Asked,
    /// What the log said about its tree.
    pub checkpoint: VerifiedCheckpoint,
    /// The first entry of the range.
    pub first: Sequence,
    /// The last entry of the range.
    pub last: Sequence,
    /// The answer.
    pub rows: Vec<ProvenRow>,
    /// Whether it is proven that no other entry of the range belongs into it.
    pub complete: bool,
}

impl AnswerProof {
    /// An answer, and what proves it.
    #[must_use]
    pub const fn new(
        asked: Asked,
        start: u64,
        leaves: Vec<LeafRecord>,
        rows: Vec<AnswerRow>,
        range_path: Vec<Digest>,
        checkpoint: SignedCheckpoint,
    ) -> Self {
        Self { format: Format::V1, asked, start, leaves, rows, range_path, checkpoint }
    }

    /// Checks all of it with the public keys that are believed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(self, keys: &[VerifierKey]) -> Result<ProvenAnswer, ProofFlaw> {
        let checkpoint = VerifiedCheckpoint::of(&self.checkpoint, keys)?;
        let hashes: Vec<_> = self.leaves.iter().map(LeafRecord::hash).collect();
        if !check_range(&checkpoint.checkpoint.head, self.start, &hashes, &self.range_path) {
            return Err(ProofFlaw::NotInTree);
        }
        let (first, last) = numbered(self.start, &self.leaves)?;
        let asked = self.asked;
        let complete = asked.beyond_leaves.is_empty();
        let mut rows = self.rows.into_iter().peekable();
        let mut proven = Vec::with_capacity(rows.len());
        for leaf in self.leaves {
            let sequence = leaf.sequence;
            let row = rows.next_if(|row| row.sequence == sequence);
            match (asked.matches(&leaf), row) {
                (true, Some(row)) => proven.push(ProvenRow::open(leaf, row.disclosures)?),
                (false, Some(_)) => return Err(ProofFlaw::NotAskedFor { sequence }),
                (true, None) if complete => return Err(ProofFlaw::LeftOut { sequence }),
                (_, None) => {}
            }
        }
        match rows.next() {
            Some(row) => Err(ProofFlaw::NotAskedFor { sequence: row.sequence }),
            None => Ok(ProvenAnswer { asked, checkpoint, first, last, rows: proven, complete }),
        }
    }
}

/// The first and the last of leaves that bear the numbers of their places; there is one at least.
fn numbered(start: u64, leaves: &[LeafRecord]) -> Result<(Sequence, Sequence), ProofFlaw> {
    let (Some(first), Some(last)) = (leaves.first(), leaves.last()) else {
        return Err(ProofFlaw::NotInTree);
    };
    // A log's entries are numbered from 1, and the tree may have begun later.
    let mut before = Some(first.sequence.0).filter(|number| *number > start);
    before = before.map(|number| number - 1);
    for leaf in leaves {
        let follows = before.and_then(|before| before.checked_add(1)) == Some(leaf.sequence.0);
        if !follows {
            return Err(ProofFlaw::Order { sequence: leaf.sequence });
        }
        before = Some(leaf.sequence.0);
    }
    Ok((first.sequence, last.sequence))
}
