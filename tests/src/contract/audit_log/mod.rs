//! The promises of the audit log: one suite for every adapter of
//! [`AuditAppend`](domain::AuditAppend), [`AuditQuery`](domain::AuditQuery),
//! [`AuditRetention`](domain::AuditRetention) and [`AuditInspect`](domain::AuditInspect).
//!
//! A log that keeps nothing beyond the process needs one closure, and says so:
//!
//! ```
//! use std::sync::Arc;
//! use indelible_tests::contract;
//! use indelible_tests::fakes::ManualClock;
//! use infrastructure::memory::InMemoryAuditLog;
//!
//! # #[tokio::main] async fn main() {
//! let make = |clock: Arc<ManualClock>| async { InMemoryAuditLog::new(clock) };
//! contract::audit_log::suite().except(contract::audit_log::BEYOND_THE_PROCESS).hold(&make).await;
//! # }
//! ```
//!
//! One that outlives the process implements [`AuditLogMaker`] and says how it is opened again; see
//! [`OnDisk`](super::shipped::OnDisk).
//!
//! Deliberately absent: what only a file can promise, such as refusing another program's
//! statements, and what needs a disk that fails.

mod append;
mod entries;
mod generated;
mod growing;
mod history;
mod model;
mod order;
mod query;
mod repeats;
mod retention;
mod sharing;

pub(super) use entries::samples;
pub use entries::{batch, entry, envelope, start};

use std::sync::Arc;

use async_trait::async_trait;
use domain::audit::Page;
use domain::{AuditEntry, AuditFilter, AuditLog, Receipt, RecordedEvent};

use super::Suite;
use super::promise::promises;
use crate::fakes::ManualClock;

/// Makes the logs that the suite tries. A closure that makes one is a maker too.
#[async_trait]
pub trait AuditLogMaker: Send + Sync + 'static {
    /// A new and empty log that stamps entries by this clock.
    async fn make(&self, clock: Arc<ManualClock>) -> Arc<dyn AuditLog>;

    /// The log made last, as the next start of the program would find it. The default is for an
    /// adapter that keeps nothing beyond the process: nothing. What takes a restart to try is then
    /// not tried, and must be left out by name.
    async fn reopen(
        &self,
        _: &Arc<dyn AuditLog>,
        _: Arc<ManualClock>,
    ) -> Option<Arc<dyn AuditLog>> {
        None
    }

    /// The log made last, opened a second time while the first is in use, as another process would,
    /// by a clock of its own. The default is for an adapter that only one can use: nothing. What
    /// takes two to try is then not tried, and must be left out by name.
    async fn share(&self, _: &dyn AuditLog, _: Arc<ManualClock>) -> Option<Arc<dyn AuditLog>> {
        None
    }
}

#[async_trait]
impl<F, R, L> AuditLogMaker for F
where
    F: Fn(Arc<ManualClock>) -> R + Send + Sync + 'static,
    R: Future<Output = L> + Send,
    L: AuditLog,
{
    async fn make(&self, clock: Arc<ManualClock>) -> Arc<dyn AuditLog> {
        Arc::new(self(clock).await)
    }
}

/// The promises that take a restart or a second program to try. A log that keeps nothing beyond the
/// process cannot make them: `suite().except(BEYOND_THE_PROCESS).hold(&maker)`. What others promise
/// "also after a restart" is then tried without one.
pub const BEYOND_THE_PROCESS: &[&str] = &[
    "what_has_a_receipt_outlives_a_restart",
    "several_who_share_a_storage_make_one_order",
    "what_another_appends_is_told_to_whoever_waits",
];

/// Holds an adapter to every promise of the audit log's ports.
///
/// It is tried hardest on a tokio runtime with several threads.
///
/// # Panics
/// When a promise is broken: with its name, its sentence, and what was seen instead. And when one
/// could not be tried, as with a closure, which cannot say how a log is opened again: see
/// [`BEYOND_THE_PROCESS`].
pub async fn audit_log(maker: &dyn AuditLogMaker) {
    suite().hold(maker).await;
}

