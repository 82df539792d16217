//! What is promised of what is kept beside the tree: checkpoints and keys.

use chrono::TimeDelta;
use domain::AuditTree;
use domain::ports::{KeptCheckpoint, KeptKey};

use super::{AuditTreeMaker, Stand};
use crate::contract::audit_log::start;
use crate::expect::must;

/// No sizes.
const NONE: [u64; 0] = [];

/// A checkpoint of so many leaves, kept so many nanoseconds after the start.
pub(super) fn checkpoint(size: u64, text: &str, after: i64) -> KeptCheckpoint {
    KeptCheckpoint {
        size,
        note: format!("indelible/1\n{size}\n{text}\n\n\u{2014} key+1 c2lnbmF0dXJl\n"),
        kept_at: start() + TimeDelta::nanoseconds(after),
    }
}

pub(super) fn key(text: &str, after: i64) -> KeptKey {
    let verifier_key = format!("indelible/1+12345678+{text}");
    KeptKey { verifier_key, kept_at: start() + TimeDelta::nanoseconds(after) }
}

async fn listed(tree: &dyn AuditTree, after: u64, limit: u32) -> Vec<u64> {
    let listed = must(tree.checkpoints(after, limit).await);
    listed.into_iter().map(|kept| kept.size).collect()
}

pub(super) async fn the_first_checkpoint_of_a_size_is_kept(maker: &dyn AuditTreeMaker) {
    let stand = Stand::new(maker).await;
    let (first, other) = (checkpoint(7, "first", 1), checkpoint(9, "other", 2));
    for kept in [&first, &other] {
        must(stand.tree().keep_checkpoint(kept).await);
    }
    for late in [checkpoint(7, "second", 3), checkpoint(9, "", -5), first.clone()] {
        must(stand.tree().keep_checkpoint(&late).await);
    }
    let all = must(stand.tree().checkpoints(0, 9).await);
    assert_eq!(all, [first, other.clone()], "the first of its size is kept as it was");
    assert_eq!(must(stand.tree().newest_checkpoint().await), Some(other), "also the newest");
}

pub(super) async fn checkpoints_are_listed_by_size(maker: &dyn AuditTreeMaker) {
    let stand = Stand::new(maker).await;
    let tree = stand.tree();
    let empty = checkpoint(0, "of nothing", 0);
    must(tree.keep_checkpoint(&empty).await);
    assert_eq!(must(tree.newest_checkpoint().await), Some(empty), "one of an empty tree is one");
    for (at, size) in (1..).zip([300, 5, 70, 1_000_000, 6]) {
        must(tree.keep_checkpoint(&checkpoint(size, "any", at)).await);
    }
    assert_eq!(listed(tree, 0, 9).await, [5, 6, 70, 300, 1_000_000], "by size, after none");
    assert_eq!(listed(tree, 5, 9).await, [6, 70, 300, 1_000_000], "of more leaves than that");
    assert_eq!(listed(tree, 7, 2).await, [70, 300], "and at most so many, the fewest first");
    assert_eq!(listed(tree, 0, 0).await, NONE, "none where none are asked for");
    assert_eq!(listed(tree, 1_000_000, 9).await, NONE, "none after the last");
    assert_eq!(listed(tree, u64::MAX, 9).await, NONE, "none after the end of all numbers");
    let newest = must(tree.newest_checkpoint().await);
    let most = checkpoint(1_000_000, "any", 4);
    assert_eq!(newest, Some(most), "the newest has the most leaves, whichever came last");
}

pub(super) async fn keys_are_kept_once_in_their_order(maker: &dyn AuditTreeMaker) {
    let stand = Stand::new(maker).await;
    let kept = [key("zebra", 3), key("aardvark", 2), key("monkey", 9)];
    for key in &kept {
        must(stand.tree().keep_key(key).await);
    }
    for again in [key("aardvark", 50), key("zebra", 3)] {
        must(stand.tree().keep_key(&again).await);
    }
    assert_eq!(must(stand.tree().keys().await), kept, "each is kept once, in their order");
}
