//! An implementation that is not ours agrees with us: what we prove it finds proven, and what was
//! changed it finds wrong.
//!
//! Deliberately absent: the record. Here the trees are made by the pure rules alone.

#![allow(clippy::unwrap_used, reason = "a test may give up")]

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use domain::Sequence;
use domain::ports::CheckpointSigner;
use domain::proof::*;
use indelible_tests::independent::{Checker, Verdict};
use infrastructure::signing::Ed25519Signer;

/// The private keys of the published tests of signed notes, of which everybody knows.
const KEYS: [&str; 2] = [
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
    "PRIVATE+KEY+EnochRoot+af0cfe78+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
];

const SIZES: [usize; 10] = [1, 2, 3, 7, 8, 9, 255, 256, 257, 700];

/// A log of entries with all kinds of text in them.
struct Log {
    entries: Vec<StoredEntry>,
    hashes: Vec<Digest>,
    tiles: TileSet,
    origin: Origin,
    signer: Ed25519Signer,
}

impl Log {
    fn new(size: usize, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let genesis = random.u64(0..9);
        let entries: Vec<_> =
            (1..=size as u64).map(|at| entry(genesis + at, &mut random)).collect();
        let hashes: Vec<_> = entries.iter().map(|entry| entry.leaf().unwrap().hash()).collect();
        Self {
            tiles: tiles(&hashes),
            entries,
            hashes,
            origin: Origin::of_log("a-log").unwrap(),
            signer: Ed25519Signer::from_text(KEYS[0], "this test").unwrap(),
        }
    }

    fn key(&self) -> VerifierKey {
        self.signer.verifier_key(&self.origin).unwrap()
    }

    fn checkpoint(&self, size: usize) -> SignedCheckpoint {
        let head = Frontier::from_tiles(size as u64, &self.tiles).unwrap().head();
        self.signer.sign(&Checkpoint { origin: self.origin.clone(), head }).unwrap()
    }

    fn entry_proof(&self, index: usize) -> Proof {
        let size = self.entries.len();
        let path = prove_inclusion(size as u64, index as u64, &self.tiles).unwrap();
        let entry = &self.entries[index];
        let proof = EntryProof::new(entry, index as u64, path, self.checkpoint(size)).unwrap();
        Proof::Entry(Box::new(proof))
    }

    fn consistency_proof(&self, old: usize) -> Proof {
        let new = self.entries.len();
        let path = prove_consistency(old as u64, new as u64, &self.tiles).unwrap();
        Proof::Consistency(Box::new(ConsistencyProof::new(
            self.checkpoint(old),
            self.checkpoint(new),
            path,
        )))
    }

    fn answer_proof(&self, range: Range<usize>) -> AnswerProof {
        let asked = Asked { types: vec!["plan.*".into()], ..Asked::default() };
        let size = self.entries.len();
        let start = range.start as u64;
        let path = prove_range(size as u64, &(start..range.end as u64), &self.tiles).unwrap();
        let entries = &self.entries[range];
        let leaf = |entry: &StoredEntry| LeafRecord::from(entry.leaf().unwrap());
        let matching = entries.iter().filter(|entry| asked.matches(&leaf(entry)));
        let rows = matching.map(|entry| AnswerRow {
            sequence: entry.sequence,
            disclosures: Disclosure::all_of(entry).unwrap(),
        });
        let (rows, leaves) = (rows.collect(), entries.iter().map(leaf).collect());
        AnswerProof::new(asked, start, leaves, rows, path, self.checkpoint(size))
    }
}

fn text(random: &mut fastrand::Rng) -> String {
    (0..random.usize(0..12))
        .map(|_| if random.bool() { random.char(..) } else { random.char(..' ') })
        .collect()
}

fn entry(sequence: u64, random: &mut fastrand::Rng) -> StoredEntry {
    let maybe = |random: &mut fastrand::Rng| random.bool().then(|| text(random));
    StoredEntry {
        sequence: Sequence(sequence),
        recorded_at: text(random),
        schema_version: random.u32(..).into(),
        event_id: text(random),
        source: text(random),
        event_type: random.choice(["plan.created", "tool.invoked"]).unwrap().into(),
        occurred_at: text(random),
        subject: maybe(random),
        plan_id: maybe(random),
        project_name: maybe(random),
        actor: maybe(random),
        user_identity: maybe(random),
        trace_id: maybe(random),
        extensions: maybe(random),
        details: text(random),
        personal_salt: Some(random.u128(..).to_le_bytes().into()),
        details_salt: Some(random.u128(..).to_le_bytes().into()),
        ..StoredEntry::default()
    }
}

