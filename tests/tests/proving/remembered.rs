//! A signer that remembers outside the record what it has signed: whoever can change the whole file, and
//! takes the checkpoints out of it, gets nothing else signed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use application::proof::{CheckpointError, SignCheckpoints, Verdict};
use domain::ports::{CheckpointAnchor, CheckpointSigner};
use domain::proof::SignedCheckpoint;
use indelible_tests::contract::audit_log::{batch, start};
use indelible_tests::fakes::ManualClock;
use infrastructure::anchor::FileAnchor;
use infrastructure::seaorm::{Access, SeaOrmAuditTree};
use infrastructure::signing::Ed25519Signer;

use super::signed::Record;

/// As somebody does it who knows how the record is made: nothing of what was signed is left in it.
const FORGET: &str =
    "DELETE FROM audit_checkpoint; DELETE FROM audit_signing_key; DELETE FROM audit_tile;
    UPDATE audit_tree SET size = 0;";

/// A record whose key lies in a file beside it.
async fn of(entries: usize) -> (Record, PathBuf) {
    let mut record = Record::new();
    let key = record.beside("key");
    record.signer = Ed25519Signer::load_or_create(&key).unwrap();
    record.append(&batch("first", entries)).await;
    record.sign().await;
    (record, key)
}

/// Whether it could be signed, and what came of signing it, with an anchor that is a file.
async fn anchored(
    record: &Record,
    anchor: &Path,
) -> (Result<(), CheckpointError>, Result<Option<SignedCheckpoint>, CheckpointError>) {
    let storage = record.open(Access::ReadWrite).await;
    let tree = Arc::new(SeaOrmAuditTree::new(storage.clone()));
    let signer: Arc<dyn CheckpointSigner> = Arc::new(record.signer.clone());
    let sign = SignCheckpoints::new(tree, signer, Arc::new(ManualClock::at(start())))
        .anchored(vec![Arc::new(FileAnchor::new(anchor))]);
    let outcome = (sign.probe().await, sign.run().await);
    storage.close().await;
    outcome
}

async fn forge(record: &Record) {
    record.change(&format!("{FORGET} DELETE FROM audit_log WHERE sequence > 2;"));
    record.append(&batch("forged", 6)).await;
}

