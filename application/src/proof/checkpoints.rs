//! Signing what the tree is, so that nobody can say later that it was another.
//!
//! Deliberately absent: when. See the composition root's schedule.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::ports::{
    AnchorError, CheckpointAnchor, CheckpointSigner, KeptCheckpoint, KeptKey, SigningError,
    TreeError,
};
use domain::proof::{
    Checkpoint, InvalidOrigin, NotASignedCheckpoint, Origin, SignatureFlaw, SignedCheckpoint,
    VerifierKey,
};
use domain::{AuditTree, Clock};

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
    /// The record's name is not one.
    #[error(
        "the record has no name to sign for: it was changed from outside; run `indelible verify`"
    )]
    Nameless(#[from] InvalidOrigin),
    /// Signing failed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// It was made and kept, and could not be kept outside as well.
    #[error("a checkpoint of {} entries was made, and is kept in the record alone", .checkpoint.checkpoint().head.size)]
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

/// Signs the tree as it is, keeps the checkpoint in the record, and outside where there is an anchor.
#[derive(Clone)]
pub struct SignCheckpoints {
    tree: Arc<dyn AuditTree>,
    signer: Arc<dyn CheckpointSigner>,
    clock: Arc<dyn Clock>,
    anchor: Option<Arc<dyn CheckpointAnchor>>,
    /// Whether the newest checkpoint could not be kept by the anchor.
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
        Self { tree, signer, clock, anchor: None, unanchored: Arc::default() }
    }

    /// Keeps each new checkpoint there as well.
    #[must_use]
    pub fn anchored(self, anchor: Option<Arc<dyn CheckpointAnchor>>) -> Self {
        Self { anchor, ..self }
    }

    /// Where checkpoints are kept outside the record.
    #[must_use]
    pub fn anchor(&self) -> Option<&Arc<dyn CheckpointAnchor>> {
        self.anchor.as_ref()
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
    /// See [`CheckpointError`]. A tree that does not begin with what was signed before is not signed.
    pub async fn run(&self) -> Result<Option<SignedCheckpoint>, CheckpointError> {
        // Asked first: what others sign meanwhile may be about more than the tree had.
        let newest = self.newest().await?;
        let standing = self.tree.grow().await?;
        if standing.size == 0 {
            return Ok(None);
        }
        if let Some(newest) = newest {
            let signed = newest.checkpoint().head;
            let rewritten = CheckpointError::Rewritten { size: signed.size };
            if signed.size > standing.size || head_at(&*self.tree, signed.size).await? != signed {
                return Err(rewritten);
            }
            if signed.size == standing.size {
                if self.unanchored.load(Ordering::Relaxed) {
                    self.keep_elsewhere(&newest).await?;
                }
                return Ok(Some(newest));
            }
        }
        let origin = Origin::of_log(&standing.log_id)?;
        let kept_at = self.clock.now();
        let key = self.signer.verifier_key(&origin)?;
        self.tree.keep_key(&KeptKey { verifier_key: key.to_string(), kept_at }).await?;
        let head = head_at(&*self.tree, standing.size).await?;
        let checkpoint = self.signer.sign(&Checkpoint { origin, head })?;
        let note = checkpoint.as_str().to_owned();
        self.tree.keep_checkpoint(&KeptCheckpoint { size: head.size, note, kept_at }).await?;
        self.keep_elsewhere(&checkpoint).await?;
        Ok(Some(checkpoint))
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
        let Some(anchor) = &self.anchor else { return Ok(()) };
        // Until it is kept, also when the future is dropped, it is not.
        self.unanchored.store(true, Ordering::Relaxed);
        if let Err(source) = anchor.keep(checkpoint.as_str()).await {
            return Err(CheckpointError::Anchor {
                checkpoint: Box::new(checkpoint.clone()),
                source,
            });
        }
        self.unanchored.store(false, Ordering::Relaxed);
        Ok(())
    }

    async fn newest(&self) -> Result<Option<SignedCheckpoint>, CheckpointError> {
        let Some(newest) = self.tree.newest_checkpoint().await? else { return Ok(None) };
        let newest = SignedCheckpoint::parse(&newest.note).map_err(CheckpointError::Unreadable)?;
        // By this key, or by one that was in use before: those are kept in the record.
        let mut keys = vec![self.signer.verifier_key(&newest.checkpoint().origin)?];
        let kept = self.tree.keys().await?;
        keys.extend(kept.iter().filter_map(|key| key.verifier_key.parse::<VerifierKey>().ok()));
        newest.verify(&keys).map_err(CheckpointError::Forged)?;
        Ok(Some(newest))
    }
}
