//! What is promised of a tree whose oldest entries are removed.

use domain::Sequence;

use super::{AuditTreeMaker, Stand};
use crate::contract::audit_log::batch;
use crate::expect::must;

pub(super) async fn tiles_outlive_the_entries_below_them(maker: &dyn AuditTreeMaker) {
    let mut stand = Stand::new(maker).await;
    stand.append(&batch("e", 300)).await;
    stand.assert_grows_to_all().await;
    for through in [1, 200, 256, 257, 299] {
        assert!(stand.remove(through, u32::MAX).await.is_some(), "entries are removed");
        stand.assert_tiles(300).await;
    }
    stand.append(&batch("after", 300)).await;
    stand.assert_grows_to_all().await;
}

pub(super) async fn what_is_removed_is_in_the_tree_before(maker: &dyn AuditTreeMaker) {
    let mut stand = Stand::new(maker).await;
    stand.append(&batch("e", 20)).await;
    stand.grow().await;
    stand.append(&batch("f", 280)).await;
    // Some that were taken into the tree and some that were not; then only such that were not.
    for (through, limit) in [(5, 5), (30, 30), (300, 3), (300, u32::MAX)] {
        let Some(removed) = stand.remove(through, limit).await else {
            panic!("there is more to remove")
        };
        let size = stand.assert_whole().await;
        let gone = removed.through;
        assert!(size >= gone.0, "entry {gone} was removed, and the tree has {size} leaves");
    }
    stand.append(&batch("after", 3)).await;
    stand.assert_grows_to_all().await;
}

pub(super) async fn what_is_kept_stays_at_its_place_in_the_tree(maker: &dyn AuditTreeMaker) {
    let mut stand = Stand::new(maker).await;
    stand.append(&batch("e", 40)).await;
    let before = stand.grow().await;
    for through in [10, 39] {
        stand.remove(through, u32::MAX).await;
        let after = stand.standing().await;
        assert_eq!(after, before, "a tree begins where it began, whatever was removed");
        let first = must(stand.tree().entries(Sequence(0), 1).await);
        let first: Vec<_> = first.iter().map(|entry| entry.sequence).collect();
        assert_eq!(first, [Sequence(through + 1)], "what is left is read");
        assert_eq!(after.index_of(first[0]), Some(through), "and lies where it lay");
    }
}