fn contradicted(refused: Result<impl std::fmt::Debug, CheckpointError>) -> (u64, String) {
    match refused {
        Err(CheckpointError::Contradicted { size, place }) => (size, place),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_record_whose_checkpoints_were_taken_out_is_not_signed_as_it_was_made_to_be() {
    let (record, key) = of(5).await;
    record.change(&format!("{FORGET} DELETE FROM audit_log WHERE sequence > 3;"));
    record.append(&batch("forged", 4)).await;

    let (size, place) = contradicted(record.try_sign().await);
    assert_eq!(size, 5);
    assert_eq!(place, format!("{}.signed", key.display()));
    // What is remembered says to others as well what was signed.
    let remembered = application::proof::read_checkpoints(&std::fs::read_to_string(place).unwrap());
    let found = record.verify_against(vec![record.key().await], remembered.unwrap()).await;
    assert_eq!(found.verdict, Verdict::Tampered);
}

#[tokio::test]
async fn an_emptied_record_and_an_older_copy_are_not_signed_until_somebody_wants_them() {
    let (record, key) = of(5).await;
    let copy = record.beside("copy.db");
    std::fs::copy(record.file(), &copy).unwrap();
    record.append(&batch("later", 2)).await;
    record.sign().await;
    std::fs::copy(&copy, record.file()).unwrap();
    let (size, place) = contradicted(record.try_sign().await);
    assert_eq!(size, 7);
    assert_eq!(place, format!("{}.signed", key.display()));
    record.append(&batch("forked", 2)).await;
    assert_eq!(contradicted(record.try_sign().await).0, 7, "as many entries, and others");
    record.change(&format!("{FORGET} DELETE FROM audit_log;"));
    assert_eq!(contradicted(record.try_sign().await).0, 7);

    std::fs::copy(&copy, record.file()).unwrap();
    std::fs::remove_file(&place).unwrap();
    assert_eq!(record.sign().await.checkpoint().head.size, 5, "put back on purpose");
    record.append(&batch("after", 1)).await;
    record.sign().await;
    std::fs::copy(&copy, record.file()).unwrap();
    assert_eq!(contradicted(record.try_sign().await).0, 6, "remembered again from then on");
}

#[tokio::test]
async fn what_was_remembered_and_then_not_kept_in_the_record_is_signed_again() {
    let (record, key) = of(5).await;
    record.append(&batch("later", 2)).await;
    let signed = record.sign().await;
    // As after a crash between the two.
    record.change("DELETE FROM audit_checkpoint WHERE size = 7");
    assert_eq!(record.sign().await, signed);
    // And a key from a time before anything was remembered remembers from now on.
    let place = format!("{}.signed", key.display());
    std::fs::remove_file(&place).unwrap();
    assert_eq!(record.sign().await, signed);
    assert_eq!(
        std::fs::read_to_string(&place).unwrap(),
        signed.as_str(),
        "with nothing new to sign"
    );
    // Once it is, nobody writes it anew.
    let inode = || std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(&place).unwrap());
    let before = inode();
    record.sign().await;
    assert_eq!(inode(), before);
    forge(&record).await;
    assert_eq!(contradicted(record.try_sign().await).0, 7);
}

#[tokio::test]
async fn what_others_signed_with_another_key_is_not_believed_and_nothing_is_signed() {
    let (record, key) = of(5).await;
    let (other, others_key) = of(3).await;
    let place = |key: &PathBuf| format!("{}.signed", key.display());
    // Of another log: that one is not asked about.
    std::fs::copy(place(&others_key), place(&key)).unwrap();
    record.append(&batch("later", 1)).await;
    record.sign().await;
    // Of this log, by a key that it never had.
    let log_id = "SELECT log_id FROM audit_tree";
    let log_id: String = rusqlite::Connection::open(record.file())
        .and_then(|raw| raw.query_row(log_id, [], |row| row.get(0)))
        .unwrap();
    other.change(&format!("{FORGET} UPDATE audit_tree SET log_id = '{log_id}';"));
    other.sign().await;
    std::fs::copy(place(&others_key), place(&key)).unwrap();
    record.append(&batch("last", 1)).await;
    let refused = record.try_sign().await.unwrap_err();
    assert!(matches!(refused, CheckpointError::Foreign { .. }), "{refused:?}");
    assert!(refused.to_string().contains("key.signed"), "{refused}");
    std::fs::write(place(&key), "nothing").unwrap();
    let refused = record.try_sign().await.unwrap_err();
    assert!(matches!(refused, CheckpointError::Signing(_)), "{refused:?}");
}

#[tokio::test]
async fn an_anchor_is_asked_as_well_so_that_a_key_without_a_file_is_protected_too() {
    // A key in memory only, as one from the environment is.
    let record = Record::of(5, &[]).await;
    let anchor = record.beside("anchor");
    let sign = async || {
        let (probed, signed) = anchored(&record, &anchor).await;
        assert_eq!(probed.is_ok(), signed.is_ok(), "{probed:?} {signed:?}");
        signed
    };
    sign().await.unwrap();
    // What strangers have written to the same place says nothing about this record.
    let mut kept = std::fs::read_to_string(&anchor).unwrap();
    let other = Record::of(2, &[2]).await;
    kept.push_str(other.sign().await.as_str());
    let stranger = Ed25519Signer::generate().unwrap();
    let mut larger = record.sign().await.checkpoint().clone();
    larger.head.size = 9;
    kept.push_str(stranger.sign(&larger).unwrap().as_str());
    kept.push_str("and a line\n");
    std::fs::write(&anchor, kept).unwrap();
    record.append(&batch("later", 1)).await;
    sign().await.unwrap();

    record.change(&format!("{FORGET} DELETE FROM audit_log WHERE sequence > 2;"));
    record.append(&batch("forged", 6)).await;
    let (size, place) = contradicted(sign().await);
    assert_eq!((size, place), (6, anchor.display().to_string()));
}

#[tokio::test]
async fn a_record_whose_key_is_gone_is_not_signed_with_another_one_on_the_side() {
    let (mut record, key) = of(5).await;
    record.append(&batch("later", 1)).await;
    let away = record.beside("away");
    std::fs::rename(&key, &away).unwrap();
    record.signer = Ed25519Signer::load_or_miss(&key).unwrap();
    let refused = record.try_sign().await.unwrap_err();
    let said = std::error::Error::source(&refused).unwrap().to_string();
    assert!(said.contains(&key.display().to_string()) && said.contains("key rotate"), "{said}");
    assert!(!key.exists());
    std::fs::rename(&away, &key).unwrap();
    record.signer = Ed25519Signer::load_or_miss(&key).unwrap();
    assert_eq!(record.sign().await.checkpoint().head.size, 6);
}

#[tokio::test]
async fn an_anchor_that_others_write_far_more_to_still_shows_the_last_of_this_record() {
    let record = Record::of(5, &[]).await;
    let anchor = record.beside("anchor");
    anchored(&record, &anchor).await.1.unwrap();
    let other = Record::of(2, &[2]).await.sign().await;
    let mut kept = std::fs::read_to_string(&anchor).unwrap();
    // More than is read of its end at first, and at second.
    while kept.len() < 300_000 {
        kept.push_str(other.as_str());
    }
    std::fs::write(&anchor, kept).unwrap();
    forge(&record).await;
    assert_eq!(contradicted(anchored(&record, &anchor).await.1).0, 5);
}

#[tokio::test]
async fn where_nothing_is_remembered_an_anchor_that_cannot_be_asked_lets_nothing_be_signed() {
    let record = Record::of(5, &[]).await;
    let folder = record.beside("mounted");
    std::fs::create_dir(&folder).unwrap();
    let anchor = folder.join("anchor");
    anchored(&record, &anchor).await.1.unwrap();
    std::fs::rename(&folder, record.beside("unmounted")).unwrap();
    forge(&record).await;
    let (probed, signed) = anchored(&record, &anchor).await;
    for refused in [probed.unwrap_err(), signed.unwrap_err()] {
        assert!(matches!(refused, CheckpointError::Unasked(_)), "{refused:?}");
    }
    // Where it is remembered what was signed, recording goes on being signed while the anchor is away.
    let (record, _) = of(5).await;
    record.append(&batch("later", 1)).await;
    let refused = anchored(&record, &anchor).await.1.unwrap_err();
    assert!(matches!(refused, CheckpointError::Anchor { .. }), "{refused:?}");
    assert_eq!(record.sign().await.checkpoint().head.size, 6);
}

#[tokio::test]
async fn each_anchor_that_fails_is_told_of_and_only_those_are_given_the_same_checkpoint_again() {
    let (record, _) = of(5).await;
    record.append(&batch("later", 1)).await;
    let folders = ["first", "second"].map(|folder| record.beside(folder));
    let [first, second] = folders.clone().map(|folder| folder.join("anchor"));
    let reached = record.beside("reached");
    let storage = record.open(Access::ReadWrite).await;
    let anchor = |place: &Path| Arc::new(FileAnchor::new(place)) as Arc<dyn CheckpointAnchor>;
    let sign = SignCheckpoints::new(
        Arc::new(SeaOrmAuditTree::new(storage.clone())),
        Arc::new(record.signer.clone()),
        Arc::new(ManualClock::at(start())),
    )
    .anchored(vec![anchor(&first), anchor(&reached), anchor(&second)]);
    let CheckpointError::Anchor { checkpoint, source } = sign.run().await.unwrap_err() else {
        panic!("not kept with every anchor")
    };
    assert_eq!(source.errors().len(), 2);
    for place in [&first, &second] {
        assert!(source.to_string().contains(&place.display().to_string()), "{source}");
    }
    for folder in folders {
        std::fs::create_dir(folder).unwrap();
    }
    assert_eq!(sign.run().await.unwrap().unwrap(), *checkpoint);
    sign.run().await.unwrap();
    for place in [first, reached, second] {
        assert_eq!(std::fs::read_to_string(place).unwrap(), checkpoint.as_str());
    }
    storage.close().await;
}