/// The tiles over leaves; of a tree this small there are two levels of them.
fn tiles(hashes: &[Digest]) -> TileSet {
    let mut tiles = TileSet::new();
    let bytes = |hashes: &[Digest]| hashes.iter().flat_map(|hash| hash.0).collect::<Vec<_>>();
    let mut above = Vec::new();
    for (index, tile) in (0..).zip(hashes.chunks(TILE_WIDTH)) {
        tiles.insert(TileId { level: 0, index }, bytes(tile));
        if tile.len() == TILE_WIDTH {
            let mut full = Frontier::new();
            for hash in tile {
                full.push(*hash);
            }
            above.push(full.root());
        }
    }
    if !above.is_empty() {
        tiles.insert(TileId { level: 1, index: 0 }, bytes(&above));
    }
    tiles
}

fn write(folder: &Path, texts: &[String]) -> Vec<PathBuf> {
    let write = |(at, text): (usize, &String)| {
        let file = folder.join(format!("{at}.json"));
        fs::write(&file, text).unwrap();
        file
    };
    texts.iter().enumerate().map(write).collect()
}

/// Some proofs of each kind.
fn proofs(log: &Log) -> Vec<String> {
    let size = log.entries.len();
    let some =
        |last: usize| [0, 1, last / 3, last / 2, last].into_iter().filter(move |at| *at <= last);
    let entries = some(size - 1).map(|index| log.entry_proof(index).to_json());
    let growth = some(size).map(|old| log.consistency_proof(old).to_json());
    let ranges = some(size - 1).map(|start| start..(start + 5).max(size * 2 / 3).min(size));
    let answers = ranges.map(|range| Proof::Answer(Box::new(log.answer_proof(range))).to_json());
    entries.chain(growth).chain(answers).collect()
}

#[test]
fn what_we_prove_is_proven_to_others() {
    let checker = Checker::build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (seed, size) in (0..).zip(SIZES) {
        let log = Log::new(size, seed);
        let texts = proofs(&log);
        for text in &texts {
            Proof::parse(text).unwrap().check(&[log.key()]).unwrap();
        }
        let files = write(folder.path(), &texts);
        let verdicts = checker.proofs(log.key().as_str(), &files).unwrap();
        let wrong: Vec<_> = verdicts.iter().filter(|verdict| verdict.flaw.is_some()).collect();
        assert!(wrong.is_empty(), "{size} entries: {wrong:?}");
        assert_eq!(verdicts.len(), texts.len());
    }
}

