//! Whatever happens to a record in whichever order, it verifies, and its old checkpoints are those of
//! a tree that has only grown.

use application::proof::{Verdict, prove_growth};
use domain::proof::SignedCheckpoint;
use indelible_tests::contract::audit_log::batch;
use infrastructure::seaorm::{Access, SeaOrmAuditTree};
use proptest::prelude::*;

use super::signed::Record;

/// Something that happens to a record.
#[derive(Clone, Debug)]
enum Step {
    Append(usize),
    Prune(u64),
    Sign,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => prop_oneof![1..6_usize, 250..270_usize].prop_map(Step::Append),
        2 => (1..600_u64).prop_map(Step::Prune),
        3 => Just(Step::Sign),
    ];
    prop::collection::vec(step, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_record_verifies_after_any_sequence_of_appending_pruning_and_signing(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(happened(steps));
    }
}

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
