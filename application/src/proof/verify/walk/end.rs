//! The end of the way along the record: what is left to compare, and all of it as it is told.

use domain::ports::{TreeError, TreeStanding};
use domain::proof::Origin;
use domain::{AuditTree, Sequence};

use super::super::accounted::Account;
use super::super::checkpoints::Compared;
use super::super::finding::{Finding, FindingKind, Verdict, Verification};
use super::super::misplaced::explain;
use super::Walk;

/// How many findings are told one by one.
const TOLD: usize = 100;

impl Walk {
    /// All entries are done; `newest` was the last one.
    pub(in super::super) async fn end(
        mut self,
        tree: &dyn AuditTree,
        newest: Sequence,
        segment: bool,
    ) -> Result<Walked, TreeError> {
        if self.next <= newest {
            // Retention has removed all that was there when it was asked.
            self.bridge(tree, newest.next()).await?;
        }
        let due = self.standing.sequence_of(self.standing.size);
        // Also where the newest entry left is from before the tree.
        let first_missing = self.next.min(newest.next()).max(self.standing.genesis.next());
        if first_missing < due && segment {
            while !self.broken && self.next < due {
                match self.kept.at(tree, self.grown.size()).await? {
                    Some(hash) => {
                        self.pruned += 1;
                        self.take(tree, hash).await?;
                    }
                    None => self.broken = true,
                }
            }
        } else if first_missing < due {
            let last = Sequence(due.0.saturating_sub(1));
            let finding = Finding::at(
                FindingKind::Truncation,
                first_missing,
                "the tree has the newest entries, and the record does not",
            );
            self.find(finding.through(last));
            // What was signed about them can still be compared.
            while !self.broken && self.next < due {
                match self.kept.at(tree, self.grown.size()).await? {
                    Some(hash) => self.take(tree, hash).await?,
                    None => self.broken = true,
                }
            }
        }
        if !self.broken {
            for (id, hashes) in self.grown.unfilled() {
                self.tile(tree, id, &hashes).await?;
            }
        }
        if self.broken {
            let message = "hashes are missing, so that no checkpoint after them can be compared";
            let first = self.standing.sequence_of(self.grown.size());
            self.find(Finding::at(FindingKind::Fork, first, message));
        }
        let findings = explain(tree, &self.standing, self.findings, &self.suspects).await?;
        // Where hashes are missing nothing can be said of what was signed later, but that.
        let leaves = (!self.broken).then_some(self.grown.size());
        Ok(Walked {
            compared: self.checkpoints.end(leaves),
            newest,
            entries: self.entries,
            pruned: self.pruned,
            unprovable: self.unprovable,
            erased: self.erased,
            findings,
            dropped: self.dropped,
            notes: Vec::new(),
        })
    }
}

/// What the way along the record came to.
pub(in super::super) struct Walked {
    compared: Compared,
    newest: Sequence,
    entries: u64,
    pruned: u64,
    unprovable: u64,
    erased: Vec<Sequence>,
    findings: Vec<Finding>,
    dropped: u64,
    notes: Vec<String>,
}

impl Walked {
    /// Whether anything was found.
    pub(in super::super) const fn has_findings(&self) -> bool {
        !self.findings.is_empty()
    }

    /// The entries that values are gone of, by sequence.
    pub(in super::super) fn erased(&self) -> &[Sequence] {
        &self.erased
    }

    /// Takes what is worth knowing.
    pub(in super::super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Takes what the record says of itself.
    pub(in super::super) fn account(&mut self, account: Account) {
        self.findings.extend(account.findings);
        self.notes = account.notes;
    }

    pub(in super::super) fn told(
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
        let more = findings.len().saturating_sub(TOLD) as u64 + self.dropped;
        findings.truncate(TOLD);
        let signed = self.compared.signed;
        let unknown = findings.is_empty().then(|| {
            if self.entries + self.pruned == 0 && self.unprovable > 0 {
                return Some("all that is on record is from before there was a tree over it");
            }
            let unsigned = keys_from_elsewhere && signed == 0;
            unsigned.then_some(
                "nothing of it is signed with a key that was given: a change of everything at once would \
                 not show",
            )
        });
        Verification {
            verdict: match unknown {
                None => Verdict::Tampered,
                Some(None) => Verdict::Intact,
                Some(Some(_)) => Verdict::Unknown,
            },
            unknown: unknown.flatten().map(str::to_owned),
            log: origin.to_string(),
            archive,
            provable_from: standing.genesis.next(),
            newest: self.newest,
            entries: self.entries,
            pruned: self.pruned,
            unprovable: self.unprovable,
            erased: self.erased.len() as u64,
            checkpoints: self.compared.own,
            against,
            signed_through: match signed {
                0 => Sequence(0),
                size => Sequence(standing.genesis.0.saturating_add(size)),
            },
            keys_from_elsewhere,
            damage: Vec::new(),
            findings,
            more_findings: more,
            notes: self.notes,
        }
    }
}
