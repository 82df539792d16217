//! What is promised of a tree that grows.

use std::sync::Arc;

use domain::Sequence;
use futures::poll;

use super::{AuditTreeMaker, Stand, all_tiles};
use crate::contract::audit_log::{batch, entry};
use crate::contract::beside::Beside;
use crate::expect::must;

pub(super) async fn a_new_tree_is_empty_and_has_a_name_of_its_own(maker: &dyn AuditTreeMaker) {
    let mut names = Vec::new();
    for _ in 0..2 {
        let stand = Stand::new(maker).await;
        let standing = stand.standing().await;
        assert_eq!((standing.genesis, standing.size), (Sequence(0), 0), "it begins at nothing");
        assert_eq!(stand.grow().await, standing, "it has nothing to grow by");
        assert_eq!(must(stand.tree().tile(0, 0).await), None, "it has no tiles");
        assert_eq!(must(stand.tree().entries(Sequence(0), 9).await), [], "no entries");
        assert_eq!(must(stand.tree().checkpoints(0, 9).await), [], "no checkpoints");
        assert_eq!(must(stand.tree().newest_checkpoint().await), None, "and so no newest one");
        assert_eq!(must(stand.tree().keys().await), [], "and no keys");
        names.push(standing.log_id);
    }
    let fit = |name: &String| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
    assert!(names.iter().all(fit), "a name is letters and digits: {names:?}");
    assert_ne!(names[0], names[1], "no two records have the same name");
}

pub(super) async fn a_growth_takes_all_that_is_on_record(maker: &dyn AuditTreeMaker) {
    let mut stand = Stand::new(maker).await;
    for (round, size) in [1, 5, 40, 1].into_iter().enumerate() {
        stand.append(&batch(&format!("{round}"), size)).await;
        let before = stand.standing().await;
        assert!(before.size < stand.model.leaves(), "newer entries join at the next growth");
        let grown = stand.grow().await;
        assert_eq!(grown.size, stand.model.leaves(), "a growth takes all that is on record");
        assert_eq!(stand.standing().await, grown, "and says where the tree stands");
        let newest = grown.sequence_of(grown.size - 1);
        assert_eq!(newest, Sequence(stand.model.leaves()), "the last leaf is the newest entry's");
        assert_eq!(grown.index_of(newest), Some(grown.size - 1), "and the other way round");
        assert_eq!(grown.log_id, before.log_id, "the name stays");
        assert_eq!(stand.grow().await, grown, "a growth by nothing changes nothing");
    }
}

pub(super) async fn the_tiles_are_those_of_the_definition(maker: &dyn AuditTreeMaker) {
    // At once, so that one growth fills several tiles; and around the edges of them.
    let mut stand = Stand::new(maker).await;
    stand.append(&batch("at once", 3 * 256 + 7)).await;
    stand.assert_grows_to_all().await;
    let mut stand = Stand::new(maker).await;
    for (round, size) in [1, 1, 1, 252, 1, 1, 253, 2, 1].into_iter().enumerate() {
        stand.append(&batch(&format!("{round}"), size)).await;
        stand.assert_grows_to_all().await;
    }
}

pub(super) async fn a_tree_only_adds_to_its_tiles(maker: &dyn AuditTreeMaker) {
    let mut stand = Stand::new(maker).await;
    let mut before = all_tiles(stand.tree(), 0).await;
    for round in 0..12 {
        stand.append(&batch(&format!("{round}"), 1 + 7 * round)).await;
        if round % 3 == 0 {
            stand.append(&batch(&format!("{round} more"), 2)).await;
        }
        stand.grow().await;
        let after = all_tiles(stand.tree(), stand.model.leaves()).await;
        assert!(
            before.are_continued_by(&after),
            "no hash in a tile is ever changed: {before:?} became {after:?}"
        );
        before = after;
    }
}

pub(super) async fn appends_go_on_while_the_tree_grows(maker: &dyn AuditTreeMaker) {
    let mut stand = Stand::new(maker).await;
    // Enough to keep a growth busy for a while.
    stand.append(&batch("before", 400)).await;
    for round in 0..5 {
        // Begun in this order, so that the append finds the growth under way.
        let beside = [entry(&format!("beside {round}"))];
        let (_, receipts) = tokio::join!(biased; stand.grow(), stand.treed.log.append(&beside));
        assert!(receipts.is_ok(), "an append goes on while the tree grows: {receipts:?}");
    }
    let (log, tree) = (Arc::clone(&stand.treed.log), Arc::clone(&stand.treed.tree));
    let growing = tokio::spawn(async move {
        for _ in 0..25 {
            must(tree.grow().await);
            tokio::task::yield_now().await;
        }
    });
    let appending = (0..3).map(|task| {
        let log = Arc::clone(&log);
        tokio::spawn(async move {
            for round in 0..15 {
                let batch = batch(&format!("{task}/{round}"), 1 + round % 4);
                let receipts = log.append(&batch).await;
                assert!(receipts.is_ok(), "an append goes on while the tree grows: {receipts:?}");
                tokio::task::yield_now().await;
            }
        })
    });
    for task in appending.chain([growing]).collect::<Vec<_>>() {
        task.await.unwrap_or_else(|gone| panic!("both go on: {gone}"));
    }
    stand.learn().await;
    stand.assert_grows_to_all().await;
}

pub(super) async fn several_that_grow_at_once_take_each_leaf_once(maker: &dyn AuditTreeMaker) {
    let mut stand = Stand::new(maker).await;
    for round in 0..6_u64 {
        stand.append(&batch(&format!("{round}"), 90)).await;
        let growing = (0..4).map(|_| {
            let tree = Arc::clone(&stand.treed.tree);
            async move { must(tree.grow().await) }
        });
        for grown in Beside::of_round(round).all(growing).await {
            assert_eq!(grown.size, stand.model.leaves(), "each says where the tree stands");
        }
        assert_eq!(stand.standing().await.size, stand.model.leaves(), "each leaf is taken once");
        stand.assert_tiles(stand.model.leaves()).await;
    }
}

pub(super) async fn a_dropped_growth_leaves_a_whole_tree(maker: &dyn AuditTreeMaker) {
    let mut stand = Stand::new(maker).await;
    for polls in 0..30 {
        stand.append(&batch(&format!("{polls}"), 20)).await;
        {
            let mut growing = Box::pin(stand.treed.tree.grow());
            for _ in 0..polls {
                if poll!(&mut growing).is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        stand.assert_whole().await;
        if polls % 7 == 3 {
            stand.append(&[entry(&format!("after {polls}"))]).await;
            stand.assert_grows_to_all().await;
        }
    }
    stand.assert_grows_to_all().await;
}
