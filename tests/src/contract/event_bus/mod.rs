//! The promises of the event bus.
//!
//! ```
//! use std::sync::Arc;
//! use domain::AuditLog;
//! use indelible_tests::contract;
//! use indelible_tests::fakes::ManualClock;
//! use infrastructure::bus::{BusSettings, ReactiveEventBus};
//!
//! # #[tokio::main] async fn main() {
//! let make = |clock: Arc<ManualClock>, log: Arc<dyn AuditLog>| async {
//!     ReactiveEventBus::new(BusSettings::default(), clock, log)
//! };
//! contract::event_bus::suite().promise("a_handler_may_emit").try_on(&make).await.unwrap();
//! # }
//! ```
//!
//! Deliberately absent: how large the queues are and when a batch is cut, which is one bus's own
//! business and has its own tests.

mod answering;
mod cancelling;
mod delivering;
mod filtering;
mod reacting;
mod recording;
mod refusing;
mod settling;
mod shutting_down;
mod streaming;
mod unreadable;
mod workload;

use std::sync::Arc;

use async_trait::async_trait;
use domain::{AuditLog, EventBus};

use super::promise::promises;
use super::{Promise, Suite};
use crate::fakes::ManualClock;
use crate::stage::{Stage, memory_log};

/// Makes the buses that the suite tries, without recorders. A closure that makes a bus over a log
/// is a maker too.
#[async_trait]
pub trait EventBusMaker: Send + Sync + 'static {
    /// A new bus whose readers fall back to this log.
    async fn over(&self, clock: Arc<ManualClock>, log: Arc<dyn AuditLog>) -> Arc<dyn EventBus>;

    /// A new bus, and the log beneath: in memory, unless the maker brings its own.
    async fn make(&self) -> Stage {
        let (clock, log) = memory_log();
        Stage { bus: self.over(clock, Arc::clone(&log)).await, log }
    }
}

#[async_trait]
impl<F, R, B> EventBusMaker for F
where
    F: Fn(Arc<ManualClock>, Arc<dyn AuditLog>) -> R + Send + Sync + 'static,
    R: Future<Output = B> + Send,
    B: EventBus,
{
    async fn over(&self, clock: Arc<ManualClock>, log: Arc<dyn AuditLog>) -> Arc<dyn EventBus> {
        Arc::new(self(clock, log).await)
    }
}

/// Holds a bus to every promise of [`EventBus`].
///
/// It is tried hardest on a tokio runtime with several threads.
///
/// # Panics
/// When a promise is broken: with its name, its sentence, and what was seen instead.
pub async fn event_bus(maker: &dyn EventBusMaker) {
    suite().hold(maker).await;
}

