//! Whether the record is what was recorded, and what was signed.
//!
//! Every leaf is computed anew and compared with the hash stored beside its entry and with the one in
//! the tree; the tree's tiles are computed anew; its root is compared with that of every checkpoint,
//! those in the record and those from elsewhere. Nothing is written.
//!
//! Whether the storage under it is sound is asked beside, of whoever keeps it.
//!
//! Deliberately absent: what the storage is, and what sound means to it.

mod accounted;
mod checkpoints;
mod finding;
mod glance;
mod misplaced;
mod tiles;
mod walk;

pub use finding::{Finding, FindingKind, Verdict, Verification};
pub use glance::inspect_proofs;

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::ports::{QueryError, TreeError};
use domain::proof::{InvalidOrigin, InvalidVerifierKey, Origin, SignedCheckpoint, VerifierKey};
use domain::{AuditLog, AuditTree, LegalHolds, Sequence};
use futures::future::join;
use futures::{StreamExt, TryStreamExt, stream};

use crate::causes::causes;
use accounted::Asked;
use checkpoints::Checkpoints;
use walk::Walk;

/// How many entries are read at a time, and how many readings are under way.
const PAGE: u32 = 1000;
const READINGS: usize = 4;

/// Why nothing can be said of the record.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It cannot be read.
    #[error("the record cannot be verified")]
    Tree(#[from] TreeError),
    /// It cannot be asked what it says of its own retention and erasures.
    #[error("what the record says of retention and erasure cannot be looked up")]
    Account(#[source] QueryError),
    /// It has no name.
    #[error("the record's name, `{name}`, is not one: it was changed from outside")]
    Nameless {
        /// What stands in its place.
        name: String,
        /// What is wrong with it.
        #[source]
        source: InvalidOrigin,
    },
    /// All keys to believe are those of other records.
    #[error(
        "the record is {record}, and the keys that were given are those of {}: give the public key of this \
         record, as it was noted when it was begun; a record that has another name than it had was changed",
        .named.join(", ")
    )]
    OtherKeys {
        /// The record's name.
        record: Origin,
        /// The names of the keys.
        named: Vec<String>,
    },
    /// All checkpoints to compare with are those of other records.
    #[error(
        "the record is {record}, and the checkpoints from elsewhere are of {}: give those of this record; a \
         record that has another name than it had was changed",
        .named.join(", ")
    )]
    OtherCheckpoints {
        /// The record's name.
        record: Origin,
        /// The names in the checkpoints.
        named: Vec<String>,
    },
}

/// Verifies a record.
pub struct VerifyAuditLog {
    tree: Arc<dyn AuditTree>,
    keys: Vec<VerifierKey>,
    against: Vec<SignedCheckpoint>,
    remembered: Vec<SignedCheckpoint>,
    segment: bool,
    asked: Option<Asked>,
}

impl VerifyAuditLog {
    /// The use case over a record's tree.
    #[must_use]
    pub fn new(tree: Arc<dyn AuditTree>) -> Self {
        let (keys, against, remembered) = (Vec::new(), Vec::new(), Vec::new());
        Self { tree, keys, against, remembered, segment: false, asked: None }
    }

    /// Believes signatures of these keys alone. Without any, those are believed that lie in the record.
    #[must_use]
    pub fn believing(self, keys: Vec<VerifierKey>) -> Self {
        Self { keys, ..self }
    }

    /// Compares the record also with checkpoints that were kept elsewhere.
    #[must_use]
    pub fn against(self, against: Vec<SignedCheckpoint>) -> Self {
        Self { against, ..self }
    }

    /// Compares the record also with what signers remember, which may be about other records besides.
    #[must_use]
    pub fn remembered(self, remembered: Vec<SignedCheckpoint>) -> Self {
        Self { remembered, ..self }
    }

    /// Verifies an archive: a part of a record, beside which the tree of all of it is kept. Entries before
    /// and after are told by their hashes alone.
    #[must_use]
    pub fn of_archive(self, archive: bool) -> Self {
        Self { segment: archive, ..self }
    }

    /// Asks the record what it says of itself, and finds what is gone from its beginning without a run of
    /// retention, and values that are gone from its entries without a request for erasure. Legal holds that
    /// it tells of and that are not in force are noted, and what is damaged about its storage is told.
    #[must_use]
    pub fn accounted_by(self, log: Arc<dyn AuditLog>, holds: Arc<dyn LegalHolds>) -> Self {
        Self { asked: Some(Asked { log, holds }), ..self }
    }

    /// Verifies all there is when it is called; what others append, prune, erase and sign meanwhile is no
    /// finding. `progress` is told how many entries are done.
    ///
    /// # Errors
    /// When the record cannot be read, or is not the one that the keys or checkpoints are of. What is wrong
    /// with it is no error, but a finding.
    pub async fn run(&self, progress: impl Fn(u64)) -> Result<Verification, VerifyError> {
        // Beside each other: where there are two processors, the storage is examined on the other one.
        let (verified, damage) = join(self.verified(progress), self.damage()).await;
        // What cannot be read says nothing, whatever the reason.
        let verified = verified?;
        // Where that cannot be found out, what was verified stands.
        let unknown = |error: QueryError| vec![causes(&error).join(": ")];
        Ok(Verification { damage: damage.unwrap_or_else(unknown), ..verified })
    }

