//! Audit logs that break one promise each.

mod flawed;

use std::sync::Arc;

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
        row!(sequences_are_gapless_in_the_order_given, Maker, Flaw::AppendsBackwards),
        row!(sequences_are_gapless_in_the_order_given, Maker, Flaw::LeavesGaps),
        row!(receipts_say_what_is_on_record, Maker, Flaw::TellsWhenItHappened),
        row!(receipts_say_what_is_on_record, Maker, Flaw::SortsItsReceipts),
        row!(recorded_at_never_goes_back, Maker, Flaw::TrustsTheClock),
        row!(entries_come_back_as_they_went_in, Maker, Flaw::LosesTheTrace),
        row!(entries_come_back_as_they_went_in, Maker, Flaw::RoundsNumbers),
        row!(what_has_a_receipt_outlives_a_restart, Maker, Flaw::LosesTheNewestOnRestart),
        row!(a_batch_is_recorded_whole_or_not_at_all, Maker, Flaw::AppendsOneByOne),
        row!(many_may_append_at_once, Maker, Flaw::GuessesPlaces),
        row!(a_dropped_append_leaves_all_or_nothing, Maker, Flaw::AppendsInTwoHalves),
        row!(a_repeat_gets_the_first_ones_receipt, Maker, Flaw::TellsRepeatsTheTimeOfNow),
        row!(a_repeat_gets_the_first_ones_receipt, Maker, Flaw::RecordsRepeats),
        row!(a_repeat_within_a_batch_is_recorded_once, Maker, Flaw::RecordsRepeatsInABatch),
        row!(another_sources_id_is_another_event, Maker, Flaw::KnowsOnlyIds),
        row!(the_first_one_stays_as_it_is, Maker, Flaw::LetsTheLastOneWin),
        row!(an_empty_log_answers, Maker, Flaw::FailsWhenEmpty),
        row!(an_entry_is_found_by_its_place, Maker, Flaw::FindsTheFirstAtNought),
        row!(entries_are_found_by_event_id, Maker, Flaw::FindsOneSourcesOnly),
        row!(the_span_tells_both_ends_and_how_many, Maker, Flaw::CountsOneLess),
        row!(an_inspection_reports_gaps, Maker, Flaw::ReportsNoGaps),
        row!(pages_agree_with_the_filter, Maker, Flaw::IgnoresTheLimit),
        row!(pages_agree_with_the_filter, Maker, Flaw::NeverTurnsAround),
        row!(pages_join_without_a_hole, Maker, Flaw::BeginsAtAfter),
        row!(pages_join_without_a_hole, Maker, Flaw::EndsAtBefore),
        row!(tallies_agree_with_the_filter, Maker, Flaw::CountsEverything),
        row!(tallies_agree_with_the_filter, Maker, Flaw::PutsTheNamelessFirst),
        row!(times_of_recording_are_found, Maker, Flaw::CountsTheMomentItself),
        row!(the_oldest_are_removed_first, Maker, Flaw::RemovesOneMore),
        row!(nothing_beyond_the_place_named_is_removed, Maker, Flaw::RemovesOneBeyond),
        row!(the_newest_entry_is_never_removed, Maker, Flaw::RemovesTheNewest),
        row!(no_place_is_given_twice, Maker, Flaw::CountsAnewOnRestart),
        row!(appends_go_on_between_two_chunks, Maker, Flaw::LocksWhileRemoving),
        row!(what_was_removed_is_forgotten_and_what_was_kept_is_not, Maker, Flaw::RemembersWhatIsGone),
        row!(several_that_remove_are_each_told_their_own, Maker, Flaw::TellsWhatItExpected),
        row!(a_pruned_log_begins_where_its_record_does, Maker, Flaw::BeginsAtOne),
        row!(any_history_agrees_with_a_plain_list, Maker, Flaw::RemembersWhatIsGone),
        row!(any_history_agrees_with_a_plain_list, Maker, Flaw::TripsOverTwoKindsOfRepeats),
    ];
    mutants.extend(FIELDS.map(|field| -> Mutant<dyn AuditLogMaker> {
        row!(pages_agree_with_the_filter, Maker, Flaw::Ignores(field))
    }));
    Table { unbroken: Box::new(InMemory), mutants }
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
}

/// Makes logs with a flaw over logs in memory.
struct Maker(Flaw);

#[async_trait]
impl AuditLogMaker for Maker {
    async fn make(&self, clock: Arc<ManualClock>) -> Arc<dyn AuditLog> {
        Arc::new(Flawed::over(InMemory.make(Arc::clone(&clock)).await, clock, self.0))
    }

    async fn reopen(&self, log: Arc<dyn AuditLog>, clock: Arc<ManualClock>) -> Arc<dyn AuditLog> {
        let lost = match self.0 {
            Flaw::LosesTheNewestOnRestart => 1,
            Flaw::CountsAnewOnRestart => 0,
            _ => return log,
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
        Arc::new(Flawed::over(Arc::new(copy), clock, self.0))
    }
}
