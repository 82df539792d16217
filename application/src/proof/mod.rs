//! Proving the record: signing what its tree is, verifying it, proving single answers, and publishing.
//!
//! Deliberately absent: hashes and signatures themselves, which are the domain's and the adapters'.

mod anchors;
mod checkpoint_error;
mod checkpoints;
mod key_in_use;
mod notes;
mod prove;
mod publish;
mod tree;
mod verify;

pub use anchors::Unkept;
pub use checkpoint_error::CheckpointError;
pub use checkpoints::SignCheckpoints;
pub use key_in_use::{KeyInUseError, announce_key};
pub use notes::{BadNote, checkpoints_of, read_checkpoints};
pub use prove::{ProveError, prove_answer, prove_entry, prove_growth};
pub use publish::{Publication, PublishError, PublishedFiles, publish_tiles};
pub use tree::{TreeReadError, head_at};
pub use verify::{
    Finding, FindingKind, Verdict, Verification, VerifyAuditLog, VerifyError, inspect_proofs,
};
