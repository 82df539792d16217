//! The way along the record, leaf by leaf.

use domain::ports::{LeafCheck, TreeError, TreeStanding};
use domain::proof::{Digest, Frontier, Origin, TileId};
use domain::{AuditTree, Sequence};

use super::checkpoints::{Checkpoints, Compared};
use super::finding::{Finding, FindingKind, Verdict, Verification};
use super::misplaced::explain;
use super::tiles::{KeptLeaves, Upper};

/// How many findings are told one by one.
const TOLD: usize = 100;

/// How many findings are kept until the end. A record of which more is wrong is another record.
const KEPT: usize = 2000;

/// Where the way has come to.
pub(super) struct Walk {
    standing: TreeStanding,
    checkpoints: Checkpoints,
    kept: KeptLeaves,
    frontier: Frontier,
    upper: Upper,
    /// The place of the next leaf's entry.
    next: Sequence,
    /// Whether a leaf's hash was nowhere to be found, so that no root follows any more.
    broken: bool,
    entries: u64,
    pruned: u64,
    unprovable: u64,
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
            frontier: Frontier::new(),
            upper: Upper::default(),
            broken: false,
            entries: 0,
            pruned: 0,
            unprovable: 0,
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
            let index = self.frontier.size();
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

    /// Says what is wrong with an entry. Returns its hash in the tree: where there is a doubt, the one
    /// that the tree has, so that what follows can be judged by itself.
    fn judge(&mut self, leaf: &LeafCheck, index: u64, in_tree: Option<Digest>) -> Option<Digest> {
        let LeafCheck { sequence, stored, computed } = leaf;
        let content = |message: &str| Finding::at(FindingKind::Content, *sequence, message);
        if index < self.standing.size && in_tree.is_none() {
            let finding = content("the hash of the entry is not in the tree");
            self.find(finding.field("tile"));
        }
        let tree = in_tree.or(*stored);
        match computed {
            Ok(computed) if Some(*computed) == *stored => {
                if tree != Some(*computed) {
                    self.suspects.push(*sequence);
                    self.find(content("the entry is not the one in the tree"));
                }
            }
            Ok(computed) if Some(*computed) == in_tree => {
                let finding = content("the hash beside the entry is not the one of the entry");
                self.find(finding.field("leaf_hash"));
            }
            Ok(_) => {
                self.suspects.push(*sequence);
                self.find(content("the entry is not the one that was recorded"));
            }
            Err(unprovable) => {
                self.find(content(&unprovable.to_string()).field(unprovable.field));
            }
        }
        tree.or(computed.ok())
    }

