//! What is traced of an event's way in: `emit` from the call to its receipts, and `commit` of a batch,
//! both with the target `indelible::trace`.
//!
//! Each names the W3C trace of its event, where it has one, so that spans and record can be laid side
//! by side. A commit serves several emits and is the child of none: it follows from each of them.
//!
//! Deliberately absent: an exporter, and payloads.

use domain::ports::RecordError;
use domain::{EventDraft, Receipt, ReceiptStatus};
use tracing::Span;
use tracing::field::Empty;

/// From the call of an emit to its receipts.
pub(super) fn emit_span(drafts: &[EventDraft]) -> Span {
    let first = drafts.first();
    tracing::info_span!(
        target: "indelible::trace",
        "emit",
        events = drafts.len(),
        event_type = first.map(|draft| draft.event_type().as_str()),
        trace_id = first.and_then(EventDraft::trace_id),
    )
}

/// The recording of one batch.
pub(super) fn commit_span(events: usize) -> Span {
    tracing::info_span!(
        target: "indelible::trace",
        "commit",
        events,
        first_sequence = Empty,
        last_sequence = Empty,
        error = Empty,
    )
}

/// Notes on a commit's span how it ended.
pub(super) fn note_outcome(span: &Span, outcome: Result<&[Receipt], &RecordError>) {
    if span.is_disabled() {
        return;
    }
    match outcome {
        Ok(receipts) => {
            let new = || receipts.iter().filter(|one| one.status == ReceiptStatus::Recorded);
            span.record("first_sequence", new().next().map(|receipt| receipt.sequence.0));
            span.record("last_sequence", new().next_back().map(|receipt| receipt.sequence.0));
        }
        Err(error) => {
            span.record("error", error as &dyn std::error::Error);
        }
    }
}
