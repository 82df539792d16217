//! A place outside the record where checkpoints are kept.
//!
//! Whoever can replace the whole file by an older copy can replace what is kept in it; only a
//! checkpoint kept elsewhere shows it.

use async_trait::async_trait;
use shaku::Interface;

use super::StorageProblem;
use crate::proof::{Origin, SignedCheckpoint};

/// Why a checkpoint could not be kept elsewhere.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AnchorError {
    /// It cannot be reached, or refuses.
    #[error("the anchor `{anchor}` cannot be reached or refuses: see that it can be written to")]
    Unreachable {
        /// Which one.
        anchor: String,
        /// What went wrong.
        #[source]
        source: StorageProblem,
    },
    /// A command did not end well.
    #[error("the anchor `{anchor}` failed: {said}")]
    Failed {
        /// Which one.
        anchor: String,
        /// How it ended, and what it said.
        said: String,
    },
}

/// A place outside the record where checkpoints are kept.
#[async_trait]
pub trait CheckpointAnchor: Interface {
    /// What it is, for people: a file, a command.
    fn name(&self) -> String;

    /// Keeps a signed checkpoint after those it has.
    ///
    /// An adapter MUST return only once it is kept as durably as the place allows, and MUST never
    /// change what was kept.
    async fn keep(&self, note: &str) -> Result<(), AnchorError>;

    /// The last checkpoints of a log that it has, as many as it can tell at little cost and whoever they are
    /// signed by; none where what was kept is not for it to read.
    ///
    /// An adapter that can read what it keeps MUST return the last one, however much of other logs came
    /// after it, and MUST fail rather than return none where it cannot tell.
    async fn recent(&self, _origin: &Origin) -> Result<Vec<SignedCheckpoint>, AnchorError> {
        Ok(Vec::new())
    }

    /// Whether it could keep one now, as far as can be told without keeping one.
    async fn probe(&self) -> Result<(), AnchorError>;
}
