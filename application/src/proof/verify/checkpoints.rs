//! The checkpoints that a record is compared with, in the order of their sizes.

use std::collections::BTreeMap;

use domain::ports::{KeptCheckpoint, TreeError};
use domain::proof::{
    Digest, InvalidVerifierKey, Origin, SignatureFlaw, SignedCheckpoint, TreeHead, VerifierKey,
};
use domain::{AuditTree, Sequence};

use super::finding::{Finding, FindingKind};

/// How many checkpoints are read at a time.
const PAGE: u32 = 500;

/// All checkpoints in the record.
pub(super) async fn load(tree: &dyn AuditTree) -> Result<Vec<KeptCheckpoint>, TreeError> {
    let mut all: Vec<KeptCheckpoint> = Vec::new();
    loop {
        // One of no entries says nothing, and is not made.
        let after = all.last().map_or(0, |last| last.size);
        let page = tree.checkpoints(after, PAGE).await?;
        let full = page.len() == PAGE as usize;
        all.extend(page);
        if !full {
            return Ok(all);
        }
    }
}

/// The good checkpoints that lie ahead, and what is wrong with the others.
pub(super) struct Checkpoints {
    origin: Origin,
    keys: Vec<VerifierKey>,
    genesis: Sequence,
    /// The roots that were signed, by size, and whether the checkpoint came from elsewhere.
    ahead: BTreeMap<u64, Vec<(Digest, bool)>>,
    compared: u64,
    /// The largest tree that a good checkpoint was about.
    signed: u64,
    pub(super) findings: Vec<Finding>,
}

impl Checkpoints {
    pub(super) fn new(origin: Origin, keys: Vec<VerifierKey>, genesis: Sequence) -> Self {
        Self {
            origin,
            keys,
            genesis,
            ahead: BTreeMap::new(),
            compared: 0,
            signed: 0,
            findings: Vec::new(),
        }
    }

    /// Tells of keys in the record that are none.
    pub(super) fn strange_keys(&mut self, strange: Vec<InvalidVerifierKey>) {
        for error in strange {
            self.findings.push(Finding {
                kind: FindingKind::UnknownKey,
                sequence: None,
                through: None,
                field: None,
                message: format!("a key in the record is none: {error}"),
            });
        }
    }

    /// Takes those of the record, and those from elsewhere.
    pub(super) fn take(&mut self, of_record: &[KeptCheckpoint], elsewhere: &[SignedCheckpoint]) {
        for kept in of_record {
            match SignedCheckpoint::parse(&kept.note) {
                Ok(signed) if signed.checkpoint().head.size == kept.size => {
                    self.add(&signed, false);
                }
                Ok(_) => self.wrong(
                    FindingKind::BadSignature,
                    kept.size,
                    "a checkpoint is kept as one of another size than it was signed for",
                ),
                Err(error) => self.wrong(
                    FindingKind::BadSignature,
                    kept.size,
                    format!("a checkpoint in the record cannot be read: {error}"),
                ),
            }
        }
        for signed in elsewhere {
            self.add(signed, true);
        }
    }

    fn add(&mut self, signed: &SignedCheckpoint, elsewhere: bool) {
        let TreeHead { size, root } = signed.checkpoint().head;
        if signed.checkpoint().origin != self.origin {
            let of = &signed.checkpoint().origin;
            let message = format!("a checkpoint is one of another record, {of}");
            return self.wrong(FindingKind::Fork, size, message);
        }
        match signed.verify(&self.keys) {
            Ok(_) => self.ahead.entry(size).or_default().push((root, elsewhere)),
            Err(flaw @ SignatureFlaw::BadSignature { .. }) => {
                self.wrong(FindingKind::BadSignature, size, flaw.to_string());
            }
            Err(flaw) => self.wrong(FindingKind::UnknownKey, size, flaw.to_string()),
        }
    }

    fn wrong(&mut self, kind: FindingKind, size: u64, message: impl Into<String>) {
        let newest = Sequence(self.genesis.0.saturating_add(size));
        self.findings.push(Finding::at(kind, newest, message));
    }

    /// Whether something was signed about the tree at this size.
    pub(super) fn awaits(&self, size: u64) -> bool {
        self.ahead.contains_key(&size)
    }

    /// Compares the tree as it is at some size with what was signed about it.
    pub(super) fn compare(&mut self, head: TreeHead) {
        let Some(signed) = self.ahead.remove(&head.size) else { return };
        let last = Sequence(self.genesis.0.saturating_add(head.size));
        let first = Sequence(self.genesis.0.saturating_add(self.signed)).next();
        for (root, elsewhere) in signed {
            self.compared += u64::from(!elsewhere);
            if root == head.root {
                self.signed = head.size;
                continue;
            }
            let place = if elsewhere { "a checkpoint from elsewhere" } else { "a checkpoint" };
            let message =
                format!("the entries up to {last} are not the ones that {place} is about");
            self.findings.push(Finding::at(FindingKind::Fork, first, message).through(last));
        }
    }

    /// Tells of what was signed and is not there, if it is known how many leaves are.
    pub(super) fn end(mut self, leaves: Option<u64>) -> Compared {
        if let Some(leaves) = leaves
            && let Some((size, signed)) = self.ahead.last_key_value()
        {
            let first = Sequence(self.genesis.0.saturating_add(leaves)).next();
            let last = Sequence(self.genesis.0.saturating_add(*size));
            let elsewhere = signed.iter().any(|(_, elsewhere)| *elsewhere);
            let place = if elsewhere { "a checkpoint from elsewhere" } else { "a checkpoint" };
            let message = format!("{place} is about entries up to {last}, which are not there");
            self.findings.push(Finding::at(FindingKind::Truncation, first, message).through(last));
        }
        Compared { own: self.compared, signed: self.signed, findings: self.findings }
    }
}

/// What comparing came to.
pub(super) struct Compared {
    pub(super) own: u64,
    pub(super) signed: u64,
    pub(super) findings: Vec<Finding>,
}
