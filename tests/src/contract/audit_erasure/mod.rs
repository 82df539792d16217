//! The promises of [`AuditErasure`]: one suite for every adapter.
//!
//! One that keeps nothing beyond the process needs a closure that makes a record, which is a log and
//! what erases from it:
//!
//! ```
//! use std::sync::Arc;
//! use indelible_tests::contract;
//! use indelible_tests::contract::audit_erasure::{BEYOND_THE_PROCESS, ErasableRecord, suite};
//! use indelible_tests::fakes::ManualClock;
//! use infrastructure::memory::InMemoryAuditLog;
//!
//! # #[tokio::main] async fn main() {
//! let make = |clock: Arc<ManualClock>| async {
//!     let log = Arc::new(InMemoryAuditLog::new(clock));
//!     ErasableRecord { log: log.clone(), erasure: log }
//! };
//! suite().except(BEYOND_THE_PROCESS).hold(&make).await;
//! # }
//! ```
//!
//! Deliberately absent: what is left in a file, and in the tree over the record, which only an adapter
//! that has one can promise.

mod generated;
mod trials;

use std::sync::Arc;

use async_trait::async_trait;
use domain::{AuditErasure, AuditLog};

use super::Suite;
use super::promise::promises;
use crate::fakes::ManualClock;

/// A log, and what erases from it.
#[derive(Clone)]
pub struct ErasableRecord {
    /// The log.
    pub log: Arc<dyn AuditLog>,
    /// Erases from it.
    pub erasure: Arc<dyn AuditErasure>,
}

/// Makes the records that the suite tries. A closure that makes one is a maker too.
#[async_trait]
pub trait AuditErasureMaker: Send + Sync + 'static {
    /// A new and empty record that stamps entries by this clock.
    async fn make(&self, clock: Arc<ManualClock>) -> ErasableRecord;

    /// The record made last, as the next start of the program would find it. The default is for an
    /// adapter that keeps nothing beyond the process: nothing.
    async fn reopen(&self, _: &ErasableRecord, _: Arc<ManualClock>) -> Option<ErasableRecord> {
        None
    }
}

#[async_trait]
impl<F, R> AuditErasureMaker for F
where
    F: Fn(Arc<ManualClock>) -> R + Send + Sync + 'static,
    R: Future<Output = ErasableRecord> + Send,
{
    async fn make(&self, clock: Arc<ManualClock>) -> ErasableRecord {
        self(clock).await
    }
}

/// The promises that take a restart to try.
pub const BEYOND_THE_PROCESS: &[&str] = &["what_was_erased_is_so_after_a_restart"];

/// Holds an adapter to every promise of erasing.
///
/// # Panics
/// When a promise is broken, or could not be tried: with its name, its sentence, and what was seen
/// instead.
pub async fn audit_erasure(maker: &dyn AuditErasureMaker) {
    suite().hold(maker).await;
}

/// The promises of erasing.
#[must_use]
pub fn suite() -> Suite<dyn AuditErasureMaker> {
    Suite::new(
        "erasing",
        promises![
            /// Entries are meant by their user, whether it is their human actor or on whose behalf
            /// they are, by their subject, by their run, or by their place; no others are touched.
            trials::what_is_meant_loses_its_values_and_nothing_else_does,
            /// Actor, subject and user go together; details and extensions stay unless they are asked
            /// for.
            trials::details_go_only_where_they_are_asked_for,
            /// An entry says what of it was erased, which is what it had.
            trials::an_entry_says_what_was_erased,
            /// What was erased stays so, and is not erased again; its details may follow later.
            trials::erasing_again_changes_nothing,
            /// A chunk is at most as large as asked for, and the next goes on where it ended.
            trials::chunks_go_on_where_the_last_one_ended,
            /// What lies beyond the place that is named is left alone.
            trials::what_lies_beyond_the_place_named_is_left_alone,
            /// A count tells what would be erased, and changes nothing.
            trials::a_count_tells_what_would_be_erased,
            /// Of each hold, the oldest entry is told that it covers and that would lose something.
            trials::what_is_held_of_it_is_told,
            /// An erased event is still known: a repeat gets the first one's receipt.
            trials::an_erased_event_is_still_known,
            /// Between two chunks, entries are appended and questions answered.
            trials::appends_go_on_between_two_chunks,
            /// Overwriting what is left of erased values changes nothing on record.
            trials::scrubbing_changes_nothing_on_record,
            /// What was erased is so after a restart.
            trials::what_was_erased_is_so_after_a_restart,
            /// Whatever is appended, removed and erased in whatever order, the record is what a plain
            /// list would be.
            generated::any_history_agrees_with_a_plain_list,
        ],
    )
}
