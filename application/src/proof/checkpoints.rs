//! Signing what the tree is, so that nobody can say later that it was another.
//!
//! Deliberately absent: when. See the composition root's schedule.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::ports::{
    AnchorError, CheckpointAnchor, CheckpointSigner, KeptCheckpoint, KeptKey, Remembered,
    SigningError, TreeError, TreeStanding,
};
use domain::proof::{
    Checkpoint, InvalidOrigin, NotASignedCheckpoint, Origin, SignatureFlaw, SignedCheckpoint,
    VerifierKey,
};
use domain::{AuditTree, Clock};

use super::KeyInUseError;
use super::tree::{TreeReadError, head_at};

/// Why no checkpoint was made.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The tree cannot be read or grown.
    #[error("the tree of the record cannot be signed")]
    Tree(#[from] TreeReadError),
    /// The newest checkpoint there is does not belong to this tree.
    #[error(
        "the tree does not begin with the {size} entries that were signed before: the record was changed \
         from outside; run `indelible verify`"
    )]
    Rewritten {
        /// How many entries were signed before.
        size: u64,
    },
    /// The newest checkpoint there is cannot be read.
    #[error(
        "the newest checkpoint cannot be read: the record was changed from outside; run `indelible verify`"
    )]
    Unreadable(#[source] NotASignedCheckpoint),
    /// The newest checkpoint there is was not signed as it is.
    #[error(
        "the newest checkpoint was not signed by this record's keys: it was changed from outside; run \
         `indelible verify`"
    )]
    Forged(#[source] SignatureFlaw),
    /// A checkpoint that is kept outside the record does not belong to this tree.
    #[error(
        "a checkpoint in {place} is of {size} entries, and the record does not begin with them: it is an \
         older copy, or was changed from outside; run `indelible verify --against {place}`, and move that \
         file away where an older copy was put back on purpose"
    )]
    Contradicted {
        /// How many entries were signed before.
        size: u64,
        /// Where that is kept.
        place: String,
    },
    /// What the signer remembers was not signed by the record's keys.
    #[error(
        "the checkpoint in {place} was not signed by this record's keys: one of them was changed from \
         outside, or is of another record; run `indelible verify --against {place}`, and move that file \
         away where it does not belong here"
    )]
    Foreign {
        /// Where it is kept.
        place: String,
        /// What is wrong with the signature.
        #[source]
        source: SignatureFlaw,
    },
    /// Nothing is remembered, and where it might be kept cannot be asked.
    #[error(
        "it is not known what was signed before: nothing of it is remembered beside the key, and the anchor \
         does not say; see that the anchor can be read, or set none"
    )]
    Unasked(#[source] AnchorError),
    /// The record's name is not one.
    #[error(
        "the record has no name to sign for: it was changed from outside; run `indelible verify`"
    )]
    Nameless(#[from] InvalidOrigin),
    /// It is not on record that another key is in use than before.
    #[error(
        "nothing is signed, since it is not known to be on record with which key: see to what is in the way, and \
         start the program again"
    )]
    Withheld(#[source] Arc<KeyInUseError>),
    /// Signing failed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// It was made and kept, and could not be kept outside as well.
    #[error("a checkpoint of {} entries was made, and is kept in the record, but not with every anchor", .checkpoint.checkpoint().head.size)]
    Anchor {
        /// The checkpoint.
        checkpoint: Box<SignedCheckpoint>,
        /// What went wrong.
        #[source]
        source: AnchorError,
    },
}

impl From<TreeError> for CheckpointError {
    fn from(error: TreeError) -> Self {
        Self::Tree(error.into())
    }
}

/// Signs the tree as it is, keeps the checkpoint in the record, and outside with every anchor there is.
#[derive(Clone)]
pub struct SignCheckpoints {
    tree: Arc<dyn AuditTree>,
    signer: Arc<dyn CheckpointSigner>,
    clock: Arc<dyn Clock>,
    anchors: Vec<Arc<dyn CheckpointAnchor>>,
    /// Why it is not on record that the key is another one than before.
    withheld: Option<Arc<KeyInUseError>>,
    /// Whether the newest checkpoint could not be kept by one of the anchors.
    unanchored: Arc<AtomicBool>,
}

