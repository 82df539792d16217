//! The promises of the tree over the record: one suite for every adapter of [`AuditTree`].
//!
//! A tree that keeps nothing beyond the process needs one closure, which makes a log and its tree, and
//! says so:
//!
//! ```
//! use std::sync::Arc;
//! use indelible_tests::contract::audit_tree::{BEYOND_THE_PROCESS, suite};
//! use indelible_tests::fakes::ManualClock;
//! use infrastructure::memory::InMemoryAuditLog;
//!
//! # #[tokio::main] async fn main() {
//! let make = |clock: Arc<ManualClock>| async {
//!     let log = InMemoryAuditLog::new(clock);
//!     let tree = log.tree();
//!     (log, tree)
//! };
//! suite().except(BEYOND_THE_PROCESS).hold(&make).await;
//! # }
//! ```
//!
//! One that outlives the process implements [`AuditTreeMaker`]; see [`OnDisk`](super::shipped::OnDisk).
//!
//! Deliberately absent: signatures, which are the application's; what only a file can promise, such as
//! refusing another program's statements; and what needs a disk that fails.

mod entries;
mod growing;
mod history;
mod keeping;
pub(crate) mod model;
mod pruning;
mod sharing;

use std::sync::Arc;

use async_trait::async_trait;
use domain::audit::retention::Prefix;
use domain::ports::TreeStanding;
use domain::{AuditEntry, AuditLog, AuditTree, Sequence};

use super::Suite;
use super::audit_log::start;
use super::promise::promises;
use crate::expect::must;
use crate::fakes::ManualClock;
use model::Model;

/// A log and the tree over it.
#[derive(Clone)]
pub struct Treed {
    /// The log.
    pub log: Arc<dyn AuditLog>,
    /// Its tree.
    pub tree: Arc<dyn AuditTree>,
}

/// Makes the logs with a tree that the suite tries. A closure that makes one is a maker too.
#[async_trait]
pub trait AuditTreeMaker: Send + Sync + 'static {
    /// A new and empty log that stamps entries by this clock, and its tree.
    async fn make(&self, clock: Arc<ManualClock>) -> Treed;

    /// The log made last and its tree, as the next start of the program would find them. The default is
    /// for an adapter that keeps nothing beyond the process: nothing. What takes a restart to try is
    /// then not tried, and must be left out by name.
    async fn reopen(&self, _: &Treed, _: Arc<ManualClock>) -> Option<Treed> {
        None
    }

    /// The log made last and its tree, opened a second time while the first are in use, as another
    /// process would. The default is for an adapter that only one can use: nothing. What takes two to
    /// try is then not tried, and must be left out by name.
    async fn share(&self, _: &Treed, _: Arc<ManualClock>) -> Option<Treed> {
        None
    }
}

#[async_trait]
impl<F, R, L, T> AuditTreeMaker for F
where
    F: Fn(Arc<ManualClock>) -> R + Send + Sync + 'static,
    R: Future<Output = (L, T)> + Send,
    L: AuditLog,
    T: AuditTree,
{
    async fn make(&self, clock: Arc<ManualClock>) -> Treed {
        let (log, tree) = self(clock).await;
        Treed { log: Arc::new(log), tree: Arc::new(tree) }
    }
}

/// The promises that take a restart or a second program to try. A tree that keeps nothing beyond the
/// process cannot make them: `suite().except(BEYOND_THE_PROCESS).hold(&maker)`.
pub const BEYOND_THE_PROCESS: &[&str] =
    &["what_was_grown_and_kept_outlives_a_restart", "several_who_share_a_storage_make_one_tree"];

/// Holds an adapter to every promise of [`AuditTree`].
///
/// It is tried hardest on a tokio runtime with several threads.
///
/// # Panics
/// When a promise is broken: with its name, its sentence, and what was seen instead. And when one
/// could not be tried: see [`BEYOND_THE_PROCESS`].
pub async fn audit_tree(maker: &dyn AuditTreeMaker) {
    suite().hold(maker).await;
}

