//! What is promised to several programs, one after the other or at once.

use std::sync::Arc;

use super::keeping::{checkpoint, key};
use super::{AuditTreeMaker, Stand, Treed, assert_tiles};
use crate::contract::Tried;
use crate::contract::audit_log::{batch, entry};
use crate::expect::must;

pub(super) async fn what_was_grown_and_kept_outlives_a_restart(
    maker: &dyn AuditTreeMaker,
) -> Tried {
    let mut stand = Stand::new(maker).await;
    for round in 0..4 {
        stand.append(&batch(&format!("{round}"), 100)).await;
        let before = stand.grow().await;
        stand.remove(round * 100, u32::MAX).await;
        must(stand.tree().keep_checkpoint(&checkpoint(before.size, "any", 1)).await);
        must(stand.tree().keep_key(&key(&format!("{round}"), 1)).await);
        // Some are in the tree, and some join after the restart.
        stand.append(&batch(&format!("{round} more"), 3)).await;
        let checkpoints = must(stand.tree().checkpoints(0, 99).await);
        let keys = must(stand.tree().keys().await);
        let Some(again) = maker.reopen(&stand.treed, Arc::clone(&stand.clock)).await else {
            return Tried::Not(
                "its maker does not say how the tree is opened again: implement \
                 `AuditTreeMaker::reopen`, as `contract::shipped::OnDisk` does",
            );
        };
        stand.treed = again;
        assert_eq!(stand.standing().await, before, "a restart leaves the tree where it stood");
        assert_eq!(must(stand.tree().checkpoints(0, 99).await), checkpoints, "and checkpoints");
        assert_eq!(must(stand.tree().keys().await), keys, "and keys");
        stand.assert_tiles(before.size).await;
    }
    stand.assert_grows_to_all().await;
    Tried::Holds
}

pub(super) async fn several_who_share_a_storage_make_one_tree(maker: &dyn AuditTreeMaker) -> Tried {
    let mut stand = Stand::new(maker).await;
    stand.append(&batch("before", 3)).await;
    let Some(other) = maker.share(&stand.treed, Arc::clone(&stand.clock)).await else {
        return Tried::Not(
            "its maker does not say how another program opens the tree meanwhile: implement \
             `AuditTreeMaker::share`, as `contract::shipped::OnDisk` does",
        );
    };
    let one = stand.treed.clone();
    for round in 0..9 {
        let (writes, grows) = if round % 2 == 0 { (&one, &other) } else { (&other, &one) };
        must(writes.log.append(&batch(&format!("{round}"), 40)).await);
        stand.learn().await;
        let grown = must(grows.tree.grow().await);
        assert_eq!(grown.size, stand.model.leaves(), "one takes what the other has appended");
        for Treed { tree, .. } in [&one, &other] {
            assert_eq!(must(tree.standing().await), grown, "both see where it stands");
            assert_tiles(&**tree, &stand.model, grown.size).await;
        }
        must(grows.tree.keep_checkpoint(&checkpoint(grown.size, "theirs", 1)).await);
        must(writes.tree.keep_checkpoint(&checkpoint(grown.size, "late", 1)).await);
        must(grows.tree.keep_key(&key(&format!("{round}"), 1)).await);
        let kept = must(one.tree.checkpoints(0, 99).await);
        assert_eq!(must(other.tree.checkpoints(0, 99).await), kept, "both see the checkpoints");
        let keys = must(one.tree.keys().await);
        assert_eq!(must(other.tree.keys().await), keys, "and the keys");
        assert_eq!((kept.len(), keys.len()), (round + 1, round + 1), "each of them once");
    }

    // And both at once.
    let at_once = [(one.clone(), 'a'), (other.clone(), 'b')].map(|(Treed { log, tree }, name)| {
        tokio::spawn(async move {
            for round in 0..15 {
                must(log.append(&[entry(&format!("{name} {round}"))]).await);
                must(tree.grow().await);
            }
        })
    });
    for task in at_once {
        task.await.unwrap_or_else(|gone| panic!("both may go on at once: {gone}"));
    }
    stand.learn().await;
    for Treed { tree, .. } in [one, other] {
        stand.treed.tree = tree;
        stand.assert_grows_to_all().await;
    }
    Tried::Holds
}
