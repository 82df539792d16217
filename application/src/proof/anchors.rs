//! The places outside the record where checkpoints are kept, all of them together.
//!
//! Deliberately absent: older checkpoints that one of them was never given. The newest says all that
//! they said, and more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::ports::{AnchorError, CheckpointAnchor};
use domain::proof::SignedCheckpoint;

use crate::causes::causes;

/// The anchors of a record.
#[derive(Default)]
pub(super) struct Anchors(Vec<Anchor>);

struct Anchor {
    place: Arc<dyn CheckpointAnchor>,
    /// Whether it may not have the newest checkpoint yet.
    owed: AtomicBool,
}

/// What went wrong with each anchor that a checkpoint could not be kept with.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", in_words(.0))]
pub struct Unkept(Vec<AnchorError>);

impl Unkept {
    /// Of each of them, in the order in which they were set; one at least.
    #[must_use]
    pub fn errors(&self) -> &[AnchorError] {
        &self.0
    }
}

fn in_words(errors: &[AnchorError]) -> String {
    errors.iter().map(|error| causes(error).join(": ")).collect::<Vec<_>>().join("; ")
}

impl Anchors {
    /// None of them is owed anything until [`owe`](Self::owe) says so.
    pub(super) fn of(places: Vec<Arc<dyn CheckpointAnchor>>) -> Self {
        let anchor = |place| Anchor { place, owed: AtomicBool::new(false) };
        Self(places.into_iter().map(anchor).collect())
    }

    pub(super) fn each(&self) -> impl Iterator<Item = &dyn CheckpointAnchor> {
        self.0.iter().map(|anchor| &*anchor.place)
    }

    /// There is a newest checkpoint that none of them is known to have.
    pub(super) fn owe(&self) {
        for anchor in &self.0 {
            anchor.owed.store(true, Ordering::Relaxed);
        }
    }

    /// Gives the newest checkpoint to those that are owed it. One that cannot be reached keeps no other from
    /// it, and is owed it still, as where the future is dropped.
    pub(super) async fn keep(&self, newest: &SignedCheckpoint) -> Result<(), Unkept> {
        let mut failed = Vec::new();
        for anchor in self.0.iter().filter(|anchor| anchor.owed.load(Ordering::Relaxed)) {
            match anchor.place.keep(newest.as_str()).await {
                Ok(()) => anchor.owed.store(false, Ordering::Relaxed),
                Err(error) => failed.push(error),
            }
        }
        if failed.is_empty() { Ok(()) } else { Err(Unkept(failed)) }
    }
}
