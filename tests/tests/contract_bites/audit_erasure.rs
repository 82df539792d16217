//! Records that break one promise of erasing each.

mod flawed;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use indelible_tests::contract::Suite;
use indelible_tests::contract::audit_erasure::{AuditErasureMaker, ErasableRecord};
use indelible_tests::contract::shipped::InMemory;
use indelible_tests::fakes::ManualClock;

use crate::table::{Mutant, Table, row};
use flawed::Flawed;

pub(crate) fn suite() -> Suite<dyn AuditErasureMaker> {
    indelible_tests::contract::audit_erasure::suite()
}

#[rustfmt::skip] // A table reads better as one.
pub(crate) fn table() -> Table<dyn AuditErasureMaker> {
    let mutants: Vec<Mutant<dyn AuditErasureMaker>> = vec![
        row!(what_is_meant_loses_its_values_and_nothing_else_does, made, Flaw::ErasesNothing),
        row!(what_is_meant_loses_its_values_and_nothing_else_does, made, Flaw::TakesUsersForSubjects),
        row!(details_go_only_where_they_are_asked_for, made, Flaw::ErasesDetailsAlways),
        row!(details_go_only_where_they_are_asked_for, made, Flaw::NeverErasesDetails),
        row!(an_entry_says_what_was_erased, made, Flaw::NeverErasesDetails),
        row!(erasing_again_changes_nothing, made, Flaw::CountsWhatIsGone),
        row!(chunks_go_on_where_the_last_one_ended, made, Flaw::IgnoresTheLimit),
        row!(chunks_go_on_where_the_last_one_ended, made, Flaw::ReachesOneMore),
        row!(what_lies_beyond_the_place_named_is_left_alone, made, Flaw::GoesBeyond),
        row!(what_lies_beyond_the_place_named_is_left_alone, made, Flaw::BeginsAtTheStart),
        row!(a_count_tells_what_would_be_erased, made, Flaw::ErasesWhileItCounts),
        row!(a_count_tells_what_would_be_erased, made, Flaw::CountsWithoutARange),
        row!(what_is_held_of_it_is_told, made, Flaw::KnowsOfNoHolds),
        row!(an_erased_event_is_still_known, made, Flaw::ErasesNothing),
        row!(appends_go_on_between_two_chunks, made, Flaw::GoesBeyond),
        row!(scrubbing_changes_nothing_on_record, made, Flaw::PrunesWhenItScrubs),
        row!(what_was_erased_is_so_after_a_restart, made, Flaw::ForgetsOnRestart),
        row!(any_history_agrees_with_a_plain_list, made, Flaw::IgnoresTheLimit),
    ];
    Table { unbroken: Box::new(made(Flaw::None)), mutants }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    ErasesNothing,
    TakesUsersForSubjects,
    ErasesDetailsAlways,
    NeverErasesDetails,
    CountsWhatIsGone,
    IgnoresTheLimit,
    ReachesOneMore,
    GoesBeyond,
    BeginsAtTheStart,
    ErasesWhileItCounts,
    CountsWithoutARange,
    KnowsOfNoHolds,
    PrunesWhenItScrubs,
    ForgetsOnRestart,
}

/// Makes records with a flaw over records in memory, and remembers what is under the last.
struct Maker {
    flaw: Flaw,
    made: Mutex<HashMap<usize, ErasableRecord>>,
}

fn made(flaw: Flaw) -> Maker {
    Maker { flaw, made: Mutex::default() }
}

fn address(record: &ErasableRecord) -> usize {
    Arc::as_ptr(&record.erasure).addr()
}

impl Maker {
    fn over(&self, inner: ErasableRecord) -> ErasableRecord {
        let erasure = Arc::new(Flawed { inner: inner.clone(), flaw: self.flaw });
        let record = ErasableRecord { log: Arc::clone(&inner.log), erasure };
        self.made.lock().unwrap().insert(address(&record), inner);
        record
    }
}

#[async_trait]
impl AuditErasureMaker for Maker {
    async fn make(&self, clock: Arc<ManualClock>) -> ErasableRecord {
        self.over(AuditErasureMaker::make(&InMemory, clock).await)
    }

    async fn reopen(
        &self,
        record: &ErasableRecord,
        clock: Arc<ManualClock>,
    ) -> Option<ErasableRecord> {
        if self.flaw == Flaw::ForgetsOnRestart {
            return Some(self.make(clock).await);
        }
        let inner = self.made.lock().unwrap().get(&address(record)).cloned()?;
        Some(self.over(inner))
    }
}
