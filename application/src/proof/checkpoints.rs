//! Signing what the tree is, so that nobody can say later that it was another.
//!
//! Deliberately absent: when. See the composition root's schedule.

use std::sync::Arc;

use domain::ports::{
    CheckpointAnchor, CheckpointSigner, KeptCheckpoint, KeptKey, Remembered, SigningError,
    TreeStanding,
};
use domain::proof::{Checkpoint, Origin, SignedCheckpoint, VerifierKey};
use domain::{AuditTree, Clock};

use super::anchors::Anchors;
use super::tree::head_at;
use super::{CheckpointError, KeyInUseError};

/// Signs the tree as it is, keeps the checkpoint in the record, and outside with every anchor there is.
#[derive(Clone)]
pub struct SignCheckpoints {
    tree: Arc<dyn AuditTree>,
    signer: Arc<dyn CheckpointSigner>,
    clock: Arc<dyn Clock>,
    anchors: Arc<Anchors>,
    /// Why it is not on record that the key is another one than before.
    withheld: Option<Arc<KeyInUseError>>,
}

impl SignCheckpoints {
    /// The use case over these adapters.
    #[must_use]
    pub fn new(
        tree: Arc<dyn AuditTree>,
        signer: Arc<dyn CheckpointSigner>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { tree, signer, clock, anchors: Arc::default(), withheld: None }
    }

    /// Keeps each new checkpoint with all of these as well.
    #[must_use]
    pub fn anchored(self, anchors: Vec<Arc<dyn CheckpointAnchor>>) -> Self {
        Self { anchors: Arc::new(Anchors::of(anchors)), ..self }
    }

    /// Where checkpoints are kept outside the record.
    pub fn anchors(&self) -> impl Iterator<Item = &dyn CheckpointAnchor> {
        self.anchors.each()
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
            return self.kept_elsewhere(newest).await.map(Some);
        }
        let kept_at = self.clock.now();
        let key = self.signer.verifier_key(&origin)?;
        self.tree.keep_key(&KeptKey { verifier_key: key.to_string(), kept_at }).await?;
        let head = head_at(&*self.tree, standing.size).await?;
        let checkpoint = self.signer.sign(&Checkpoint { origin, head })?;
        // Before anybody is shown it: whatever becomes of the record, no other is signed in its place.
        self.signer.remember(&checkpoint).await?;
        let note = checkpoint.as_str().to_owned();
        self.anchors.owe();
        self.tree.keep_checkpoint(&KeptCheckpoint { size: head.size, note, kept_at }).await?;
        self.kept_elsewhere(checkpoint).await.map(Some)
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
        self.anchors.owe();
        self.run().await
    }

    /// The newest checkpoint, once all anchors have it.
    async fn kept_elsewhere(
        &self,
        checkpoint: SignedCheckpoint,
    ) -> Result<SignedCheckpoint, CheckpointError> {
        match self.anchors.keep(&checkpoint).await {
            Ok(()) => Ok(checkpoint),
            Err(source) => {
                Err(CheckpointError::Anchor { checkpoint: Box::new(checkpoint), source })
            }
        }
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
        for anchor in self.anchors.each() {
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
