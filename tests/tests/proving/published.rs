//! The tree as files: exactly as C2SP tlog-tiles has them, grown by adding, and never of two logs.

use std::cell::RefCell;
use std::collections::BTreeMap;

use application::proof::{Publication, PublishError, PublishedFiles, publish_tiles};
use domain::ports::StorageProblem;
use domain::proof::{SignedCheckpoint, leaf_hash};
use domain::{AuditTree, Sequence};
use indelible_tests::contract::audit_log::batch;
use infrastructure::seaorm::{Access, SeaOrmAuditTree};
use sha2::{Digest, Sha256};

use super::signed::Record;

/// A folder in memory, which also says in which order its files came, and which were looked into.
#[derive(Clone, Default)]
struct Folder {
    files: BTreeMap<String, Vec<u8>>,
    order: Vec<String>,
    looked_into: RefCell<Vec<String>>,
    progress: Vec<u64>,
}

impl PublishedFiles for Folder {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StorageProblem> {
        self.looked_into.borrow_mut().push(name.to_owned());
        Ok(self.files.get(name).cloned())
    }

    fn length(&self, name: &str) -> Result<Option<u64>, StorageProblem> {
        Ok(self.files.get(name).map(|bytes| bytes.len() as u64))
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), StorageProblem> {
        self.order.push(name.to_owned());
        self.files.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn settle(&mut self) -> Result<(), StorageProblem> {
        self.order.push("settled".to_owned());
        Ok(())
    }
}

impl Folder {
    fn names(&self) -> Vec<&str> {
        self.files.keys().map(String::as_str).collect()
    }

    async fn try_publish(&mut self, record: &Record) -> Result<Publication, PublishError> {
        let storage = record.open(Access::ReadOnly).await;
        let tree = SeaOrmAuditTree::new(storage.clone());
        let newest = tree.newest_checkpoint().await.unwrap().unwrap();
        let checkpoint = SignedCheckpoint::parse(&newest.note).unwrap();
        self.order.clear();
        self.looked_into.take();
        let progress: RefCell<Vec<u64>> = RefCell::default();
        let told = |done| progress.borrow_mut().push(done);
        let published = publish_tiles(&tree, &checkpoint, self, told).await;
        self.progress = progress.take();
        storage.close().await;
        published
    }

    async fn publish(&mut self, record: &Record) -> Publication {
        self.try_publish(record).await.unwrap()
    }

