//! Proofs that leave the house hold wherever they are checked, also after retention; and nothing is
//! handed out that does not hold.

use std::sync::Arc;

use application::proof::{
    ProveError, Verdict, VerifyAuditLog, prove_answer, prove_entry, prove_growth,
};
use domain::audit::TypePattern;
use domain::ports::ArchivePlace;
use domain::proof::{Proof, Proven};
use domain::{AuditArchive, AuditFilter, AuditRetention, AuditTree, Sequence};
use infrastructure::seaorm::{
    Access, AuditStorage, SeaOrmAuditArchive, SeaOrmAuditTree, StorageOptions,
};

use super::signed::{Record, log};

/// A proof on its way through a file.
fn sent(proof: Proof) -> Proof {
    Proof::parse(&proof.to_json()).unwrap()
}

#[tokio::test]
async fn a_proof_of_every_entry_holds_and_still_does_when_retention_has_removed_the_entry() {
    let record = Record::of(300, &[300]).await;
    let (checkpoint, key) = (record.sign().await, record.key().await);
    let storage = record.open(Access::ReadOnly).await;
    let tree = Arc::new(SeaOrmAuditTree::new(storage.clone()));
    let mut proofs = Vec::new();
    for sequence in [1, 2, 128, 255, 256, 257, 300] {
        let proof = prove_entry(&*tree, Sequence(sequence), checkpoint.clone()).await.unwrap();
        proofs.push((sequence, sent(Proof::Entry(Box::new(proof)))));
    }
    storage.close().await;
    record.prune(280).await;
    for (sequence, proof) in proofs {
        let Proven::Entry(entry) = proof.check(std::slice::from_ref(&key)).unwrap() else {
            panic!("a proof of an entry proves an entry");
        };
        assert_eq!(entry.row.leaf.sequence, Sequence(sequence));
        assert_eq!(entry.row.undisclosed().count(), 0);
    }
    let storage = record.open(Access::ReadOnly).await;
    let tree = SeaOrmAuditTree::new(storage.clone());
    let gone = prove_entry(&tree, Sequence(280), checkpoint.clone()).await.unwrap_err();
    assert!(matches!(gone, ProveError::Absent { .. }), "{gone}");
    let there = prove_entry(&tree, Sequence(281), checkpoint).await.unwrap();
    assert!(there.check(&[key]).is_ok());
    storage.close().await;
}

#[tokio::test]
async fn what_the_checkpoint_does_not_reach_or_somebody_changed_is_not_proven() {
    let record = Record::of(6, &[3]).await;
    let storage = record.open(Access::ReadOnly).await;
    let tree = SeaOrmAuditTree::new(storage.clone());
    let kept = tree.newest_checkpoint().await.unwrap().unwrap();
    let checkpoint = domain::proof::SignedCheckpoint::parse(&kept.note).unwrap();
    let late = prove_entry(&tree, Sequence(4), checkpoint.clone()).await.unwrap_err();
    assert!(matches!(late, ProveError::AfterCheckpoint { newest: Sequence(3), .. }), "{late}");
    storage.close().await;

    record.change("UPDATE audit_log SET plan_id = 'other' WHERE sequence = 2");
    let storage = record.open(Access::ReadOnly).await;
    let tree = SeaOrmAuditTree::new(storage.clone());
    let changed = prove_entry(&tree, Sequence(2), checkpoint.clone()).await.unwrap_err();
    assert!(matches!(changed, ProveError::NotSigned), "{changed}");
    let range = (Sequence(1), Sequence(3));
    let filter = AuditFilter::default();
    let answer = prove_answer(&tree, &log(&storage), &filter, range, checkpoint).await;
    assert!(matches!(answer, Err(ProveError::NotSigned)));
    storage.close().await;
}