    /// Steps over entries that should be there and are not.
    async fn bridge(&mut self, tree: &dyn AuditTree, to: Sequence) -> Result<(), TreeError> {
        if self.next >= to {
            return Ok(());
        }
        // Retention may have removed them since: then nothing before them is there any more either.
        let first = tree.leaves(Sequence(0), 1).await?.pop().map(|entry| entry.sequence);
        let pruned = first.is_some_and(|first| first >= to);
        if !pruned {
            self.missing(to);
        }
        while !self.broken && self.next < to {
            match self.kept.at(tree, self.frontier.size()).await? {
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
        self.frontier.push(hash);
        self.next = self.next.next();
        for (id, hashes) in self.upper.push(hash) {
            self.tile(tree, id, &hashes).await?;
        }
        self.checkpoints.compare(self.frontier.head());
        Ok(())
    }

    /// Compares a tile above the leaves with the one that is kept.
    async fn tile(
        &mut self,
        tree: &dyn AuditTree,
        id: TileId,
        hashes: &[u8],
    ) -> Result<(), TreeError> {
        let below = 8 * u32::from(id.level);
        // As many as full tiles below that the tree had when it last grew.
        let due = self.standing.size >> below.min(63);
        let due = due.saturating_sub(id.index.saturating_mul(256)).min(256);
        // At most 256.
        let due = 32 * usize::try_from(due).unwrap_or_default();
        let kept = tree.tile(id.level, id.index).await?.unwrap_or_default();
        // It may have grown since it was asked how large the tree is.
        let both = kept.len().min(hashes.len());
        if due > hashes.len() || kept.len() < due || hashes[..both] != kept[..both] {
            let first = self.standing.sequence_of((id.index << (below + 8).min(63)).min(1 << 62));
            let message =
                format!("tile {} of level {} is not the one of its leaves", id.index, id.level);
            let finding = Finding::at(FindingKind::Content, first, message).field("tile");
            self.find(finding.through(Sequence(self.next.0.saturating_sub(1))));
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

    /// All entries are done; `newest` was the last one.
    pub(super) async fn end(
        mut self,
        tree: &dyn AuditTree,
        newest: Sequence,
        segment: bool,
    ) -> Result<Walked, TreeError> {
        if self.entries > 0 && self.next <= newest {
            // Retention has removed all that was there when it was asked.
            self.bridge(tree, newest.next()).await?;
        }
        let due = self.standing.sequence_of(self.standing.size);
        let first_missing = self.next.min(newest.next());
        if first_missing < due && segment {
            while !self.broken && self.next < due {
                match self.kept.at(tree, self.frontier.size()).await? {
                    Some(hash) => {
                        self.pruned += 1;
                        self.take(tree, hash).await?;
                    }
                    None => self.broken = true,
                }
            }
        } else if first_missing < due {
            let last = Sequence(due.0 - 1);
            let finding = Finding::at(
                FindingKind::Truncation,
                first_missing,
                "the tree has the newest entries, and the record does not",
            );
            self.find(finding.through(last));
            // What was signed about them can still be compared.
            while !self.broken && self.next < due {
                match self.kept.at(tree, self.frontier.size()).await? {
                    Some(hash) => self.take(tree, hash).await?,
                    None => self.broken = true,
                }
            }
        }
        if !self.broken {
            for (id, hashes) in std::mem::take(&mut self.upper).unfilled() {
                self.tile(tree, id, &hashes).await?;
            }
        }
        if self.broken {
            let message = "hashes are missing, so that no checkpoint after them can be compared";
            let first = self.standing.sequence_of(self.frontier.size());
            self.find(Finding::at(FindingKind::Fork, first, message));
        }
        let findings = explain(tree, &self.standing, self.findings, &self.suspects).await?;
        let leaves = if self.broken { u64::MAX } else { self.frontier.size() };
        Ok(Walked {
            compared: self.checkpoints.end(leaves),
            newest,
            entries: self.entries,
            pruned: self.pruned,
            unprovable: self.unprovable,
            findings,
            dropped: self.dropped,
        })
    }
}

/// What the way along the record came to.
pub(super) struct Walked {
    compared: Compared,
    newest: Sequence,
    entries: u64,
    pruned: u64,
    unprovable: u64,
    findings: Vec<Finding>,
    dropped: u64,
}

impl Walked {
    pub(super) fn told(
        self,
        origin: Origin,
        standing: TreeStanding,
        keys_from_elsewhere: bool,
        against: u64,
        archive: bool,
    ) -> Verification {
        let mut findings = self.findings;
        findings.extend(self.compared.findings);
        findings.sort_by_key(|finding| (finding.sequence, finding.kind));
        let intact = findings.is_empty();
        let more = findings.len().saturating_sub(TOLD) as u64 + self.dropped;
        findings.truncate(TOLD);
        let signed = self.compared.signed;
        Verification {
            verdict: if intact { Verdict::Intact } else { Verdict::Tampered },
            log: origin.to_string(),
            archive,
            provable_from: standing.genesis.next(),
            newest: self.newest,
            entries: self.entries,
            pruned: self.pruned,
            unprovable: self.unprovable,
            checkpoints: self.compared.own,
            against,
            signed_through: match signed {
                0 => Sequence(0),
                size => Sequence(standing.genesis.0.saturating_add(size)),
            },
            keys_from_elsewhere,
            findings,
            more_findings: more,
        }
    }
}
