//! How the record is proven: what the tree holds of an entry, and the tree itself.
//!
//! The tree is the Merkle tree of RFC 6962 (and RFC 9162, section 2.1) over the entries' leaves, so
//! that any implementation of its proofs checks ours.
//!
//! Deliberately absent: signing keys, storage, and where randomness comes from.

mod commitment;
mod digest;
mod leaf;
mod stored;
mod tiles;

pub use commitment::{Commitments, CommittedField, Salt};
pub use digest::{Digest, NotADigest};
pub use leaf::{LEAF_VERSION, Leaf, MAX_LEAF_BYTES, leaf_hash};
pub use stored::{StoredEntry, Unprovable};
pub use tiles::{TILE_BYTES, TILE_HEIGHT, TILE_WIDTH, TileGrowth, TileId, WrongTile, unfilled};
