//! Audit logs that break one promise each.

mod flawed;
mod growing;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::audit::Page;
use domain::{AuditEntry, AuditFilter, AuditLog, Clock};
use indelible_tests::contract::Suite;
use indelible_tests::contract::audit_log::AuditLogMaker;
use indelible_tests::contract::shipped::InMemory;
use indelible_tests::fakes::ManualClock;
use infrastructure::memory::InMemoryAuditLog;

use crate::table::{Mutant, Table, row};
use flawed::Flawed;

pub(crate) fn suite() -> Suite<dyn AuditLogMaker> {
    indelible_tests::contract::audit_log::suite()
}

#[rustfmt::skip] // A table reads better as one.
pub(crate) fn table() -> Table<dyn AuditLogMaker> {
    let mut mutants: Vec<Mutant<dyn AuditLogMaker>> = vec![
        row!(sequences_are_gapless_in_the_order_given, made, Flaw::AppendsBackwards),
        row!(sequences_are_gapless_in_the_order_given, made, Flaw::LeavesGaps),
        row!(receipts_say_what_is_on_record, made, Flaw::TellsWhenItHappened),
        row!(receipts_say_what_is_on_record, made, Flaw::SortsItsReceipts),
        row!(recorded_at_never_goes_back, made, Flaw::TrustsTheClock),
        row!(entries_come_back_as_they_went_in, made, Flaw::LosesTheTrace),
        row!(entries_come_back_as_they_went_in, made, Flaw::RoundsNumbers),
        row!(what_has_a_receipt_outlives_a_restart, made, Flaw::LosesTheNewestOnRestart),
        row!(a_batch_is_recorded_whole_or_not_at_all, made, Flaw::AppendsOneByOne),
        row!(many_may_append_at_once, made, Flaw::GuessesPlaces),
        row!(several_who_share_a_storage_make_one_order, made, Flaw::CountsAlone),
        row!(several_who_share_a_storage_make_one_order, made, Flaw::TrustsTheClock),
        row!(a_dropped_append_leaves_all_or_nothing, made, Flaw::AppendsInTwoHalves),
        row!(a_repeat_gets_the_first_ones_receipt, made, Flaw::TellsRepeatsTheTimeOfNow),
        row!(a_repeat_gets_the_first_ones_receipt, made, Flaw::RecordsRepeats),
        row!(a_repeat_within_a_batch_is_recorded_once, made, Flaw::RecordsRepeatsInABatch),
        row!(another_sources_id_is_another_event, made, Flaw::KnowsOnlyIds),
        row!(the_first_one_stays_as_it_is, made, Flaw::LetsTheLastOneWin),
        row!(an_empty_log_answers, made, Flaw::FailsWhenEmpty),
        row!(an_entry_is_found_by_its_place, made, Flaw::FindsTheFirstAtNought),
        row!(entries_are_found_by_event_id, made, Flaw::FindsOneSourcesOnly),
        row!(the_span_tells_both_ends_and_how_many, made, Flaw::CountsOneLess),
        row!(an_inspection_reports_gaps, made, Flaw::ReportsNoGaps),
        row!(pages_agree_with_the_filter, made, Flaw::IgnoresTheLimit),
        row!(pages_agree_with_the_filter, made, Flaw::NeverTurnsAround),
        row!(pages_join_without_a_hole, made, Flaw::BeginsAtAfter),
        row!(pages_join_without_a_hole, made, Flaw::EndsAtBefore),
        row!(tallies_agree_with_the_filter, made, Flaw::CountsEverything),
        row!(tallies_agree_with_the_filter, made, Flaw::PutsTheNamelessFirst),
        row!(times_of_recording_are_found, made, Flaw::CountsTheMomentItself),
        row!(what_is_there_already_is_told_at_once, made, Flaw::TellsTheNextOne),
        row!(what_is_there_already_is_told_at_once, made, Flaw::WaitsForTheNextAppend, in vain),
        row!(what_is_appended_is_told_to_everybody_who_waits, made, Flaw::LooksSeldom),
        row!(what_another_appends_is_told_to_whoever_waits, made, Flaw::HearsItselfAlone, in vain),
        row!(the_oldest_are_removed_first, made, Flaw::RemovesOneMore),
        row!(nothing_beyond_the_place_named_is_removed, made, Flaw::RemovesOneBeyond),
        row!(the_newest_entry_is_never_removed, made, Flaw::RemovesTheNewest),
        row!(no_place_is_given_twice, made, Flaw::CountsAnewOnRestart),
        row!(appends_go_on_between_two_chunks, made, Flaw::LocksWhileRemoving),
        row!(what_was_removed_is_forgotten_and_what_was_kept_is_not, made, Flaw::RemembersWhatIsGone),
        row!(several_that_remove_are_each_told_their_own, made, Flaw::TellsWhatItExpected),
        row!(a_pruned_log_begins_where_its_record_does, made, Flaw::BeginsAtOne),
        row!(any_history_agrees_with_a_plain_list, made, Flaw::RemembersWhatIsGone),
        row!(any_history_agrees_with_a_plain_list, made, Flaw::TripsOverTwoKindsOfRepeats),
    ];
    mutants.extend(FIELDS.map(|field| -> Mutant<dyn AuditLogMaker> {
        row!(pages_agree_with_the_filter, made, Flaw::Ignores(field))
    }));
    Table { unbroken: Box::new(made(Flaw::None)), mutants }
}

