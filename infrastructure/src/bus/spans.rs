//! What is traced of an event's way: `emit` from the call to its receipts, `commit` of a batch, and
//! `deliver` to one subscriber, all with the target `indelible::bus`.
//!
//! Each names the W3C trace of its event, where it has one, so that spans and record can be laid side
//! by side. A commit serves several emits and is the child of none: it follows from each of them.
//!
//! Deliberately absent: an exporter, and payloads.

use domain::ports::{Delivery, RecordError};
use domain::{EventDraft, Receipt, ReceiptStatus, TraceParent};
use tracing::Span;
use tracing::field::Empty;

/// From the call of an emit to its receipts.
pub(super) fn emit_span(drafts: &[EventDraft]) -> Span {
    let first = drafts.first();
    tracing::info_span!(
        target: "indelible::bus",
        "emit",
        events = drafts.len(),
        event_type = first.map(|draft| draft.event_type().as_str()),
        trace_id = first.and_then(EventDraft::trace_id),
    )
}

/// The recording of one batch.
pub(super) fn commit_span(events: usize) -> Span {
    tracing::info_span!(
        target: "indelible::bus",
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

/// The handing over of one event to one subscriber.
pub(super) fn deliver_span(subscriber: &str, delivery: &Delivery) -> Span {
    let span = tracing::info_span!(
        target: "indelible::bus",
        "deliver",
        subscriber,
        event_id = %delivery.envelope.event_id,
        event_type = delivery.envelope.event_type.as_str(),
        sequence = delivery.sequence.0,
        attempt = delivery.attempt(),
        trace_id = delivery.envelope.trace_id.as_deref(),
        parent_id = Empty,
    );
    if !span.is_disabled() {
        let parent = delivery.envelope.trace_parent();
        span.record("parent_id", parent.as_ref().map(TraceParent::parent_id));
    }
    span
}
