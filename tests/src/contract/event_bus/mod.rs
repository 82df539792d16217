//! The promises of the event bus, each in a function of its name.
//!
//! Deliberately absent: how large the queues are and when a batch is cut, which is one bus's own
//! business and has its own tests.

mod cancelling;
mod delivering;
mod filtering;
mod reacting;
mod recording;
mod refusing;
mod settling;
mod shutting_down;

use std::sync::Arc;

use domain::{AuditLog, EventBus};

/// Holds a bus to every promise of [`EventBus`]. `make` makes a new bus without recorders, and says
/// over which log.
///
/// # Panics
/// When a promise is broken.
pub async fn event_bus<F>(make: F)
where
    F: AsyncFn() -> (Arc<dyn EventBus>, Arc<dyn AuditLog>),
{
    macro_rules! hold {
        ($($promise:path),* $(,)?) => {
            $({
                let (bus, log) = make().await;
                let what = stringify!($promise);
                crate::expect::soon(what, $promise(crate::stage::Stage { bus, log })).await;
            })*
        };
    }
    hold![
        recording::a_receipt_says_where_the_event_is_on_record,
        recording::what_the_emitter_says_is_kept_and_the_rest_filled_in,
        recording::ids_made_by_the_bus_ascend,
        recording::a_batch_is_contiguous_and_in_order,
        recording::an_empty_batch_is_nothing,
        recording::nobody_sees_an_event_before_it_is_on_record,
        recording::an_event_found_on_record_is_not_handed_on_again,
        recording::the_last_recorder_attached_records,
        refusing::a_type_without_a_recorder_is_refused,
        refusing::an_event_that_cannot_be_written_down_is_refused,
        refusing::nobody_sees_an_event_that_was_refused,
        refusing::a_batch_is_recorded_whole_or_not_at_all,
        refusing::a_poisoned_event_fails_alone,
        delivering::all_are_told_the_same_in_the_order_of_the_record,
        delivering::a_slow_subscriber_is_told_everything_and_delays_nobody,
        delivering::handlers_that_fail_or_panic_hurt_nobody,
        delivering::only_what_comes_after_subscribing_is_handed_on,
        delivering::recent_events_are_the_last_ones_oldest_first,
        filtering::filters_choose_by_type_context_plan_and_predicate,
        filtering::a_predicate_that_panics_accepts_nothing,
        filtering::a_predicate_may_use_the_bus,
        reacting::dropping_the_guard_unsubscribes_and_frees_everything,
        reacting::a_subscription_given_up_lasts,
        reacting::a_handler_may_emit,
        reacting::a_handler_may_subscribe_others,
        reacting::a_handler_may_unsubscribe_itself,
        reacting::a_handler_is_abandoned_when_its_subscription_ends,
        cancelling::an_emit_given_up_is_recorded_whole_or_not_at_all,
        cancelling::an_emit_given_up_while_it_is_recorded_is_recorded_and_handed_on,
        settling::a_bus_is_settled_once_emits_are_answered_and_handlers_have_returned,
        settling::what_a_handler_emits_is_waited_for_as_well,
        settling::streams_and_those_who_have_left_are_not_waited_for,
        shutting_down::what_was_accepted_is_recorded_and_handed_on,
        shutting_down::afterwards_emits_are_refused_and_streams_end,
        shutting_down::subscribers_that_do_not_finish_are_named,
        shutting_down::it_may_be_called_twice_and_at_once,
    ];
}
