//! Completing a draft: its id, its time, its source, and what the recorder makes of it.
//!
//! Deliberately absent: waiting. All of it happens on the emitter's own task, so that it runs on as
//! many cores as there are emitters and nothing unredacted ever stands in a queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;

use application::panics;
use chrono::{DateTime, Utc};
use domain::{AuditEntry, EmitError, EventDraft};
use ulid::Generator;

use super::recorders::Attached;
use crate::sync::Mutex;

/// Completes drafts.
pub(super) struct Sealer {
    source: String,
    ids: Mutex<Generator>,
}

impl Sealer {
    /// A sealer that names `source` where an emitter names none.
    pub(super) fn new(source: String) -> Self {
        Self { source, ids: Mutex::new(Generator::new()) }
    }

    /// The entry to store for a draft.
    ///
    /// # Errors
    /// When the event cannot be written down, or the recorder refuses it or panics.
    pub(super) fn seal(
        &self,
        draft: EventDraft,
        now: DateTime<Utc>,
        attached: &Attached,
    ) -> Result<AuditEntry, EmitError> {
        let event_type = draft.event_type().clone();
        let envelope = draft
            .seal(now, || self.new_id(now), &self.source)
            .map_err(|source| EmitError::Invalid { event_type: event_type.clone(), source })?;
        catch_unwind(AssertUnwindSafe(|| attached.recorder.prepare(envelope)))
            .unwrap_or_else(|panic| {
                let said = panics::message(&*panic);
                Err(attached.misbehaved(format!("it panicked over an event: {said}")))
            })
            .map_err(|source| EmitError::NotRecorded { event_type, source })
    }

    /// A new id, greater than every one before, also when the clock stands still or goes back.
    fn new_id(&self, now: DateTime<Utc>) -> String {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.generate_from_datetime(now.into())
            .unwrap_or_else(ulid::Overflow::commit_overflow_increment)
            .to_string()
    }
}
