//! The promises of the recorder.
//!
//! Deliberately absent: what the log beneath promises (see [`audit_log`](mod@super::audit_log)), and
//! what the redactor counts as a secret (see [`redactor`](mod@super::redactor)).

mod trials;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{AuditLog, EventEnvelope, EventRecorder};
use serde_json::json;

use super::Suite;
use super::audit_log::envelope;
use super::promise::promises;
use crate::stage::memory_log;

/// Makes the recorders that the suite tries. A closure that makes one is a maker too.
pub trait EventRecorderMaker: Send + Sync + 'static {
    /// A recorder that records in this log.
    fn make(&self, log: Arc<dyn AuditLog>) -> Arc<dyn EventRecorder>;
}

impl<F, R> EventRecorderMaker for F
where
    F: Fn(Arc<dyn AuditLog>) -> R + Send + Sync + 'static,
    R: EventRecorder,
{
    fn make(&self, log: Arc<dyn AuditLog>) -> Arc<dyn EventRecorder> {
        Arc::new(self(log))
    }
}

/// The promise that is about removing secrets: what a recorder over a fake that removes nothing is
/// excused from, by [`Suite::except`].
pub const SECRECY: &[&str] = &["secrets_are_removed_while_preparing"];

/// Holds an adapter to every promise of [`EventRecorder`].
///
/// # Panics
/// When a promise is broken: with its name, its sentence, and what was seen instead.
pub async fn event_recorder(maker: &dyn EventRecorderMaker) {
    suite().hold(maker).await;
}

/// The promises of [`EventRecorder`].
#[must_use]
pub fn suite() -> Suite<dyn EventRecorderMaker> {
    Suite::new(
        "the recorder",
        promises![
            /// It has a name that can stand in a message.
            trials::it_has_a_name,
            /// What is prepared holds no secret any more.
            trials::secrets_are_removed_while_preparing,
            /// What is no secret is prepared as it came.
            trials::what_is_no_secret_is_prepared_as_it_came,
            /// Preparing stores nothing.
            trials::preparing_stores_nothing,
            /// A batch is on record when its receipts are returned, in the order given.
            trials::a_batch_is_on_record_when_it_returns,
            /// There is one receipt per entry, in the same order, also for one on record already.
            trials::there_is_one_receipt_per_entry,
            /// A batch of which one entry cannot be stored is not stored at all.
            trials::a_batch_is_stored_whole_or_not_at_all,
            /// What the log refuses with is passed on as it is.
            trials::what_the_log_refuses_with_is_passed_on,
            /// Parts of a batch that failed may be recorded again.
            trials::a_part_of_a_failed_batch_may_be_tried_again,
        ],
    )
}

/// A recorder and the log it records in.
struct Recording {
    recorder: Arc<dyn EventRecorder>,
    log: Arc<dyn AuditLog>,
}

impl Recording {
    fn by(maker: &dyn EventRecorderMaker) -> Self {
        let (_, log) = memory_log();
        Self { recorder: maker.make(Arc::clone(&log)), log }
    }
}

/// An event that says nothing secret.
fn harmless(event_id: &str) -> EventEnvelope {
    EventEnvelope {
        details: [("goal".to_owned(), json!("main"))].into_iter().collect(),
        ..envelope(event_id)
    }
}

/// An event that no log can store: its year has five digits.
fn unwritable(event_id: &str) -> EventEnvelope {
    EventEnvelope { occurred_at: DateTime::<Utc>::MAX_UTC, ..harmless(event_id) }
}
