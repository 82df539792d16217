//! The tree as the definitions have it: what every adapter's is compared with.
//!
//! Deliberately absent: cleverness, and code that an adapter uses as well. Leaves are encoded, values
//! digested and hashes put together here once more, from the documents.

use std::collections::BTreeMap;
use std::fmt;

use domain::proof::{Digest, StoredEntry};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A SHA-256 hash.
pub(crate) type Hash = [u8; 32];

/// The hashes of leaves, in their order.
#[derive(Debug, Default)]
pub(crate) struct Model(Vec<Hash>);

impl Model {
    /// The list of these.
    pub(crate) fn of(leaves: Vec<Hash>) -> Self {
        Self(leaves)
    }

    /// The root over the first so many leaves, if there are as many.
    pub(crate) fn root(&self, size: u64) -> Option<Digest> {
        Some(Digest(root(self.0.get(..usize::try_from(size).ok()?)?)))
    }

    pub(crate) fn leaves(&self) -> u64 {
        self.0.len() as u64
    }

    /// Takes the leaf of a row.
    pub(crate) fn add(&mut self, entry: &StoredEntry) {
        self.0.push(leaf_hash(entry));
    }

    /// The tiles of the first so many leaves.
    pub(crate) fn tiles(&self, size: u64) -> Tiles {
        let leaves = &self.0[..usize::try_from(size).unwrap_or(usize::MAX)];
        let mut tiles = Tiles::default();
        for (level, index) in places(size) {
            let below = 256_usize.pow(level.into());
            let all = leaves.chunks_exact(below);
            let index_in_memory = usize::try_from(index).unwrap_or(usize::MAX);
            let hashes: Vec<u8> =
                all.skip(256 * index_in_memory).take(256).flat_map(root).collect();
            if !hashes.is_empty() {
                tiles.insert(level, index, &hashes);
            }
        }
        tiles
    }
}

/// The places of the tiles that a tree of so many leaves may have, and of one more in each row.
pub(crate) fn places(size: u64) -> Vec<(u8, u64)> {
    let row =
        |level: u8| (0..=size / 256_u64.pow(u32::from(level) + 1) + 1).map(move |at| (level, at));
    (0..4).flat_map(row).collect()
}

/// The root over some leaves: RFC 6962, section 2.1.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            let mut split = 1;
            while 2 * split < leaves.len() {
                split *= 2;
            }
            let (left, right) = leaves.split_at(split);
            let hash = Sha256::new().chain_update([1]).chain_update(root(left));
            hash.chain_update(root(right)).finalize().into()
        }
    }
}

/// The hash of the leaf that follows from a row.
pub(crate) fn leaf_hash(entry: &StoredEntry) -> Hash {
    Sha256::new().chain_update([0]).chain_update(leaf(entry)).finalize().into()
}

/// A leaf: its fields as a JSON object, sorted by name, without spaces; what is not there is left out.
fn leaf(entry: &StoredEntry) -> String {
    let (personal, details) = (&entry.personal_salt, &entry.details_salt);
    let digest = |name: &str, value: Option<&String>, salt: &Option<Vec<u8>>| {
        let (Some(value), Some(salt)) = (value, salt) else { return Value::Null };
        let hash = Sha256::new().chain_update(salt).chain_update(name).chain_update([0]);
        Value::from(Digest(hash.chain_update(value).finalize().into()).to_string())
    };
    let fields = [
        ("actor_digest", digest("actor", entry.actor.as_ref(), personal)),
        ("causation_id", json!(entry.causation_id)),
        ("correlation_id", json!(entry.correlation_id)),
        ("details_digest", digest("details", Some(&entry.details), details)),
        ("event_id", json!(entry.event_id)),
        ("event_type", json!(entry.event_type)),
        ("extensions_digest", digest("extensions", entry.extensions.as_ref(), details)),
        ("leaf_version", json!(1)),
        ("occurred_at", json!(entry.occurred_at)),
        ("plan_id", json!(entry.plan_id)),
        ("project_name", json!(entry.project_name)),
        ("recorded_at", json!(entry.recorded_at)),
        ("schema_version", json!(entry.schema_version)),
        ("sequence", json!(entry.sequence.0)),
        ("session_id", json!(entry.session_id)),
        ("source", json!(entry.source)),
        ("subject_digest", digest("subject", entry.subject.as_ref(), personal)),
        ("trace_id", json!(entry.trace_id)),
        ("user_identity_digest", digest("user_identity", entry.user_identity.as_ref(), personal)),
    ];
    let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
    let fields: BTreeMap<&str, String> =
        fields.map(|(name, value)| (name, value.to_string())).collect();
    let fields = fields.into_iter().map(|(name, value)| format!("\"{name}\":{value}"));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

/// Tiles by level and index. What is printed of them is short enough to be read.
#[derive(Default, PartialEq, Eq)]
pub(crate) struct Tiles(BTreeMap<(u8, u64), Vec<u8>>);

impl Tiles {
    pub(crate) fn insert(&mut self, level: u8, index: u64, hashes: &[u8]) {
        self.0.insert((level, index), hashes.to_vec());
    }

    /// Whether each of these is there and begins as it does here.
    pub(crate) fn are_continued_by(&self, later: &Self) -> bool {
        let continued = |(at, hashes): (_, &Vec<u8>)| {
            later.0.get(at).is_some_and(|later| later.starts_with(hashes))
        };
        self.0.iter().all(continued)
    }
}

impl fmt::Debug for Tiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |((level, index), hashes): (&(u8, u64), &Vec<u8>)| {
            let digest = Digest(Sha256::digest(hashes).into());
            format!("{level}/{index}: {} bytes, {:.8}", hashes.len(), digest)
        };
        f.debug_list().entries(self.0.iter().map(short)).finish()
    }
}
