//! Buses that break one promise each.

mod flawed;
mod flaws;
mod listening;

use std::sync::Arc;

use async_trait::async_trait;
use domain::{AuditLog, EventBus};
use indelible_tests::contract::Suite;
use indelible_tests::contract::event_bus::EventBusMaker;
use indelible_tests::fakes::ManualClock;
use infrastructure::bus::{BusSettings, ReactiveEventBus};

use crate::table::{Mutant, Table, row};
use flawed::Flawed;

pub(crate) fn suite() -> Suite<dyn EventBusMaker> {
    indelible_tests::contract::event_bus::suite()
}

#[rustfmt::skip] // A table reads better as one.
pub(crate) fn table() -> Table<dyn EventBusMaker> {
    let mutants: Vec<Mutant<dyn EventBusMaker>> = vec![
        row!(a_receipt_says_where_the_event_is_on_record, Maker, Flaw::TellsTheNextPlace),
        row!(what_the_emitter_says_is_kept_and_the_rest_filled_in, Maker, Flaw::SetsTheTime),
        row!(ids_made_by_the_bus_ascend, Maker, Flaw::CountsIdsDown),
        row!(a_batch_is_contiguous_and_in_order, Maker, Flaw::EmitsOneByOne),
        row!(an_empty_batch_is_nothing, Maker, Flaw::CountsEmptyBatches),
        row!(nobody_sees_an_event_before_it_is_on_record, Maker, Flaw::AnswersTooEarly),
        row!(nobody_sees_an_event_before_it_is_on_record, Maker, Flaw::TellsTooEarly),
        row!(an_event_found_on_record_is_not_handed_on_again, Maker, Flaw::HandsRepeatsOn),
        row!(the_last_recorder_attached_records, Maker, Flaw::KeepsTheFirstRecorder),
        row!(a_type_without_a_recorder_is_refused, Maker, Flaw::EmitsWhatHasARecorder),
        row!(an_event_that_cannot_be_written_down_is_refused, Maker, Flaw::EmitsOneByOne),
        row!(nobody_sees_an_event_that_was_refused, Maker, Flaw::TellsOfWhatWasRefused),
        row!(a_batch_is_recorded_whole_or_not_at_all, Maker, Flaw::EmitsOneByOne),
        row!(a_poisoned_event_fails_alone, Maker, Flaw::FailsTheNextOneToo),
        row!(a_failure_to_record_shows_until_recording_works_again, Maker, Flaw::IsAlwaysWell),
        row!(all_are_told_the_same_in_the_order_of_the_record, Maker, Flaw::SwapsTwo),
        row!(all_are_told_the_same_in_the_order_of_the_record, Maker, Flaw::StreamsLoseOne, in vain),
        row!(a_slow_subscriber_is_told_everything_and_delays_nobody, Maker, Flaw::DropsWhatWaits, in vain),
        row!(a_slow_subscriber_is_told_everything_and_delays_nobody, Maker, Flaw::WaitsForHandlers, in vain),
        row!(handlers_that_fail_or_panic_hurt_nobody, Maker, Flaw::GivesUpAfterAFailure, in vain),
        row!(only_what_comes_after_subscribing_is_handed_on, Maker, Flaw::BeginsAtTheBeginning),
        row!(recent_events_are_the_last_ones_oldest_first, Maker, Flaw::ListsNewestFirst),
        row!(what_retention_takes_from_a_slow_reader_is_said_and_counted, Maker, Flaw::CountsNothingLost),
        row!(what_retention_takes_from_a_slow_reader_is_said_and_counted, Maker, Flaw::SkipsWhatIsLost),
        row!(a_stream_begins_where_it_is_told, Maker, Flaw::StreamsFromNow),
        row!(a_stream_reads_the_whole_record_whoever_adds_to_it, Maker, Flaw::StreamsItsOwnAlone, in vain),
        row!(what_was_there_and_what_comes_join, Maker, Flaw::RepeatsOne),
        row!(a_stream_says_how_it_is_doing, Maker, Flaw::SaysItIsLive),
        row!(a_stream_can_be_read_batch_by_batch, Maker, Flaw::CutsBatches),
        row!(a_stream_that_is_dropped_leaves_nothing_behind, Maker, Flaw::KeepsFilters, in vain),
        row!(what_a_stream_comes_too_late_for_is_said, Maker, Flaw::SkipsWhatIsLost),
        row!(filters_choose_by_what_an_event_says_and_by_predicate, Maker, Flaw::IgnoresPredicates),
        row!(a_predicate_that_panics_accepts_nothing, Maker, Flaw::CountsNoPanics),
        row!(a_predicate_may_use_the_bus, Maker, Flaw::ListsNothingToPredicates, in vain),
        row!(dropping_the_guard_unsubscribes_and_frees_everything, Maker, Flaw::KeepsSubscribers, in vain),
        row!(a_subscription_given_up_lasts, Maker, Flaw::EndsWhatIsGivenUp, in vain),
        row!(a_handler_may_emit, Maker, Flaw::WaitsForHandlers, in vain),
        row!(a_handler_may_subscribe_others, Maker, Flaw::ForgetsWhomAHandlerSubscribes, in vain),
        row!(a_handler_may_unsubscribe_itself, Maker, Flaw::KeepsWhomeverItTells, in vain),
        row!(a_handler_is_abandoned_when_its_subscription_ends, Maker, Flaw::LetsHandlersFinish, in vain),
        row!(what_a_handler_emits_is_tied_to_the_event_it_reacts_to, Maker, Flaw::AnswersForAnother),
        row!(what_handlers_emit_goes_through_the_front, Maker, Flaw::IgnoresItsFront),
        row!(a_front_that_has_gone_is_neither_kept_nor_missed, Maker, Flaw::KeepsItsFront),
        row!(a_front_that_has_gone_is_neither_kept_nor_missed, Maker, Flaw::MissesItsFront),
        row!(handlers_that_answer_each_other_come_to_an_end, Maker, Flaw::NeverHasEnough),
        row!(an_event_that_is_held_does_not_keep_the_bus, Maker, Flaw::IsKeptByItsEvents, in vain),
        row!(an_emit_given_up_is_recorded_whole_or_not_at_all, Maker, Flaw::EmitsOneByOne),
        row!(an_emit_given_up_while_it_is_recorded_is_recorded_and_handed_on, Maker, Flaw::TellsNobodyOfWhatIsGivenUp, in vain),
        row!(a_bus_is_settled_once_emits_are_answered_and_handlers_have_returned, Maker, Flaw::IsAlwaysSettled),
        row!(what_a_handler_emits_is_waited_for_as_well, Maker, Flaw::ForgetsWhatHandlersEmit),
        row!(streams_and_those_who_have_left_are_not_waited_for, Maker, Flaw::WaitsForWhoeverHasLeft, in vain),
        row!(what_was_accepted_is_recorded_and_handed_on, Maker, Flaw::WaitsForNobody),
        row!(afterwards_emits_are_refused_and_streams_end, Maker, Flaw::NeverEndsStreams, in vain),
        row!(subscribers_that_do_not_finish_are_named, Maker, Flaw::NamesNobody),
        row!(it_may_be_called_twice_and_at_once, Maker, Flaw::ReportsOnce),
        row!(a_record_that_cannot_be_read_for_a_while_skips_nothing, Maker, Flaw::EndsAtAnError),
        row!(a_stream_says_once_that_the_record_is_closed_and_ends, Maker, Flaw::AsksTheClosed),
        row!(any_workload_agrees_with_a_plain_list, Maker, Flaw::LosesAPredicatesEighth),
    ];
    Table { unbroken: Box::new(Maker(Flaw::None)), mutants }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    TellsTheNextPlace,
    SetsTheTime,
    CountsIdsDown,
    EmitsOneByOne,
    CountsEmptyBatches,
    AnswersTooEarly,
    TellsTooEarly,
    HandsRepeatsOn,
    KeepsTheFirstRecorder,
    EmitsWhatHasARecorder,
    TellsOfWhatWasRefused,
    FailsTheNextOneToo,
    SwapsTwo,
    StreamsLoseOne,
    DropsWhatWaits,
    WaitsForHandlers,
    GivesUpAfterAFailure,
    BeginsAtTheBeginning,
    ListsNewestFirst,
    CountsNothingLost,
    SkipsWhatIsLost,
    EndsAtAnError,
    AsksTheClosed,
    IgnoresPredicates,
    CountsNoPanics,
    /// Says that recording works, whether it does or not.
    IsAlwaysWell,
    ListsNothingToPredicates,
    KeepsSubscribers,
    EndsWhatIsGivenUp,
    ForgetsWhomAHandlerSubscribes,
    KeepsWhomeverItTells,
    LetsHandlersFinish,
    TellsNobodyOfWhatIsGivenUp,
    AnswersForAnother,
    IgnoresItsFront,
    KeepsItsFront,
    MissesItsFront,
    NeverHasEnough,
    IsKeptByItsEvents,
    IsAlwaysSettled,
    ForgetsWhatHandlersEmit,
    WaitsForWhoeverHasLeft,
    WaitsForNobody,
    NeverEndsStreams,
    NamesNobody,
    ReportsOnce,
    LosesAPredicatesEighth,
    StreamsFromNow,
    StreamsItsOwnAlone,
    RepeatsOne,
    SaysItIsLive,
    CutsBatches,
    KeepsFilters,
}

/// Makes buses with a flaw over reactive ones.
struct Maker(Flaw);

#[async_trait]
impl EventBusMaker for Maker {
    async fn over(&self, clock: Arc<ManualClock>, log: Arc<dyn AuditLog>) -> Arc<dyn EventBus> {
        let inner = ReactiveEventBus::new(BusSettings::default(), clock, Arc::clone(&log) as _);
        Arc::new(Flawed::over(Arc::new(inner), log, self.0))
    }
}