/// The promises of [`EventBus`].
#[must_use]
pub fn suite() -> Suite<dyn EventBusMaker> {
    let mut promises: Vec<Promise<dyn EventBusMaker>> = promises![maker => maker.make().await;
        /// A receipt tells where the event is on record, and it is there when it is given.
        recording::a_receipt_says_where_the_event_is_on_record,
        /// What the emitter says of an event is kept; an id, a time and a source are filled in.
        recording::what_the_emitter_says_is_kept_and_the_rest_filled_in,
        /// Ids that the bus makes ascend.
        recording::ids_made_by_the_bus_ascend,
        /// The events of a batch are on record one after the other, in the order given.
        recording::a_batch_is_contiguous_and_in_order,
        /// A batch of no events does nothing.
        recording::an_empty_batch_is_nothing,
        /// Nobody sees an event before it is on record, and its emitter has no receipt.
        recording::nobody_sees_an_event_before_it_is_on_record,
        /// An event found on record is answered with the first receipt and not handed on again.
        recording::an_event_found_on_record_is_not_handed_on_again,
        /// A type has one recorder, the last one attached; the bus tells which have none.
        recording::the_last_recorder_attached_records,
        /// An event whose type has no recorder is refused, and its batch with it.
        refusing::a_type_without_a_recorder_is_refused,
        /// An event that cannot be written as JSON is refused, and its batch with it.
        refusing::an_event_that_cannot_be_written_down_is_refused,
        /// An event that was refused, for whatever reason, is seen by nobody, then or later.
        refusing::nobody_sees_an_event_that_was_refused,
        /// Of a batch all events are on record, or none.
        refusing::a_batch_is_recorded_whole_or_not_at_all,
        /// An event that the recorder fails over does not take its neighbours with it.
        refusing::a_poisoned_event_fails_alone,
        /// Whether recording works can be asked: a failure shows until it works again.
        refusing::a_failure_to_record_shows_until_recording_works_again,
        /// Every subscriber and stream is told of every event, in the order of the record.
        delivering::all_are_told_the_same_in_the_order_of_the_record,
        /// A slow subscriber misses nothing, and neither emitters nor others wait for it.
        delivering::a_slow_subscriber_is_told_everything_and_delays_nobody,
        /// A handler that fails or panics is counted, goes on, and hurts nobody.
        delivering::handlers_that_fail_or_panic_hurt_nobody,
        /// A subscriber or stream is told of what is emitted from then on.
        delivering::only_what_comes_after_subscribing_is_handed_on,
        /// The last events can be inspected, oldest first; they are a bounded number.
        delivering::recent_events_are_the_last_ones_oldest_first,
        /// What retention takes from a slow reader is said once, in its place, and counted.
        delivering::what_retention_takes_from_a_slow_reader_is_said_and_counted,
        /// A stream has the whole record, whoever adds to it, and is told without an emit.
        streaming::a_stream_reads_the_whole_record_whoever_adds_to_it,
        /// What a stream finds on record and what comes later join without a hole or a repetition.
        streaming::what_was_there_and_what_comes_join,
        /// A stream says whether it is live, how far it is behind, and how often it fell behind.
        streaming::a_stream_says_how_it_is_doing,
        /// A stream can be read by batches as they were committed, and by events, in turn.
        streaming::a_stream_can_be_read_batch_by_batch,
        /// Nothing is left of a stream that is dropped, in whatever state it is.
        streaming::a_stream_that_is_dropped_leaves_nothing_behind,
        /// A stream that is to begin after an entry is told what of the rest is gone already.
        streaming::what_a_stream_comes_too_late_for_is_said,
        /// Everybody is told of exactly what the filter accepts.
        filtering::filters_choose_by_what_an_event_says_and_by_predicate,
        /// A predicate that panics accepts nothing, is counted, and hurts nobody.
        filtering::a_predicate_that_panics_accepts_nothing,
        /// A predicate may use the bus that calls it.
        filtering::a_predicate_may_use_the_bus,
        /// Once its guard is dropped, a subscriber is told nothing, and the bus keeps nothing of it.
        reacting::dropping_the_guard_unsubscribes_and_frees_everything,
        /// A subscription whose guard is given up lasts.
        reacting::a_subscription_given_up_lasts,
        /// A handler may emit on the bus that calls it, and wait for the receipt.
        reacting::a_handler_may_emit,
        /// A handler may subscribe others.
        reacting::a_handler_may_subscribe_others,
        /// A handler may drop its own guard, and is told nothing after that.
        reacting::a_handler_may_unsubscribe_itself,
        /// An event that is being handled is abandoned when the guard is dropped.
        reacting::a_handler_is_abandoned_when_its_subscription_ends,
        /// What a handler emits in reaction to an event names it as its cause, and belongs to its run
        /// and trace.
        answering::what_a_handler_emits_is_tied_to_the_event_it_reacts_to,
        /// What handlers emit goes through the bus around the bus that was named for it.
        answering::what_handlers_emit_goes_through_the_front,
        /// A bus around the bus is not kept alive; when it has gone, handlers emit on the bus itself.
        answering::a_front_that_has_gone_is_neither_kept_nor_missed,
        /// Handlers that answer each other are stopped, by an error that counts as a failure.
        answering::handlers_that_answer_each_other_come_to_an_end,
        /// An event that somebody holds on to does not keep the bus; emitting through it is refused.
        answering::an_event_that_is_held_does_not_keep_the_bus,
        /// An emit given up at whatever moment leaves all of its events or none.
        cancelling::an_emit_given_up_is_recorded_whole_or_not_at_all,
        /// An emit given up while it is recorded is recorded and handed on all the same.
        cancelling::an_emit_given_up_while_it_is_recorded_is_recorded_and_handed_on,
        /// A bus is settled once every emit is answered and every handler has returned.
        settling::a_bus_is_settled_once_emits_are_answered_and_handlers_have_returned,
        /// What handlers emit is waited for as well.
        settling::what_a_handler_emits_is_waited_for_as_well,
        /// Streams are not waited for, nor is whoever has left or given up.
        settling::streams_and_those_who_have_left_are_not_waited_for,
        /// Shutting down records what was accepted and lets subscribers finish, and refuses the rest.
        shutting_down::what_was_accepted_is_recorded_and_handed_on,
        /// After the shutdown emits are refused, streams end, and subscribers are let go.
        shutting_down::afterwards_emits_are_refused_and_streams_end,
        /// Subscribers that do not finish in time are named and let go.
        shutting_down::subscribers_that_do_not_finish_are_named,
        /// Shutting down may be asked for twice, at once, and by a subscriber.
        shutting_down::it_may_be_called_twice_and_at_once,
    ];
    promises.extend(promises![
        /// A stream begins now, at the beginning, after a place or at a time, as it is told.
        streaming::a_stream_begins_where_it_is_told,
        /// While the record cannot be read, a reader that has fallen behind is told so; it skips
        /// nothing.
        unreadable::a_record_that_cannot_be_read_for_a_while_skips_nothing,
        /// A record that has been closed ends a stream that still has to read it, after one error.
        unreadable::a_stream_says_once_that_the_record_is_closed_and_ends,
        /// Whatever is emitted, subscribed to and given up in whatever order, the bus tells what
        /// a plain list would.
        workload::any_workload_agrees_with_a_plain_list,
    ]);
    Suite::new("the event bus", promises)
}
