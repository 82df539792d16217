//! Any history of a tree: steps made at random, taken on the adapter and on a plain list of leaves,
//! which must agree after each of them.
//!
//! Deliberately absent: doing several things at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::Sequence;
use domain::ports::{KeptCheckpoint, KeptKey};
use proptest::prelude::*;

use super::keeping::{checkpoint, key};
use super::{AuditTreeMaker, Stand};
use crate::contract::audit_log::batch;
use crate::contract::cases::for_all;
use crate::expect::must;

/// How many histories are tried unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 24;

#[derive(Debug, Clone)]
enum Step {
    Append(usize),
    Grow,
    Remove { through: u64, limit: u32 },
    Restart,
    KeepCheckpoint { size: u64, text: u8 },
    KeepKey { text: u8, after: i64 },
    AskForCheckpoints { after: u64, limit: u32 },
}

fn steps() -> impl Strategy<Value = Vec<Step>, Tree: Send> {
    let step = prop_oneof![
        4 => prop_oneof![3 => 0..9_usize, 1 => 100..300_usize].prop_map(Step::Append),
        4 => Just(Step::Grow),
        2 => (0..600_u64, prop_oneof![3 => 0..60_u32, 1 => Just(u32::MAX)])
            .prop_map(|(through, limit)| Step::Remove { through, limit }),
        1 => Just(Step::Restart),
        2 => (0..6_u64, 0..3_u8).prop_map(|(size, text)| Step::KeepCheckpoint { size, text }),
        1 => (0..4_u8, 0..9_i64).prop_map(|(text, after)| Step::KeepKey { text, after }),
        1 => (0..6_u64, 0..4_u32).prop_map(|(after, limit)| Step::AskForCheckpoints { after, limit }),
    ];
    prop::collection::vec(step, 1..16)
}

pub(super) async fn any_history_agrees_with_a_plain_list_of_leaves(maker: &dyn AuditTreeMaker) {
    for_all(CASES, steps(), |steps| Box::pin(play(maker, steps))).await;
}

async fn play(maker: &dyn AuditTreeMaker, steps: Vec<Step>) {
    let stand = Stand::new(maker).await;
    let mut played =
        Played { maker, stand, size: 0, first: 1, checkpoints: BTreeMap::new(), keys: Vec::new() };
    for (number, step) in steps.into_iter().enumerate() {
        played.take(number, step).await;
        played.compare(number).await;
    }
}

/// A history under way.
struct Played<'a> {
    maker: &'a dyn AuditTreeMaker,
    stand: Stand,
    /// How many leaves must be in the tree.
    size: u64,
    /// The first entry that is left.
    first: u64,
    checkpoints: BTreeMap<u64, KeptCheckpoint>,
    keys: Vec<KeptKey>,
}

impl Played<'_> {
    async fn take(&mut self, number: usize, step: Step) {
        let tree = Arc::clone(&self.stand.treed.tree);
        match step {
            Step::Append(entries) => self.stand.append(&batch(&format!("{number}"), entries)).await,
            Step::Grow => {
                self.size = self.stand.model.leaves();
                assert_eq!(self.stand.grow().await.size, self.size, "step {number}: all is taken");
            }
            Step::Remove { through, limit } => {
                if let Some(removed) = self.stand.remove(through, limit).await {
                    self.first = removed.through.0 + 1;
                    self.size = self.size.max(removed.through.0);
                }
            }
            Step::Restart => {
                let again = self.maker.reopen(&self.stand.treed, Arc::clone(&self.stand.clock));
                if let Some(again) = again.await {
                    self.stand.treed = again;
                }
            }
            Step::KeepCheckpoint { size, text } => {
                let late = checkpoint(size, &text.to_string(), text.into());
                must(tree.keep_checkpoint(&late).await);
                self.checkpoints.entry(size).or_insert(late);
            }
            Step::KeepKey { text, after } => {
                let late = key(&text.to_string(), after);
                must(tree.keep_key(&late).await);
                if !self.keys.iter().any(|key| key.verifier_key == late.verifier_key) {
                    self.keys.push(late);
                }
            }
            Step::AskForCheckpoints { after, limit } => {
                let later = self.checkpoints.values().filter(|kept| kept.size > after);
                let expected: Vec<_> = later.take(limit as usize).cloned().collect();
                let listed = must(tree.checkpoints(after, limit).await);
                assert_eq!(listed, expected, "step {number}: checkpoints after {after}");
            }
        }
    }

    async fn compare(&mut self, number: usize) {
        let size = self.stand.assert_whole().await;
        assert!(size >= self.size, "step {number}: {size} leaves of {} are taken", self.size);
        self.size = size;
        let tree = self.stand.tree();
        let first = must(tree.entries(Sequence(0), 1).await);
        let first = first.first().map(|entry| entry.sequence.0);
        let expected = (self.stand.model.leaves() > 0).then_some(self.first);
        assert_eq!(first, expected, "step {number}: the first entry that is left");
        assert_eq!(must(tree.keys().await), self.keys, "step {number}: the keys");
        let newest = must(tree.newest_checkpoint().await);
        assert_eq!(newest.as_ref(), self.checkpoints.values().next_back(), "step {number}");
    }
}