/// The parts of a filter.
const FIELDS: [&str; 11] = [
    "types",
    "contexts",
    "plan",
    "project",
    "session",
    "actor",
    "user",
    "correlation",
    "recorded",
    "occurred",
    "contains",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    AppendsBackwards,
    LeavesGaps,
    TellsWhenItHappened,
    SortsItsReceipts,
    TrustsTheClock,
    LosesTheTrace,
    RoundsNumbers,
    LosesTheNewestOnRestart,
    AppendsOneByOne,
    GuessesPlaces,
    CountsAlone,
    AppendsInTwoHalves,
    TellsRepeatsTheTimeOfNow,
    RecordsRepeats,
    RecordsRepeatsInABatch,
    KnowsOnlyIds,
    LetsTheLastOneWin,
    FailsWhenEmpty,
    FindsTheFirstAtNought,
    FindsOneSourcesOnly,
    CountsOneLess,
    ReportsNoGaps,
    Ignores(&'static str),
    IgnoresTheLimit,
    NeverTurnsAround,
    BeginsAtAfter,
    EndsAtBefore,
    CountsEverything,
    PutsTheNamelessFirst,
    CountsTheMomentItself,
    RemovesOneMore,
    RemovesOneBeyond,
    RemovesTheNewest,
    CountsAnewOnRestart,
    LocksWhileRemoving,
    RemembersWhatIsGone,
    TellsWhatItExpected,
    BeginsAtOne,
    TripsOverTwoKindsOfRepeats,
    TellsTheNextOne,
    WaitsForTheNextAppend,
    LooksSeldom,
    HearsItselfAlone,
}

/// Makes logs with a flaw over logs in memory, and remembers what is under each.
struct Maker {
    flaw: Flaw,
    made: Mutex<HashMap<usize, Arc<dyn AuditLog>>>,
}

fn made(flaw: Flaw) -> Maker {
    Maker { flaw, made: Mutex::default() }
}

/// What tells a log from others.
fn address(log: &dyn AuditLog) -> usize {
    std::ptr::from_ref(log).addr()
}

impl Maker {
    fn over(&self, inner: Arc<dyn AuditLog>, clock: Arc<ManualClock>) -> Arc<dyn AuditLog> {
        let log: Arc<dyn AuditLog> = Arc::new(Flawed::over(Arc::clone(&inner), clock, self.flaw));
        self.made.lock().unwrap().insert(address(&*log), inner);
        log
    }
}

#[async_trait]
impl AuditLogMaker for Maker {
    async fn make(&self, clock: Arc<ManualClock>) -> Arc<dyn AuditLog> {
        self.over(InMemory.make(Arc::clone(&clock)).await, clock)
    }

    async fn reopen(
        &self,
        log: &Arc<dyn AuditLog>,
        clock: Arc<ManualClock>,
    ) -> Option<Arc<dyn AuditLog>> {
        let lost = match self.flaw {
            // What is under it is its storage.
            Flaw::None => return self.share(&**log, clock).await,
            Flaw::LosesTheNewestOnRestart => 1,
            Flaw::CountsAnewOnRestart => 0,
            _ => return Some(Arc::clone(log)),
        };
        // Copied, each at the time at which it was recorded.
        let page = Page::first(u32::MAX);
        let entries = log.page(&AuditFilter::default(), page).await.unwrap();
        let times = Arc::new(ManualClock::at(clock.now()));
        let copy = InMemoryAuditLog::new(Arc::clone(&times) as _);
        let kept = entries.len().saturating_sub(lost);
        for event in entries.into_iter().take(kept) {
            times.advance(event.recorded_at - times.now());
            let entry = AuditEntry::new(event.envelope);
            domain::AuditAppend::append(&copy, &[entry]).await.unwrap();
        }
        times.advance(clock.now() - times.now());
        Some(self.over(Arc::new(copy), clock))
    }

    async fn share(
        &self,
        log: &dyn AuditLog,
        clock: Arc<ManualClock>,
    ) -> Option<Arc<dyn AuditLog>> {
        let inner = self.made.lock().unwrap().get(&address(log)).cloned()?;
        Some(self.over(inner, clock))
    }
}
