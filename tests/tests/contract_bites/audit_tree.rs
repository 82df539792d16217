//! Trees over the record that break one promise each.

mod flawed;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use indelible_tests::contract::Suite;
use indelible_tests::contract::audit_tree::{AuditTreeMaker, Treed};
use indelible_tests::contract::shipped::InMemory;
use indelible_tests::fakes::ManualClock;

use crate::table::{Mutant, Table, row};
use flawed::Flawed;

pub(crate) fn suite() -> Suite<dyn AuditTreeMaker> {
    indelible_tests::contract::audit_tree::suite()
}

#[rustfmt::skip] // A table reads better as one.
pub(crate) fn table() -> Table<dyn AuditTreeMaker> {
    let mutants: Vec<Mutant<dyn AuditTreeMaker>> = vec![
        row!(a_new_tree_is_empty_and_has_a_name_of_its_own, made, Flaw::HasTheNameOfAll),
        row!(entries_are_read_as_they_are_stored, made, Flaw::BeginsAfterThePlace),
        row!(entries_are_read_as_they_are_stored, made, Flaw::ReadsOneMore),
        row!(entries_are_read_as_they_are_stored, made, Flaw::LosesTheTrace),
        row!(from_every_row_follows_the_leaf_whose_hash_is_stored, made, Flaw::HashesWithoutAPrefix),
        row!(from_every_row_follows_the_leaf_whose_hash_is_stored, made, Flaw::LosesASalt),
        row!(the_newest_entry_is_told, made, Flaw::TellsTheNewestOfTheTree),
        row!(leaves_are_computed_anew_from_what_is_stored, made, Flaw::ComputesOneLeafLess),
        row!(leaves_are_computed_anew_from_what_is_stored, made, Flaw::HashesWithoutAPrefix),
        row!(no_two_entries_share_a_salt, made, Flaw::SaltsAllAlike),
        row!(no_two_entries_share_a_salt, made, Flaw::SaltsByTheEvent),
        row!(an_entry_with_too_long_a_leaf_is_refused, made, Flaw::CutsWhatIsTooLong),
        row!(a_growth_takes_all_that_is_on_record, made, Flaw::GrowsNextTime),
        row!(a_growth_takes_all_that_is_on_record, made, Flaw::ForgetsTheNewest),
        row!(the_tiles_are_those_of_the_definition, made, Flaw::SwapsTwoLeaves),
        row!(the_tiles_are_those_of_the_definition, made, Flaw::HashesTilesWithoutAPrefix),
        row!(the_tiles_are_those_of_the_definition, made, Flaw::HasATileTooMany),
        row!(a_tree_only_adds_to_its_tiles, made, Flaw::WritesTilesAnew),
        row!(appends_go_on_while_the_tree_grows, made, Flaw::LocksWhileGrowing),
        row!(several_that_grow_at_once_take_each_leaf_once, made, Flaw::TakesWhatAnotherHasTaken),
        row!(a_dropped_growth_leaves_a_whole_tree, made, Flaw::CountsBeforeItGrows),
        row!(tiles_outlive_the_entries_below_them, made, Flaw::DropsTilesWithTheirEntries),
        row!(what_is_removed_is_in_the_tree_before, made, Flaw::RemovesWhatWasNeverTaken),
        row!(what_is_kept_stays_at_its_place_in_the_tree, made, Flaw::BeginsWhereTheRecordDoes),
        row!(the_first_checkpoint_of_a_size_is_kept, made, Flaw::LetsTheLastOneWin),
        row!(checkpoints_are_listed_by_size, made, Flaw::ListsAsTheyCame),
        row!(checkpoints_are_listed_by_size, made, Flaw::ListsThatOneToo),
        row!(checkpoints_are_listed_by_size, made, Flaw::TakesTheLastForTheNewest),
        row!(keys_are_kept_once_in_their_order, made, Flaw::SortsItsKeys),
        row!(keys_are_kept_once_in_their_order, made, Flaw::DatesAKeyAnew),
        row!(what_was_grown_and_kept_outlives_a_restart, made, Flaw::ForgetsOnRestart),
        row!(what_was_grown_and_kept_outlives_a_restart, made, Flaw::IsNamedAnewOnRestart),
        row!(several_who_share_a_storage_make_one_tree, made, Flaw::RemembersWhereItStood),
        row!(any_history_agrees_with_a_plain_list_of_leaves, made, Flaw::DropsTilesWithTheirEntries),
        row!(any_history_agrees_with_a_plain_list_of_leaves, made, Flaw::LetsTheLastOneWin),
    ];
    Table { unbroken: Box::new(made(Flaw::None)), mutants }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    HasTheNameOfAll,
    BeginsAfterThePlace,
    ReadsOneMore,
    LosesTheTrace,
    HashesWithoutAPrefix,
    LosesASalt,
    TellsTheNewestOfTheTree,
    ComputesOneLeafLess,
    SaltsAllAlike,
    SaltsByTheEvent,
    CutsWhatIsTooLong,
    GrowsNextTime,
    ForgetsTheNewest,
    SwapsTwoLeaves,
    HashesTilesWithoutAPrefix,
    HasATileTooMany,
    WritesTilesAnew,
    LocksWhileGrowing,
    TakesWhatAnotherHasTaken,
    CountsBeforeItGrows,
    DropsTilesWithTheirEntries,
    RemovesWhatWasNeverTaken,
    BeginsWhereTheRecordDoes,
    LetsTheLastOneWin,
    ListsAsTheyCame,
    ListsThatOneToo,
    TakesTheLastForTheNewest,
    SortsItsKeys,
    DatesAKeyAnew,
    ForgetsOnRestart,
    IsNamedAnewOnRestart,
    RemembersWhereItStood,
}

/// Makes trees with a flaw over trees in memory, and remembers what is under each.
struct Maker {
    flaw: Flaw,
    made: Mutex<HashMap<usize, Treed>>,
}

fn made(flaw: Flaw) -> Maker {
    Maker { flaw, made: Mutex::default() }
}

/// What tells a log with its tree from others.
fn address(treed: &Treed) -> usize {
    Arc::as_ptr(&treed.log).addr()
}

impl Maker {
    fn over(&self, inner: Treed, named: &str) -> Treed {
        let flawed = Arc::new(Flawed::over(inner.clone(), self.flaw, named));
        let treed = Treed { log: Arc::clone(&flawed) as _, tree: flawed };
        self.made.lock().unwrap().insert(address(&treed), inner);
        treed
    }
}

#[async_trait]
impl AuditTreeMaker for Maker {
    async fn make(&self, clock: Arc<ManualClock>) -> Treed {
        self.over(AuditTreeMaker::make(&InMemory, clock).await, "")
    }

    async fn reopen(&self, treed: &Treed, clock: Arc<ManualClock>) -> Option<Treed> {
        // What is under it is its storage.
        let inner = self.made.lock().unwrap().get(&address(treed)).cloned()?;
        Some(match self.flaw {
            Flaw::ForgetsOnRestart => AuditTreeMaker::make(self, clock).await,
            Flaw::IsNamedAnewOnRestart => self.over(inner, "again"),
            _ => self.over(inner, ""),
        })
    }

    async fn share(&self, treed: &Treed, _: Arc<ManualClock>) -> Option<Treed> {
        let inner = self.made.lock().unwrap().get(&address(treed)).cloned()?;
        Some(self.over(inner, ""))
    }
}
