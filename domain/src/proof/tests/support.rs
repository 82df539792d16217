//! Trees as the specification defines them, keys, and a small log.

use std::sync::LazyLock;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest as _, Sha256};
use signed_note::{Note, StandardSigner};

use crate::Sequence;
use crate::proof::*;

/// The Merkle tree hash, word by word as RFC 6962, section 2.1, defines it.
pub(super) fn mth(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest(Sha256::digest([]).into()),
        [leaf] => *leaf,
        _ => {
            let k = leaves.len().next_power_of_two() / 2;
            let mut hash = Sha256::new();
            hash.update([1]);
            hash.update(mth(&leaves[..k]).0);
            hash.update(mth(&leaves[k..]).0);
            Digest(hash.finalize().into())
        }
    }
}

/// As many leaves as are wanted.
pub(super) fn leaves(count: u64) -> Vec<Digest> {
    (0..count).map(|index| leaf_hash(&index.to_be_bytes())).collect()
}

/// The tiles over leaves, as C2SP tlog-tiles defines them.
pub(super) fn tiles(leaves: &[Digest]) -> TileSet {
    let mut set = TileSet::new();
    let (mut hashes, mut level) = (leaves.to_vec(), 0);
    while !hashes.is_empty() {
        for (index, tile) in (0..).zip(hashes.chunks(TILE_WIDTH)) {
            set.insert(TileId { level, index }, tile.iter().flat_map(|hash| hash.0).collect());
        }
        hashes = hashes.chunks_exact(TILE_WIDTH).map(mth).collect();
        level += 1;
    }
    set
}

/// Those tiles of a set that are named.
pub(super) fn only(set: &TileSet, named: Vec<TileId>) -> TileSet {
    let get = |id: TileId| (id, set.get(id).expect("a tile that is there").to_vec());
    named.into_iter().map(get).collect()
}

/// The largest tree that is tried, with its tiles.
pub(super) static LARGE: LazyLock<(Vec<Digest>, TileSet)> = LazyLock::new(|| {
    let leaves = leaves(800);
    let tiles = tiles(&leaves);
    (leaves, tiles)
});

pub(super) fn head(leaves: &[Digest]) -> TreeHead {
    TreeHead { size: leaves.len() as u64, root: mth(leaves) }
}

/// A key that signs under any name.
pub(super) struct Key(ed25519_dalek::SigningKey);

impl Key {
    pub(super) fn new(seed: u8) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(&[seed; 32]))
    }

    pub(super) fn public(&self, name: &str) -> VerifierKey {
        let text = signed_note::new_ed25519_verifier_key(name, &self.0.verifying_key());
        text.parse().expect("a public key")
    }

    pub(super) fn signer(&self, name: &str) -> StandardSigner {
        let public = self.public(name);
        let hash = public.as_str().split('+').nth(1).expect("a hash");
        let secret = BASE64_STANDARD.encode([&[1], self.0.as_bytes().as_slice()].concat());
        StandardSigner::new(&format!("PRIVATE+KEY+{name}+{hash}+{secret}")).expect("a key")
    }
}

pub(super) fn sign(text: &str, signers: &[&StandardSigner]) -> String {
    let mut note = Note::new(text.as_bytes(), &[]).expect("a text");
    let signers: Vec<_> =
        signers.iter().map(|signer| *signer as &dyn signed_note::Signer).collect();
    note.add_sigs(&signers).expect("signatures");
    String::from_utf8(note.to_bytes()).expect("text")
}

/// A log of which every third event is of a plan, with a key of its own.
pub(super) struct Log {
    pub(super) origin: Origin,
    pub(super) key: Key,
    pub(super) entries: Vec<StoredEntry>,
}

impl Log {
    pub(super) fn new(entries: u64) -> Self {
        let genesis = 4;
        Self {
            origin: Origin::of_log("a-log").expect("a name"),
            key: Key::new(7),
            entries: (genesis + 1..=genesis + entries).map(entry).collect(),
        }
    }

    pub(super) fn keys(&self) -> Vec<VerifierKey> {
        vec![self.key.public(self.origin.as_str())]
    }

    pub(super) fn hashes(&self) -> Vec<Digest> {
        self.entries.iter().map(|entry| entry.leaf().expect("a leaf").hash()).collect()
    }

    /// Where the first `size` leaves stand, signed.
    pub(super) fn checkpoint(&self, size: usize) -> SignedCheckpoint {
        let head = head(&self.hashes()[..size]);
        let text = Checkpoint { origin: self.origin.clone(), head }.text();
        let note = sign(&text, &[&self.key.signer(self.origin.as_str())]);
        SignedCheckpoint::parse(&note).expect("a checkpoint")
    }

    pub(super) fn entry_proof(&self, index: u64) -> EntryProof {
        let hashes = self.hashes();
        let path = prove_inclusion(hashes.len() as u64, index, &tiles(&hashes)).expect("a path");
        let entry = &self.entries[usize::try_from(index).expect("small")];
        EntryProof::new(entry, index, path, self.checkpoint(hashes.len())).expect("a proof")
    }

    pub(super) fn consistency_proof(&self, old: usize) -> ConsistencyProof {
        let hashes = self.hashes();
        let new = hashes.len();
        let path = prove_consistency(old as u64, new as u64, &tiles(&hashes)).expect("a path");
        ConsistencyProof::new(self.checkpoint(old), self.checkpoint(new), path)
    }

    pub(super) fn answer_proof(&self, asked: Asked, range: std::ops::Range<usize>) -> AnswerProof {
        let hashes = self.hashes();
        let of_range = range.start as u64..range.end as u64;
        let path = prove_range(hashes.len() as u64, &of_range, &tiles(&hashes)).expect("a path");
        let entries = &self.entries[range];
        let leaf = |entry: &StoredEntry| LeafRecord::from(entry.leaf().expect("a leaf"));
        let matching = entries.iter().filter(|entry| asked.matches(&leaf(entry)));
        let rows = matching.map(|entry| AnswerRow {
            sequence: entry.sequence,
            disclosures: Disclosure::all_of(entry).expect("disclosures"),
        });
        let rows = rows.collect();
        let leaves = entries.iter().map(leaf).collect();
        let checkpoint = self.checkpoint(hashes.len());
        AnswerProof::new(asked, of_range.start, leaves, rows, path, checkpoint)
    }
}

pub(super) fn entry(sequence: u64) -> StoredEntry {
    let of_plan = sequence.is_multiple_of(3);
    StoredEntry {
        sequence: Sequence(sequence),
        recorded_at: "2026-07-01T09:00:00.000000000Z".into(),
        schema_version: 1,
        event_id: format!("event-{sequence}"),
        source: "//indelible/tests".into(),
        event_type: if of_plan { "plan.created" } else { "tool.invoked" }.into(),
        occurred_at: "2026-07-01T08:59:59.000000000Z".into(),
        plan_id: of_plan.then(|| format!("plan-{}", sequence % 2)),
        actor: Some("agent:planner".into()),
        user_identity: Some("Zoë".into()),
        details: format!(r#"{{"number":{sequence}}}"#),
        personal_salt: Some(vec![1; 16]),
        details_salt: Some(vec![2; 16]),
        ..StoredEntry::default()
    }
}