#[test]
fn what_was_changed_is_wrong_for_others_too() {
    let checker = Checker::build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(300, 42);
    let Proof::Entry(entry) = log.entry_proof(150) else { panic!("an entry") };
    let Proof::Consistency(growth) = log.consistency_proof(170) else { panic!("growth") };
    let answer = log.answer_proof(100..140);
    let hash = log.hashes[0];
    let entry = |change: &dyn Fn(&mut EntryProof)| {
        let mut entry = entry.clone();
        change(&mut entry);
        Proof::Entry(entry)
    };
    let growth = |change: &dyn Fn(&mut ConsistencyProof)| {
        let mut growth = growth.clone();
        change(&mut growth);
        Proof::Consistency(growth)
    };
    let answer = |change: &dyn Fn(&mut AnswerProof)| {
        let mut answer = answer.clone();
        change(&mut answer);
        Proof::Answer(Box::new(answer))
    };
    let stranger = Ed25519Signer::from_text(KEYS[1], "this test").unwrap();
    let resigned = Log { signer: stranger, ..Log::new(300, 42) }.checkpoint(300);
    let changed = [
        entry(&|proof| proof.index += 1),
        entry(&|proof| proof.leaf.event_id.push('x')),
        entry(&|proof| proof.inclusion_path[3] = hash),
        entry(&|proof| proof.inclusion_path.truncate(3)),
        entry(&|proof| proof.inclusion_path.push(hash)),
        entry(&|proof| proof.disclosures[0].value.push('x')),
        entry(&|proof| proof.disclosures[0].salt = Salt([0; 16])),
        entry(&|proof| proof.checkpoint = log.checkpoint(299)),
        entry(&|proof| proof.checkpoint = resigned.clone()),
        growth(&|proof| proof.consistency_path[0] = hash),
        growth(&|proof| proof.consistency_path.truncate(2)),
        growth(&|proof| proof.old = log.checkpoint(171)),
        growth(&|proof| std::mem::swap(&mut proof.old, &mut proof.new)),
        growth(&|proof| proof.new = resigned.clone()),
        answer(&|proof| drop(proof.rows.remove(0))),
        answer(&|proof| proof.rows.swap(0, 1)),
        answer(&|proof| proof.rows.push(proof.rows[0].clone())),
        answer(&|proof| proof.rows[0].disclosures[0].value.push('x')),
        answer(&|proof| drop(proof.leaves.pop())),
        answer(&|proof| drop(proof.leaves.remove(20))),
        answer(&|proof| proof.leaves[7].plan_id = Some("another".into())),
        answer(&|proof| proof.start += 1),
        answer(&|proof| proof.range_path.swap(0, 1)),
        answer(&|proof| proof.range_path.push(hash)),
        answer(&|proof| proof.asked.types.push("tool.invoked".into())),
    ];
    let mut texts: Vec<_> = changed.iter().map(Proof::to_json).collect();
    // A checkpoint that was changed, and signed by nobody.
    let unchanged = entry(&|_| {}).to_json();
    texts.push(unchanged.replace(r"\n300\n", r"\n301\n"));
    for (at, text) in texts.iter().enumerate() {
        assert!(Proof::parse(text).unwrap().check(&[log.key()]).is_err(), "{at} is right for us");
    }
    texts.push(unchanged);
    let verdicts = checker.proofs(log.key().as_str(), &write(folder.path(), &texts)).unwrap();
    let (last, wrong) = verdicts.split_last().unwrap();
    assert_eq!(last.flaw, None, "the one that was not changed");
    let right: Vec<_> = wrong.iter().filter(|verdict| verdict.flaw.is_none()).collect();
    assert!(right.is_empty(), "{right:?}");
}

/// A folder as C2SP tlog-tiles has it, of a log with fewer than 1000 tiles.
fn write_tiles(log: &Log, folder: &Path) {
    let put = |name: String, bytes: &[u8]| {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    };
    let partial =
        |width: usize| if width == TILE_WIDTH { String::new() } else { format!(".p/{width}") };
    put("checkpoint".into(), log.checkpoint(log.entries.len()).as_str().as_bytes());
    for (index, entries) in log.entries.chunks(TILE_WIDTH).enumerate() {
        let mut bundle = Vec::new();
        for entry in entries {
            let leaf = entry.leaf().unwrap().encode();
            bundle.extend(u16::try_from(leaf.len()).unwrap().to_be_bytes());
            bundle.extend(leaf);
        }
        put(format!("tile/entries/{index:03}{}", partial(entries.len())), &bundle);
        let hashes = log.tiles.get(TileId { level: 0, index: index as u64 }).unwrap();
        put(format!("tile/0/{index:03}{}", partial(entries.len())), hashes);
    }
    if let Some(hashes) = log.tiles.get(TileId { level: 1, index: 0 }) {
        put(format!("tile/1/000{}", partial(hashes.len() / 32)), hashes);
    }
}

#[test]
fn tiles_are_read_by_others_who_find_what_was_changed_in_them() {
    let checker = Checker::build().unwrap();
    let mut changed = 0;
    for size in [1, 256, 300, 700] {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::new(size, 7);
        let key = log.key();
        let check = || checker.tiles(key.as_str(), folder.path()).unwrap();
        write_tiles(&log, folder.path());
        assert_eq!(check(), Verdict { file: folder.path().to_owned(), flaw: None });
        let files = ["checkpoint", "tile/0/000", "tile/entries/000", "tile/1/000.p/1"];
        for file in files.map(|file| folder.path().join(file)) {
            let Ok(mut bytes) = fs::read(&file) else { continue };
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(&file, &bytes).unwrap();
            assert!(check().flaw.is_some(), "{} was changed", file.display());
            changed += 1;
            bytes[middle] ^= 1;
            fs::write(&file, &bytes).unwrap();
        }
        assert_eq!(check().flaw, None);
    }
    assert_eq!(changed, 1 + 4 + 4 + 3, "files, of which larger trees have more");
}
