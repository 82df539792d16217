//! The way along the record, leaf by leaf.
//!
//! Deliberately absent: what is wrong with a leaf or a tile, see `judging.rs`.

mod end;
mod grown;
mod judging;

use domain::ports::{LeafCheck, TreeError, TreeStanding};
use domain::proof::Digest;
use domain::{AuditTree, Sequence};

use super::checkpoints::Checkpoints;
use super::finding::{Finding, FindingKind};
use super::oldest;
use super::tiles::KeptLeaves;
use grown::Grown;

/// How many findings are kept until the end. A record of which more is wrong is another record.
const KEPT: usize = 2000;

/// Where the way has come to.
pub(super) struct Walk {
    standing: TreeStanding,
    checkpoints: Checkpoints,
    kept: KeptLeaves,
    grown: Grown,
    /// The place of the next leaf's entry.
    next: Sequence,
    /// Whether a leaf's hash was nowhere to be found, so that no root follows any more.
    broken: bool,
    entries: u64,
    pruned: u64,
    unprovable: u64,
    /// Entries that values are gone of.
    erased: Vec<Sequence>,
    findings: Vec<Finding>,
    /// Entries that are not the ones in the tree: another one may be.
    suspects: Vec<Sequence>,
    dropped: u64,
}

impl Walk {
    pub(super) fn new(standing: TreeStanding, checkpoints: Checkpoints) -> Self {
        Self {
            next: standing.genesis.next(),
            standing,
            checkpoints,
            kept: KeptLeaves::default(),
            grown: Grown::default(),
            broken: false,
            entries: 0,
            pruned: 0,
            unprovable: 0,
            erased: Vec::new(),
            findings: Vec::new(),
            suspects: Vec::new(),
            dropped: 0,
        }
    }

    /// Takes the leaves of what retention has removed: all before the first entry there is.
    pub(super) async fn begin(
        &mut self,
        tree: &dyn AuditTree,
        first: Option<Sequence>,
        newest: Sequence,
    ) -> Result<(), TreeError> {
        // The newest entry is never removed by retention: where there is none, all were cut off.
        let Some(first) = first else { return Ok(()) };
        let removed = first.min(newest.next());
        while self.next < removed {
            let index = self.grown.size();
            let Some(hash) = self.kept.at(tree, index).await? else {
                self.missing(removed);
                return Ok(());
            };
            self.pruned += 1;
            self.take(tree, hash).await?;
        }
        Ok(())
    }

    /// Takes an entry that is there.
    pub(super) async fn entry(
        &mut self,
        tree: &dyn AuditTree,
        leaf: LeafCheck,
    ) -> Result<(), TreeError> {
        if leaf.sequence == Sequence(0) {
            let message = "an entry stands before the first place there is";
            self.find(Finding::at(FindingKind::Insertion, leaf.sequence, message));
            return Ok(());
        }
        // What is said of one that is not as it was recorded says nothing.
        if leaf.erased && leaf.computed.ok() == leaf.stored {
            self.erased.push(leaf.sequence);
        }
        if leaf.sequence <= self.standing.genesis {
            self.unprovable += 1;
            if leaf.stored.is_some() {
                let message = "the entry was in the tree, and is now said to be from before it";
                let finding = Finding::at(FindingKind::Content, leaf.sequence, message);
                self.find(finding.field("genesis"));
            }
            return Ok(());
        }
        self.bridge(tree, leaf.sequence).await?;
        self.entries += 1;
        let index = self.standing.index_of(leaf.sequence).unwrap_or_default();
        let in_tree =
            if index < self.standing.size { self.kept.at(tree, index).await? } else { None };
        match self.judge(&leaf, index, in_tree) {
            Some(hash) if !self.broken => self.take(tree, hash).await?,
            Some(_) => self.next = leaf.sequence.next(),
            None => {
                self.broken = true;
                self.next = leaf.sequence.next();
            }
        }
        Ok(())
    }

    /// Steps over entries that should be there and are not.
    async fn bridge(&mut self, tree: &dyn AuditTree, to: Sequence) -> Result<(), TreeError> {
        if self.next >= to {
            return Ok(());
        }
        // Retention may have removed them since: then nothing before them is there any more either.
        let first = oldest(tree).await?;
        let pruned = first.is_some_and(|first| first >= to);
        if !pruned {
            self.missing(to);
        }
        while !self.broken && self.next < to {
            match self.kept.at(tree, self.grown.size()).await? {
                Some(hash) => {
                    self.pruned += u64::from(pruned);
                    self.take(tree, hash).await?;
                }
                None => self.broken = true,
            }
        }
        self.next = to;
        Ok(())
    }

    fn missing(&mut self, to: Sequence) {
        let last = Sequence(to.0.saturating_sub(1));
        let message =
            if self.next == last { "the entry is missing" } else { "entries are missing" };
        self.find(Finding::at(FindingKind::Gap, self.next, message).through(last));
    }

    /// Takes the hash of the next leaf into the tree.
    async fn take(&mut self, tree: &dyn AuditTree, hash: Digest) -> Result<(), TreeError> {
        let full = self.grown.push(hash);
        self.next = self.next.next();
        for (id, hashes) in full {
            self.tile(tree, id, &hashes).await?;
        }
        if self.checkpoints.awaits(self.grown.size()) {
            self.checkpoints.compare(self.grown.head());
        }
        Ok(())
    }

    fn find(&mut self, finding: Finding) {
        if self.findings.len() < KEPT {
            self.findings.push(finding);
        } else {
            self.dropped += 1;
        }
    }
}
