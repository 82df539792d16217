//! Whatever happens to a record in whichever order, it verifies, and its old checkpoints are those of
//! a tree that has only grown.

use std::sync::Arc;

use application::proof::{SignCheckpoints, Verdict, VerifyAuditLog, prove_growth};
use domain::proof::SignedCheckpoint;
use domain::{AuditAppend, AuditRetention, Sequence};
use indelible_tests::contract::audit_log::{batch, start};
use indelible_tests::fakes::ManualClock;
use infrastructure::seaorm::{Access, SeaOrmAuditTree};
use proptest::prelude::*;

use super::signed::{Record, log};

/// Something that happens to a record.
#[derive(Clone, Debug)]
enum Step {
    Append(usize),
    Prune(u64),
    Erase { details: bool, limit: u32 },
    Scrub,
    Sign,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => prop_oneof![1..6_usize, 250..270_usize].prop_map(Step::Append),
        2 => (1..600_u64).prop_map(Step::Prune),
        2 => (any::<bool>(), 1..300_u32).prop_map(|(details, limit)| Step::Erase { details, limit }),
        1 => Just(Step::Scrub),
        3 => Just(Step::Sign),
    ];
    prop::collection::vec(step, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_record_verifies_after_whatever_is_appended_pruned_erased_and_signed(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(happened(steps));
    }
}

/// Every step opens the record anew, as a restart does.
async fn happened(steps: Vec<Step>) {
    let record = Record::new();
    record.append(&batch("first", 1)).await;
    let mut checkpoints: Vec<SignedCheckpoint> = vec![record.sign().await];
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Append(entries) => {
                record.append(&batch(&format!("step-{number}"), entries)).await;
            }
            Step::Prune(through) => record.prune(through).await,
            Step::Erase { details, limit } => record.erase(details, limit).await,
            Step::Scrub => record.scrub().await,
            Step::Sign => checkpoints.push(record.sign().await),
        }
    }
    let key = record.key().await;
    let found = record.verify_against(vec![key.clone()], checkpoints.clone()).await;
    assert_eq!(found.verdict, Verdict::Intact, "{:?}", found.findings);
    let newest = record.sign().await;
    let storage = record.open(Access::ReadOnly).await;
    let tree = SeaOrmAuditTree::new(storage.clone());
    for old in checkpoints {
        let growth = prove_growth(&tree, old, newest.clone()).await.unwrap();
        growth.check(std::slice::from_ref(&key)).unwrap();
    }
    storage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_others_write_sign_and_prune_meanwhile_is_intact() {
    let record = Record::of(700, &[700]).await;
    let (writing, reading) =
        (record.open(Access::ReadWrite).await, record.open(Access::ReadOnly).await);
    let signer = Arc::new(record.signer.clone());
    let others = tokio::spawn({
        let writing = writing.clone();
        async move {
            let log = log(&writing);
            let tree = Arc::new(SeaOrmAuditTree::new(writing.clone()));
            let sign = SignCheckpoints::new(tree, signer, Arc::new(ManualClock::at(start())));
            for round in 1..=40_u64 {
                log.append(&batch(&format!("round-{round}"), 30)).await.unwrap();
                sign.run().await.unwrap();
                log.remove_oldest(Sequence(round * 40), u32::MAX).await.unwrap();
            }
        }
    });
    let mut verified = 0;
    while !others.is_finished() || verified < 3 {
        let tree = Arc::new(SeaOrmAuditTree::new(reading.clone()));
        let found = VerifyAuditLog::new(tree).run(|_| {}).await.unwrap();
        assert_eq!(found.verdict, Verdict::Intact, "{:?}", found.findings);
        verified += 1;
    }
    others.await.unwrap();
    reading.close().await;
    writing.close().await;
}