#[tokio::test]
async fn growth_is_proven_between_any_two_checkpoints() {
    let record = Record::of(9, &[1, 4, 9]).await;
    let key = record.key().await;
    let storage = record.open(Access::ReadOnly).await;
    let tree = SeaOrmAuditTree::new(storage.clone());
    let kept = tree.checkpoints(0, 10).await.unwrap();
    let kept: Vec<_> = kept
        .iter()
        .map(|kept| domain::proof::SignedCheckpoint::parse(&kept.note).unwrap())
        .collect();
    for (old, new) in [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2)] {
        let proof = prove_growth(&tree, kept[old].clone(), kept[new].clone()).await.unwrap();
        assert!(
            sent(Proof::Consistency(Box::new(proof))).check(std::slice::from_ref(&key)).is_ok()
        );
    }
    assert!(prove_growth(&tree, kept[2].clone(), kept[0].clone()).await.is_err());
    storage.close().await;
}

#[tokio::test]
async fn an_answer_is_proven_with_all_that_was_asked_for_in_its_range() {
    let record = Record::of(40, &[40]).await;
    let (checkpoint, key) = (record.sign().await, record.key().await);
    let storage = record.open(Access::ReadOnly).await;
    let (tree, log) = (SeaOrmAuditTree::new(storage.clone()), log(&storage));
    let all = AuditFilter { types: vec![TypePattern::new("plan.*")], ..AuditFilter::default() };
    let none = AuditFilter { types: vec![TypePattern::new("tool.*")], ..AuditFilter::default() };
    let range = (Sequence(5), Sequence(17));
    let proof = prove_answer(&tree, &log, &all, range, checkpoint.clone()).await.unwrap();
    let Proven::Answer(answer) =
        sent(Proof::Answer(Box::new(proof.clone()))).check(std::slice::from_ref(&key)).unwrap()
    else {
        panic!("an answer's proof proves an answer");
    };
    assert_eq!((answer.rows.len(), answer.complete), (13, true));
    assert_eq!((answer.first, answer.last), range);
    let mut short = proof;
    short.rows.remove(3);
    assert!(
        Proof::Answer(Box::new(short)).check(std::slice::from_ref(&key)).is_err(),
        "one was left out"
    );

    let proof = prove_answer(&tree, &log, &none, range, checkpoint.clone()).await.unwrap();
    let Proven::Answer(answer) = Proof::Answer(Box::new(proof)).check(&[key]).unwrap() else {
        panic!("an answer's proof proves an answer");
    };
    assert_eq!((answer.rows.len(), answer.complete), (0, true));
    let empty = prove_answer(&tree, &log, &all, (Sequence(9), Sequence(8)), checkpoint).await;
    assert!(matches!(empty, Err(ProveError::EmptyRange { .. })));
    storage.close().await;
}

#[tokio::test]
async fn an_archive_of_a_part_verifies_by_itself_and_a_change_of_it_is_found() {
    let record = Record::of(300, &[120, 300]).await;
    let key = record.key().await;
    let storage = record.open(Access::ReadWrite).await;
    let folder = record.beside("archives");
    std::fs::create_dir(&folder).unwrap();
    let archive = SeaOrmAuditArchive::new(storage.clone());
    let place = ArchivePlace::Folder(folder);
    log(&storage).remove_oldest(Sequence(39), u32::MAX).await.unwrap();
    let archived = archive.archive(Sequence(99), &place).await.unwrap().unwrap();
    storage.close().await;
    let mut options = StorageOptions::new(&archived.file);
    options.access = Access::ReadOnly;
    let storage = AuditStorage::connect(options).await.unwrap();
    let tree = Arc::new(SeaOrmAuditTree::new(storage.clone()));
    let verify = VerifyAuditLog::new(Arc::clone(&tree) as _).believing(vec![key]).of_archive(true);
    let found = verify.run(|_| {}).await.unwrap();
    assert_eq!(found.verdict, Verdict::Intact, "{:?}", found.findings);
    assert_eq!((found.entries, found.pruned, found.checkpoints), (60, 240, 2));
    // As a whole record it lacks what comes after it.
    let found = VerifyAuditLog::new(tree).run(|_| {}).await.unwrap();
    assert_eq!(found.verdict, Verdict::Tampered);
    storage.close().await;
}