    /// The leaves that the bundles hold, read as the specification says.
    fn entries(&self, bundle: &str) -> Vec<&[u8]> {
        let (mut leaves, mut rest) = (Vec::new(), &*self.files[bundle]);
        while let [high, low, after @ ..] = rest {
            let (leaf, after) = after.split_at(usize::from(*high) * 256 + usize::from(*low));
            leaves.push(leaf);
            rest = after;
        }
        leaves
    }
}

#[tokio::test]
async fn a_tree_is_published_as_the_specification_says() {
    let record = Record::of(600, &[600]).await;
    let mut folder = Folder::default();
    let published = folder.publish(&record).await;
    let names = [
        "checkpoint",
        "tile/0/000",
        "tile/0/001",
        "tile/0/002.p/88",
        "tile/1/000.p/2",
        "tile/entries/000",
        "tile/entries/001",
        "tile/entries/002.p/88",
    ];
    assert_eq!(folder.names(), names);
    let expected = Publication { size: 600, written: 7, ..Publication::default() };
    assert_eq!(published, expected);
    assert_eq!(folder.progress, [256, 512, 600]);
    assert_eq!(
        folder.order[7..],
        ["settled", "checkpoint", "settled"],
        "what it speaks of is first"
    );

    for (tile, bundle) in [("000", "000"), ("001", "001"), ("002.p/88", "002.p/88")]
        .map(|(tile, bundle)| (format!("tile/0/{tile}"), format!("tile/entries/{bundle}")))
    {
        let leaves = folder.entries(&bundle);
        let hashes: Vec<u8> = leaves.iter().flat_map(|leaf| leaf_hash(leaf).0).collect();
        assert_eq!(hashes, folder.files[&tile], "{bundle}");
    }
    let note = std::str::from_utf8(&folder.files["checkpoint"]).unwrap();
    let checkpoint = SignedCheckpoint::parse(note).unwrap();
    checkpoint.verify(&[record.key().await]).unwrap();
    // Computed anew from the definition: the tiles below give the root that is signed.
    let row = |name: &str| -> Vec<[u8; 32]> {
        folder.files[name].chunks_exact(32).map(|hash| hash.try_into().unwrap()).collect()
    };
    let leaves = [row("tile/0/000"), row("tile/0/001"), row("tile/0/002.p/88")].concat();
    assert_eq!(root(&leaves), checkpoint.checkpoint().head.root.0);
    assert_eq!(row("tile/1/000.p/2"), [root(&leaves[..256]), root(&leaves[256..512])]);
}

/// The Merkle tree hash as RFC 6962 defines it.
fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
    if let [one] = leaves {
        return *one;
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let node = Sha256::new().chain_update([1]).chain_update(root(left));
    node.chain_update(root(right)).finalize().into()
}

#[tokio::test]
async fn a_later_run_adds_what_is_new_and_leaves_what_is_there() {
    let record = Record::of(300, &[300]).await;
    let mut folder = Folder::default();
    folder.publish(&record).await;
    let before = folder.clone();
    let again = folder.publish(&record).await;
    assert_eq!((again.written, again.kept), (0, 5), "nothing is new");
    assert_eq!(folder.order, ["settled"]);
    let unfilled = ["tile/0/001.p/44", "tile/entries/001.p/44", "tile/1/000.p/1"];
    let looked_into = folder.looked_into.take();
    assert_eq!(looked_into[1..4], unfilled, "what is full is known by its length");
    assert_eq!(looked_into.len(), 5, "and the checkpoint, at the beginning and the end");

    record.append(&batch("later", 300)).await;
    record.sign().await;
    let published = folder.publish(&record).await;
    assert_eq!((published.written, published.kept), (5, 2));
    let new = ["tile/0/001", "tile/entries/001", "tile/0/002.p/88", "tile/entries/002.p/88"];
    assert_eq!(folder.order[..5], [&new[..], &["tile/1/000.p/2"]].concat());
    for (name, bytes) in before.files.iter().filter(|(name, _)| *name != "checkpoint") {
        assert_eq!(folder.files.get(name), Some(bytes), "{name}");
    }
}

#[tokio::test]
async fn a_run_that_was_cut_off_is_taken_up_where_it_ended() {
    let record = Record::of(600, &[600]).await;
    let mut whole = Folder::default();
    whole.publish(&record).await;
    let mut folder = whole.clone();
    folder.files.remove("checkpoint");
    folder.files.remove("tile/entries/001");
    folder.files.remove("tile/1/000.p/2");
    let published = folder.publish(&record).await;
    assert_eq!((published.written, published.kept), (2, 5));
    assert_eq!(folder.files, whole.files);
    // Also what somebody took away after it was published.
    folder.files.remove("tile/entries/000");
    folder.files.insert("tile/0/000".to_owned(), Vec::new());
    let refused = folder.try_publish(&record).await.unwrap_err();
    assert!(matches!(refused, PublishError::Foreign { name } if name == "tile/0/000"));
    folder.files.remove("tile/0/000");
    folder.publish(&record).await;
    assert_eq!(folder.files, whole.files);
    for gone in ["tile/entries/000", "tile/0/000"] {
        folder.files.remove(gone);
        let published = folder.publish(&record).await;
        assert_eq!((published.written, published.kept), (1, 6), "{gone}");
        assert!(folder.files == whole.files, "{gone}");
    }
}

#[tokio::test]
async fn what_retention_has_removed_stays_published_and_is_said_to_be_missing_where_it_never_was() {
    let record = Record::of(700, &[300]).await;
    let mut early = Folder::default();
    early.publish(&record).await;
    record.sign().await;
    let mut whole = early.clone();
    whole.publish(&record).await;

    // The second tile was published in part, and the rest of it is on record still.
    record.prune(280).await;
    let mut folder = early.clone();
    let published = folder.publish(&record).await;
    assert_eq!(published.without_bundle, []);
    assert_eq!(folder.files, whole.files);
    let mut folder = Folder::default();
    let published = folder.publish(&record).await;
    assert_eq!(published.without_bundle, [(Sequence(1), Sequence(512))]);
    assert!(!folder.files.contains_key("tile/entries/001"));
    assert!(folder.files.contains_key("tile/0/001"), "hashes are never removed");
    assert!(folder.files.contains_key("tile/entries/002.p/188"));

    record.prune(320).await;
    let published = early.publish(&record).await;
    assert_eq!(published.without_bundle, [(Sequence(257), Sequence(512))]);
    assert_eq!(early.files["tile/entries/000"], whole.files["tile/entries/000"]);

    // What is missing on either side of a bundle that is there is said apart.
    record.append(&batch("later", 100)).await;
    record.sign().await;
    whole.files.remove("tile/entries/000");
    record.prune(780).await;
    let published = whole.publish(&record).await;
    let around = [(Sequence(1), Sequence(256)), (Sequence(513), Sequence(802))];
    assert_eq!(published.without_bundle, around);

    // Nor is anything read that comes after what was signed.
    let record = Record::of(512, &[300]).await;
    let mut folder = Folder::default();
    folder.publish(&record).await;
    record.sign().await;
    record.append(&batch("later", 9)).await;
    record.prune(280).await;
    record.change("UPDATE audit_log SET subject = CAST(x'ff' AS TEXT) WHERE sequence > 512");
    assert_eq!(folder.publish(&record).await.without_bundle, []);
}

#[tokio::test]
async fn a_folder_with_another_log_or_a_later_or_another_state_of_this_one_is_refused() {
    let record = Record::of(10, &[5, 10]).await;
    let mut folder = Folder::default();
    folder.publish(&record).await;

    let other = Record::of(10, &[10]).await;
    let before = folder.clone();
    let refused = folder.try_publish(&other).await.unwrap_err();
    assert!(matches!(refused, PublishError::AnotherLog { .. }), "{refused}");

    // Another log of the same name.
    let (name, log) = (record.key().await, "SELECT log_id FROM audit_tree");
    let raw = rusqlite::Connection::open(record.file()).unwrap();
    let log_id: String = raw.query_row(log, [], |row| row.get(0)).unwrap();
    let forked = Record::of(12, &[]).await;
    forked.change(&format!("UPDATE audit_tree SET log_id = '{log_id}'"));
    forked.sign().await;
    assert_eq!(forked.key().await.name(), name.name());
    let refused = folder.try_publish(&forked).await.unwrap_err();
    assert!(matches!(refused, PublishError::Fork { size: 10 }), "{refused}");

    // An older copy.
    record.change("DELETE FROM audit_checkpoint WHERE size = 10");
    let refused = folder.try_publish(&record).await.unwrap_err();
    assert!(matches!(refused, PublishError::Ahead { published: 10, signed: 5 }), "{refused}");

    folder.files.insert("checkpoint".to_owned(), b"none".to_vec());
    let refused = folder.try_publish(&other).await.unwrap_err();
    assert!(matches!(refused, PublishError::Unreadable(_)), "{refused}");
    folder.files.remove("checkpoint");
    let refused = folder.try_publish(&other).await.unwrap_err();
    assert!(matches!(refused, PublishError::Foreign { .. }), "{refused}");
    folder.files.insert("checkpoint".to_owned(), before.files["checkpoint"].clone());
    assert!(folder.files == before.files, "nothing of the others was written");
}

#[tokio::test]
async fn nothing_is_published_that_is_not_what_was_signed() {
    let other = "x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'";
    let refused = async |record: &Record| {
        let mut folder = Folder::default();
        let refused = folder.try_publish(record).await.unwrap_err();
        assert!(!folder.files.contains_key("checkpoint"));
        refused
    };
    let record = Record::of(300, &[300]).await;
    record.change("UPDATE audit_log SET subject = 'other' WHERE sequence = 4");
    let found = refused(&record).await;
    let at_four = |found: &PublishError| match found {
        PublishError::Changed { sequence, .. } => *sequence == Sequence(4),
        _ => false,
    };
    assert!(at_four(&found), "{found}");
    record.change("UPDATE audit_log SET erased = '[]' WHERE sequence = 4");
    assert!(at_four(&refused(&record).await));
    record.change("DELETE FROM audit_log WHERE sequence = 4");
    assert!(at_four(&refused(&record).await));
    record.change("DELETE FROM audit_log");
    let found = refused(&record).await;
    let first = Sequence(1);
    assert!(
        matches!(found, PublishError::Changed { sequence, .. } if sequence == first),
        "{found}"
    );

    for (level, place) in [(0, 0), (0, 1), (1, 0)] {
        let record = Record::of(300, &[300]).await;
        record.change(&format!(
            "UPDATE audit_tile SET hashes = CAST({other} || substr(hashes, 33) AS BLOB) \
             WHERE level = {level} AND place = {place}"
        ));
        let found = refused(&record).await;
        assert!(matches!(found, PublishError::NotSigned), "{level} {place}: {found}");
    }
    let record = Record::of(300, &[300]).await;
    record.change("DELETE FROM audit_tile WHERE level = 0 AND place = 0");
    let found = refused(&record).await;
    assert!(matches!(found, PublishError::Tree(_)), "{found}");
}