/// The promises of the audit log's ports.
#[must_use]
pub fn suite() -> Suite<dyn AuditLogMaker> {
    Suite::new(
        "the audit log",
        promises![
            /// Sequences start at 1, have no gaps, and follow the order in which entries are given,
            /// also after a restart.
            order::sequences_are_gapless_in_the_order_given,
            /// Receipts come in the order of the batch, one per entry, and say what is on record.
            order::receipts_say_what_is_on_record,
            /// The time of recording follows the clock and never goes back, whatever the clock
            /// does, also after a restart.
            order::recorded_at_never_goes_back,
            /// Entries are read exactly as they were appended, to the last byte of their payload.
            append::entries_come_back_as_they_went_in,
            /// What a receipt was given for is there after a restart.
            append::what_has_a_receipt_outlives_a_restart,
            /// A batch of which one entry cannot be stored is refused whole.
            append::a_batch_is_recorded_whole_or_not_at_all,
            /// Many may append at once: each event is on record once, in its appender's order.
            append::many_may_append_at_once,
            /// Several who share a storage, each by a clock of its own, make one order: gapless, no
            /// event twice, no time that goes back.
            sharing::several_who_share_a_storage_make_one_order,
            /// An append given up leaves all of its batch or nothing, and a log that goes on.
            append::a_dropped_append_leaves_all_or_nothing,
            /// A source and event id on record are not recorded again; the first receipt is given.
            repeats::a_repeat_gets_the_first_ones_receipt,
            /// A source and event id that come twice in one batch are recorded once.
            repeats::a_repeat_within_a_batch_is_recorded_once,
            /// What is recorded under an id of another source is another event.
            repeats::another_sources_id_is_another_event,
            /// An event that comes again with other contents changes nothing of the first.
            repeats::the_first_one_stays_as_it_is,
            /// A log without entries answers every question, and is healthy.
            query::an_empty_log_answers,
            /// An entry is found by its place, and nothing where there is none.
            query::an_entry_is_found_by_its_place,
            /// Every source's entries are found by an event id, by sequence.
            query::entries_are_found_by_event_id,
            /// The span tells the first entry, the last, and how many there are.
            query::the_span_tells_both_ends_and_how_many,
            /// An inspection finds a log in use healthy, and reports on gaps.
            query::an_inspection_reports_gaps,
            /// A page holds exactly what the filter means within its bounds, in its order.
            query::pages_agree_with_the_filter,
            /// Pages asked for one after the other, either way, join without a hole or a repeat.
            query::pages_join_without_a_hole,
            /// A tally counts exactly what the filter means, in the order that is promised.
            query::tallies_agree_with_the_filter,
            /// The last entry recorded before a moment is found, to the nanosecond.
            query::times_of_recording_are_found,
            /// Whoever waits for the record to grow is told at once of what is there, and may give up.
            growing::what_is_there_already_is_told_at_once,
            /// What is appended is told soon to everybody who waits for the record to grow.
            growing::what_is_appended_is_told_to_everybody_who_waits,
            /// What another who shares the storage appends is told as soon.
            growing::what_another_appends_is_told_to_whoever_waits,
            /// The oldest go first, at most as many at once as asked for, and the call says which.
            retention::the_oldest_are_removed_first,
            /// Nothing beyond the place that is named is removed.
            retention::nothing_beyond_the_place_named_is_removed,
            /// The newest entry is never removed.
            retention::the_newest_entry_is_never_removed,
            /// Places that were given once are not given again, also after a restart.
            retention::no_place_is_given_twice,
            /// Between two chunks, entries are appended and questions answered.
            retention::appends_go_on_between_two_chunks,
            /// What was removed may be recorded anew, and what was kept is still known.
            retention::what_was_removed_is_forgotten_and_what_was_kept_is_not,
            /// Of several that remove at once, each is told its own range.
            retention::several_that_remove_are_each_told_their_own,
            /// After removing, span, times and inspection are those of what is left.
            retention::a_pruned_log_begins_where_its_record_does,
            /// Whatever is done in whatever order, the log answers as a plain list would.
            history::any_history_agrees_with_a_plain_list,
        ],
    )
}

/// Everything on record.
async fn everything(log: &dyn AuditLog) -> Vec<RecordedEvent> {
    page(log, &AuditFilter::default(), Page::first(u32::MAX)).await
}

async fn page(log: &dyn AuditLog, filter: &AuditFilter, page: Page) -> Vec<RecordedEvent> {
    log.page(filter, page).await.unwrap_or_else(|error| panic!("a page must be answered: {error}"))
}

async fn append(log: &dyn AuditLog, batch: &[AuditEntry]) -> Vec<Receipt> {
    log.append(batch).await.unwrap_or_else(|error| panic!("an append must succeed: {error}"))
}

/// The places of everything on record.
async fn places(log: &dyn AuditLog) -> Vec<u64> {
    everything(log).await.iter().map(|event| event.sequence.0).collect()
}

async fn assert_gapless(log: &dyn AuditLog) {
    let places = places(log).await;
    assert_eq!(places, (1..=places.len() as u64).collect::<Vec<_>>(), "sequences have no gaps");
}

/// The log after a restart; where its maker cannot restart, the same.
async fn restarted(
    maker: &dyn AuditLogMaker,
    log: Arc<dyn AuditLog>,
    clock: Arc<ManualClock>,
) -> Arc<dyn AuditLog> {
    maker.reopen(&log, clock).await.unwrap_or(log)
}

/// A log and the clock it stamps by.
async fn fresh(maker: &dyn AuditLogMaker) -> (Arc<dyn AuditLog>, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(start()));
    (maker.make(Arc::clone(&clock)).await, clock)
}