/// The promises of [`AuditTree`].
#[must_use]
pub fn suite() -> Suite<dyn AuditTreeMaker> {
    Suite::new(
        "the audit tree",
        promises![
            /// A new record has an empty tree with a name that no other has, and nothing is kept yet.
            growing::a_new_tree_is_empty_and_has_a_name_of_its_own,
            /// Entries are read by sequence, from a place on and at most so many, text by text as they
            /// are stored.
            entries::entries_are_read_as_they_are_stored,
            /// From every row that is stored follows the leaf whose hash was stored with it.
            entries::from_every_row_follows_the_leaf_whose_hash_is_stored,
            /// The place of the newest entry is told, whatever was removed or taken into the tree.
            entries::the_newest_entry_is_told,
            /// The leaves of entries are computed anew from what is stored, beside the hashes that were.
            entries::leaves_are_computed_anew_from_what_is_stored,
            /// No two entries share a salt, so that equal values have digests that differ.
            entries::no_two_entries_share_a_salt,
            /// An entry whose leaf could not be published is refused with its whole batch.
            entries::an_entry_with_too_long_a_leaf_is_refused,
            /// A growth takes every entry that is on record when it is asked for.
            growing::a_growth_takes_all_that_is_on_record,
            /// The tiles are those of the tree as RFC 6962 defines it, over the leaves in their order.
            growing::the_tiles_are_those_of_the_definition,
            /// A tree that grows in steps, with appends in between, only adds to what is in its tiles.
            growing::a_tree_only_adds_to_its_tiles,
            /// Appends go on while the tree grows.
            growing::appends_go_on_while_the_tree_grows,
            /// Of several that grow the tree at once, each leaf is taken once.
            growing::several_that_grow_at_once_take_each_leaf_once,
            /// A growth that is given up leaves a tree that is whole and grows on.
            growing::a_dropped_growth_leaves_a_whole_tree,
            /// Tiles stay when the entries below them are removed.
            pruning::tiles_outlive_the_entries_below_them,
            /// An entry that nobody has taken into the tree is in it before it is removed.
            pruning::what_is_removed_is_in_the_tree_before,
            /// Entries that are kept stay at their place in the tree when others are removed.
            pruning::what_is_kept_stays_at_its_place_in_the_tree,
            /// Of each size one checkpoint is kept, the first, and never changed.
            keeping::the_first_checkpoint_of_a_size_is_kept,
            /// Checkpoints are listed by size, after one and at most so many; the newest is that of the
            /// most leaves.
            keeping::checkpoints_are_listed_by_size,
            /// Each key is kept once, in the order in which they came.
            keeping::keys_are_kept_once_in_their_order,
            /// What was grown and kept is there after a restart, under the same name.
            sharing::what_was_grown_and_kept_outlives_a_restart,
            /// Several who share a storage make and see one tree.
            sharing::several_who_share_a_storage_make_one_tree,
            /// Whatever is done in whatever order, the tree is the one that a plain list of leaves has.
            history::any_history_agrees_with_a_plain_list_of_leaves,
        ],
    )
}

/// A log with a tree, and the list of leaves that the tree should be of.
struct Stand {
    treed: Treed,
    clock: Arc<ManualClock>,
    model: Model,
}

impl Stand {
    async fn new(maker: &dyn AuditTreeMaker) -> Self {
        let clock = Arc::new(ManualClock::at(start()));
        let treed = maker.make(Arc::clone(&clock)).await;
        Self { treed, clock, model: Model::default() }
    }

    fn tree(&self) -> &dyn AuditTree {
        &*self.treed.tree
    }

    /// Appends a batch, and computes the leaves of what is stored now.
    async fn append(&mut self, batch: &[AuditEntry]) {
        must(self.treed.log.append(batch).await);
        self.learn().await;
    }

    /// Computes the leaves of what others have appended.
    async fn learn(&mut self) {
        let next = Sequence(self.model.leaves() + 1);
        for entry in must(self.tree().entries(next, u32::MAX).await) {
            self.model.add(&entry);
        }
    }

    async fn standing(&self) -> TreeStanding {
        must(self.tree().standing().await)
    }

    async fn grow(&self) -> TreeStanding {
        must(self.tree().grow().await)
    }

    async fn remove(&self, through: u64, limit: u32) -> Option<Prefix> {
        must(self.treed.log.remove_oldest(Sequence(through), limit).await)
    }

    /// Grows the tree, and compares it whole.
    async fn assert_grows_to_all(&self) {
        let grown = self.grow().await;
        assert_eq!(grown.size, self.model.leaves(), "a growth takes all that is on record");
        assert_eq!(self.standing().await, grown, "a growth says where the tree stands then");
        self.assert_tiles(grown.size).await;
    }

    /// Compares every tile with those of a tree of so many leaves, and looks beyond.
    async fn assert_tiles(&self, size: u64) {
        assert_tiles(self.tree(), &self.model, size).await;
    }

    /// Compares the tree as it is, which may be growing on, with that of as many leaves.
    async fn assert_whole(&self) -> u64 {
        loop {
            let before = self.standing().await.size;
            assert!(before <= self.model.leaves(), "a tree has no more leaves than entries");
            let tiles = all_tiles(self.tree(), self.model.leaves()).await;
            if self.standing().await.size == before {
                assert_eq!(tiles, self.model.tiles(before), "the tiles of {before} leaves");
                return before;
            }
        }
    }
}

async fn assert_tiles(tree: &dyn AuditTree, model: &Model, size: u64) {
    let tiles = all_tiles(tree, model.leaves()).await;
    assert_eq!(tiles, model.tiles(size), "the tiles of {size} leaves");
}

/// All tiles that a tree of at most so many leaves can have, and those beside them.
async fn all_tiles(tree: &dyn AuditTree, at_most: u64) -> model::Tiles {
    let mut tiles = model::Tiles::default();
    for (level, index) in model::places(at_most) {
        if let Some(hashes) = must(tree.tile(level, index).await) {
            tiles.insert(level, index, &hashes);
        }
    }
    tiles
}
