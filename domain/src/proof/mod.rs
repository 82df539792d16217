//! How the record is proven: what the tree holds of an entry, and the tree itself.
//!
//! The tree is the Merkle tree of RFC 6962 (and RFC 9162, section 2.1) over the entries' leaves, so
//! that any implementation of its proofs checks ours.
//!
//! `Proof` is where to start: what it takes to check one, and what follows from it.
//!
//! Deliberately absent: private keys, storage, and where randomness comes from.

mod answer_proof;
mod asked;
mod checkpoint;
mod commitment;
mod consistency_proof;
mod digest;
mod disclosure;
mod document;
mod entry_proof;
mod erasure;
mod flaw;
mod head;
mod leaf;
mod leaf_record;
mod note;
mod path;
mod range;
mod stored;
mod stored_row;
#[cfg(test)]
mod tests;
mod tile_files;
mod tile_growth;
mod tile_set;
mod verifier_key;

pub use answer_proof::{AnswerProof, AnswerRow, ProvenAnswer};
pub use asked::{Asked, AskedSpan};
pub use checkpoint::{Checkpoint, InvalidOrigin, NotACheckpoint, Origin};
pub use commitment::{Commitments, CommittedField, Salt};
pub use consistency_proof::{ConsistencyProof, ProvenGrowth};
pub use digest::{Digest, NotADigest};
pub use disclosure::{Disclosure, ProvenRow};
pub use document::{Proof, Proven};
pub use entry_proof::{EntryProof, ProvenEntry};
pub use erasure::erased_fields;
pub use flaw::ProofFlaw;
pub use head::{Frontier, MAX_TREE_SIZE, Misplaced, TreeHead, node_hash, tiles_for_root};
pub use leaf::{LEAF_VERSION, Leaf, MAX_LEAF_BYTES, leaf_hash};
pub use leaf_record::{LeafRecord, NotALeaf};
pub use note::{NotASignedCheckpoint, SignatureFlaw, SignedCheckpoint, VerifiedCheckpoint};
pub use path::{
    check_consistency, check_inclusion, prove_consistency, prove_inclusion, tiles_for_consistency,
    tiles_for_inclusion,
};
pub use range::{check_range, prove_range, tiles_for_range};
pub use stored::{StoredEntry, Unprovable};
pub use stored_row::StoredRow;
pub use tile_files::{
    CHECKPOINT_FILE, add_to_bundle, bundle_file, leaves_in_bundle, tile_file, tiles_of,
};
pub use tile_growth::{TileGrowth, WrongTile, tile_root, unfilled};
pub use tile_set::{MissingHash, TILE_BYTES, TILE_HEIGHT, TILE_WIDTH, TileId, TileSet};
pub use verifier_key::{InvalidVerifierKey, VerifierKey};