    async fn damage(&self) -> Result<Vec<String>, QueryError> {
        match &self.asked {
            Some(asked) => asked.log.damage().await,
            None => Ok(Vec::new()),
        }
    }

    async fn verified(&self, progress: impl Fn(u64)) -> Result<Verification, VerifyError> {
        let tree = &*self.tree;
        let standing = tree.standing().await?;
        let origin = Origin::of_log(&standing.log_id)
            .map_err(|source| VerifyError::Nameless { name: standing.log_id.clone(), source })?;
        let against = self.of_this_record(&origin)?;
        // A key is kept before its first checkpoint: in this order none is taken for a stranger's.
        let of_record = checkpoints::load(tree).await?;
        let (keys, strange) = self.believed().await?;
        let mut checkpoints = Checkpoints::new(origin.clone(), keys, standing.genesis);
        checkpoints.strange_keys(strange);
        checkpoints.take(&of_record, &against);

        // Asked last, so that whatever the tree and the checkpoints are about is there by now.
        let newest = tree.newest().await?;
        let first = oldest(tree).await?;
        let mut walk = Walk::new(standing.clone(), checkpoints);
        walk.begin(tree, first, newest).await?;
        let mut from = first.unwrap_or(newest.next());
        let begun = from;
        while from <= newest {
            match self
                .part(&mut walk, (from, newest), |last| progress(last.0 - begun.0 + 1))
                .await?
            {
                Some(next) => from = next,
                None => break,
            }
        }
        let mut walked = walk.end(tree, newest, self.segment).await?;
        // What an archive's entries went by may be on record after them.
        if let Some(asked) = self.asked.as_ref().filter(|_| !self.segment) {
            match asked.account(tree, standing.genesis, walked.erased()).await {
                Ok(account) => walked.account(account),
                // An entry that cannot be read was found already.
                Err(error) if walked.has_findings() => walked.note(causes(&error).join(": ")),
                Err(error) => return Err(error),
            }
        }
        let elsewhere = against.len() as u64;
        Ok(walked.told(origin, standing, !self.keys.is_empty(), elsewhere, self.segment))
    }

    /// Walks on page by page. Where nothing is for the length of a page, it returns the next entry there
    /// is: somebody may have put one at the end of all numbers.
    async fn part(
        &self,
        walk: &mut Walk,
        (from, newest): (Sequence, Sequence),
        progress: impl Fn(Sequence),
    ) -> Result<Option<Sequence>, TreeError> {
        let tree = &*self.tree;
        let pages = (from.0..newest.0.saturating_add(1)).step_by(PAGE as usize);
        let readings = stream::iter(pages).map(|from| async move {
            let mut page = tree.leaves(Sequence(from), PAGE).await?;
            // Where entries are missing, a page reaches further than it should.
            let last = newest.0.min(from.saturating_add(u64::from(PAGE) - 1));
            page.retain(|leaf| leaf.sequence.0 <= last);
            Ok::<_, TreeError>((Sequence(last), page))
        });
        let mut readings = std::pin::pin!(readings.buffered(READINGS));
        while let Some((last, page)) = readings.try_next().await? {
            if page.is_empty() {
                let next = tree.leaves(last.next(), 1).await?.pop().map(|leaf| leaf.sequence);
                return Ok(next.filter(|next| *next <= newest));
            }
            for leaf in page {
                walk.entry(tree, leaf).await?;
            }
            progress(last);
        }
        Ok(None)
    }

    /// The checkpoints from elsewhere that are about this record: an anchor may be that of several.
    fn of_this_record(&self, origin: &Origin) -> Result<Vec<SignedCheckpoint>, VerifyError> {
        let record = || origin.clone();
        let names = |names: Vec<&str>| -> Vec<String> {
            names.into_iter().collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect()
        };
        if !self.keys.is_empty() && self.keys.iter().all(|key| key.name() != origin) {
            let named = names(self.keys.iter().map(|key| key.name().as_str()).collect());
            return Err(VerifyError::OtherKeys { record: record(), named });
        }
        let (ours, others): (Vec<_>, Vec<_>) =
            self.against.iter().partition(|signed| signed.checkpoint().origin == *origin);
        if ours.is_empty() && !others.is_empty() {
            let others = others.iter().map(|signed| signed.checkpoint().origin.as_str());
            let named = names(others.collect());
            return Err(VerifyError::OtherCheckpoints { record: record(), named });
        }
        // What is remembered was not said to be about this record.
        let remembered = self.remembered.iter();
        let remembered = remembered.filter(|signed| signed.checkpoint().origin == *origin);
        Ok(ours.into_iter().chain(remembered).cloned().collect())
    }

    /// The keys whose signatures are believed, and those in the record that are none.
    async fn believed(&self) -> Result<(Vec<VerifierKey>, Vec<InvalidVerifierKey>), TreeError> {
        if !self.keys.is_empty() {
            return Ok((self.keys.clone(), Vec::new()));
        }
        let (mut keys, mut strange) = (Vec::new(), Vec::new());
        for kept in self.tree.keys().await? {
            match kept.verifier_key.parse() {
                Ok(key) => keys.push(key),
                Err(error) => strange.push(error),
            }
        }
        Ok((keys, strange))
    }
}

/// The oldest entry there is.
async fn oldest(tree: &dyn AuditTree) -> Result<Option<Sequence>, TreeError> {
    Ok(tree.leaves(Sequence(0), 1).await?.pop().map(|entry| entry.sequence))
}