impl SignCheckpoints {
    /// The use case over these adapters.
    #[must_use]
    pub fn new(
        tree: Arc<dyn AuditTree>,
        signer: Arc<dyn CheckpointSigner>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            tree,
            signer,
            clock,
            anchors: Vec::new(),
            withheld: None,
            unanchored: Arc::default(),
        }
    }

    /// Keeps each new checkpoint with all of these as well.
    #[must_use]
    pub fn anchored(self, anchors: Vec<Arc<dyn CheckpointAnchor>>) -> Self {
        Self { anchors, ..self }
    }

    /// Where checkpoints are kept outside the record.
    #[must_use]
    pub fn anchors(&self) -> &[Arc<dyn CheckpointAnchor>] {
        &self.anchors
    }

    /// Signs nothing, where it is not on record which key is in use.
    #[must_use]
    pub fn withheld(self, why: Option<KeyInUseError>) -> Self {
        Self { withheld: why.map(Arc::new), ..self }
    }

    /// The tree whose checkpoints these are.
    #[must_use]
    pub fn tree(&self) -> &Arc<dyn AuditTree> {
        &self.tree
    }

    /// Takes all that is on record into the tree and signs it; the newest checkpoint, where nothing has
    /// been recorded since; `None` where nothing can be proven yet.
    ///
    /// # Errors
    /// See [`CheckpointError`]. A tree that does not begin with what was signed before is not signed,
    /// wherever that is kept: in the record, beside the key, or by an anchor.
    pub async fn run(&self) -> Result<Option<SignedCheckpoint>, CheckpointError> {
        let (origin, signed) = self.signed().await?;
        let standing = self.tree.grow().await?;
        self.judge(&signed, &standing).await?;
        if standing.size == 0 {
            return Ok(None);
        }
        if let Some(newest) = signed.newest
            && newest.checkpoint().head.size == standing.size
        {
            if signed.remembered < Some(standing.size) {
                // By an earlier version, or by somebody else's key: from now on it is remembered here.
                let head = newest.checkpoint().head;
                self.signer.remember(&self.signer.sign(&Checkpoint { origin, head })?).await?;
            }
            if self.unanchored.load(Ordering::Relaxed) {
                self.keep_elsewhere(&newest).await?;
            }
            return Ok(Some(newest));
        }
        let kept_at = self.clock.now();
        let key = self.signer.verifier_key(&origin)?;
        self.tree.keep_key(&KeptKey { verifier_key: key.to_string(), kept_at }).await?;
        let head = head_at(&*self.tree, standing.size).await?;
        let checkpoint = self.signer.sign(&Checkpoint { origin, head })?;
        // Before anybody is shown it: whatever becomes of the record, no other is signed in its place.
        self.signer.remember(&checkpoint).await?;
        let note = checkpoint.as_str().to_owned();
        self.tree.keep_checkpoint(&KeptCheckpoint { size: head.size, note, kept_at }).await?;
        self.keep_elsewhere(&checkpoint).await?;
        Ok(Some(checkpoint))
    }

    /// Whether the record could be signed now, as far as can be told without signing it.
    ///
    /// # Errors
    /// See [`CheckpointError`].
    pub async fn probe(&self) -> Result<(), CheckpointError> {
        let (origin, signed) = self.signed().await?;
        self.signer.verifier_key(&origin)?;
        self.judge(&signed, &self.tree.standing().await?).await
    }

    /// The same, and keeps the checkpoint outside the record also where it is not new: an earlier attempt
    /// may have failed.
    ///
    /// # Errors
    /// See [`CheckpointError`].
    pub async fn run_and_anchor(&self) -> Result<Option<SignedCheckpoint>, CheckpointError> {
        self.unanchored.store(true, Ordering::Relaxed);
        self.run().await
    }

    async fn keep_elsewhere(&self, checkpoint: &SignedCheckpoint) -> Result<(), CheckpointError> {
        if self.anchors.is_empty() {
            return Ok(());
        }
        // Until it is kept, also when the future is dropped, it is not.
        self.unanchored.store(true, Ordering::Relaxed);
        let mut failed = None;
        for anchor in &self.anchors {
            // One that cannot be reached keeps no other from it. Those that have it are given it again.
            let kept = anchor.keep(checkpoint.as_str()).await;
            failed = failed.or(kept.err());
        }
        if let Some(source) = failed {
            let checkpoint = Box::new(checkpoint.clone());
            return Err(CheckpointError::Anchor { checkpoint, source });
        }
        self.unanchored.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// The name to sign for, and what was signed before. Asked before the tree is looked at: what others
    /// sign meanwhile may be about more than it had.
    async fn signed(&self) -> Result<(Origin, Signed), CheckpointError> {
        if let Some(why) = &self.withheld {
            return Err(CheckpointError::Withheld(Arc::clone(why)));
        }
        let origin = Origin::of_log(&self.tree.standing().await?.log_id)?;
        let kept = self.tree.keys().await?;
        let kept = kept.iter().filter_map(|key| key.verifier_key.parse::<VerifierKey>().ok());
        // By this key, or by one that was in use before: those are kept in the record.
        let believed = || -> Result<Vec<VerifierKey>, SigningError> {
            Ok(std::iter::once(self.signer.verifier_key(&origin)?).chain(kept.clone()).collect())
        };
        let newest = self.tree.newest_checkpoint().await?;
        let newest = newest.map(|newest| SignedCheckpoint::parse(&newest.note)).transpose();
        let newest = newest.map_err(CheckpointError::Unreadable)?;
        if let Some(newest) = &newest {
            newest.verify(&believed()?).map_err(CheckpointError::Forged)?;
        }
        let mut elsewhere = Vec::new();
        if let Some(last) = self.signer.last_signed(&origin).await? {
            let foreign = |source| CheckpointError::Foreign { place: last.place.clone(), source };
            last.checkpoint.verify(&believed()?).map_err(foreign)?;
            elsewhere.push(last);
        }
        let remembered = elsewhere.first().map(|last| last.checkpoint.checkpoint().head.size);
        for anchor in &self.anchors {
            let kept = match anchor.recent(&origin).await {
                // It is told of once there is something to keep: what is remembered is compared in any case.
                Err(_) if remembered.is_some() => Vec::new(),
                kept => kept.map_err(CheckpointError::Unasked)?,
            };
            let keys = believed()?;
            // Strangers may write there as well: what they signed says nothing about this record.
            let ours = kept.into_iter().filter(|kept| kept.verify(&keys).is_ok());
            let last = ours.max_by_key(|kept| kept.checkpoint().head.size);
            let place = anchor.name();
            elsewhere.extend(last.map(|checkpoint| Remembered { checkpoint, place }));
        }
        Ok((origin, Signed { newest, remembered, elsewhere }))
    }

    /// Whether the tree begins with all that was signed before.
    async fn judge(&self, signed: &Signed, standing: &TreeStanding) -> Result<(), CheckpointError> {
        if let Some(newest) = &signed.newest
            && !self.begins_with(newest, standing).await?
        {
            return Err(CheckpointError::Rewritten { size: newest.checkpoint().head.size });
        }
        for Remembered { checkpoint, place } in &signed.elsewhere {
            if !self.begins_with(checkpoint, standing).await? {
                let (size, place) = (checkpoint.checkpoint().head.size, place.clone());
                return Err(CheckpointError::Contradicted { size, place });
            }
        }
        Ok(())
    }

    async fn begins_with(
        &self,
        signed: &SignedCheckpoint,
        standing: &TreeStanding,
    ) -> Result<bool, CheckpointError> {
        let signed = signed.checkpoint().head;
        Ok(signed.size <= standing.size && head_at(&*self.tree, signed.size).await? == signed)
    }
}

/// What was signed before.
struct Signed {
    /// As the record has it.
    newest: Option<SignedCheckpoint>,
    /// How many entries the signer remembers; that is among what follows.
    remembered: Option<u64>,
    /// As it is kept outside the record.
    elsewhere: Vec<Remembered>,
}
