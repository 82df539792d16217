//! Having a group of emits recorded as one batch, and taking it apart when that fails.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use application::panics;
use domain::ports::RecordError;
use domain::{
    AppendError, AuditEntry, EmitError, ErasedFields, Receipt, ReceiptStatus, RecordedEvent,
    Sequence,
};
use futures::FutureExt;
use tracing::{Instrument, Span};

use super::recorders::Attached;
use super::rest::Busy;
use super::shared::{Batch, Shared};
use super::spans;
use crate::sync::oneshot;

#[cfg(test)]
mod tests;

/// What an emitter is told.
pub(super) type Answer = Result<Vec<Receipt>, EmitError>;

/// One emit, sealed and waiting.
pub(super) struct Job {
    pub(super) attached: Arc<Attached>,
    /// At least one.
    pub(super) entries: Vec<AuditEntry>,
    pub(super) answer: oneshot::Sender<Answer>,
    /// Until the emit is answered.
    pub(super) busy: Busy,
    /// What its emitter is traced by.
    pub(super) span: Span,
}

/// Emits that one recorder is asked to record together.
pub(super) struct Group {
    attached: Arc<Attached>,
    /// Of all emits, one after the other.
    entries: Vec<AuditEntry>,
    /// How many entries each emit has, and who waits for them.
    emits: Vec<(usize, Waiting)>,
}

/// Who waits for an emit, which is under way until this is dropped.
struct Waiting {
    answer: oneshot::Sender<Answer>,
    _busy: Busy,
    span: Span,
}

/// Why a group was not recorded, and whether parts of it may be.
struct Failure {
    error: RecordError,
    divisible: bool,
}

impl Group {
    /// The groups of a batch: as many neighbours as possible that have the same recorder.
    pub(super) fn divide(batch: Vec<Job>) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::with_capacity(1);
        for Job { attached, mut entries, answer, busy, span } in batch {
            let emit = (entries.len(), Waiting { answer, _busy: busy, span });
            match groups.last_mut() {
                Some(last) if Arc::ptr_eq(&last.attached.recorder, &attached.recorder) => {
                    last.entries.append(&mut entries);
                    last.emits.push(emit);
                }
                _ => groups.push(Self { attached, entries, emits: vec![emit] }),
            }
        }
        groups
    }

    /// Has the group recorded, hands on what is new and answers the emitters. `newest` is the last
    /// sequence that was handed on.
    ///
    /// When it fails and one event may be the reason, the halves are tried, and so on: a poisoned
    /// event fails with its own emit alone.
    pub(super) async fn commit(self, shared: &Shared, newest: &mut Sequence) {
        let mut left = vec![self];
        while let Some(group) = left.pop() {
            let span = group.span();
            let began = Instant::now();
            let outcome = group.record(*newest).instrument(span.clone()).await;
            spans::note_outcome(&span, outcome.as_deref().map_err(|failure| &failure.error));
            match outcome {
                Ok(receipts) => {
                    shared.counts.measures.committed(group.entries.len(), began.elapsed());
                    group.publish(receipts, shared, newest);
                }
                Err(failure) if failure.divisible && group.emits.len() > 1 => {
                    let (front, back) = group.halves();
                    left.extend([back, front]);
                }
                Err(failure) => group.refuse(&failure.error, shared),
            }
        }
    }

    /// What the recording of it is traced by: it follows from every emit it serves.
    fn span(&self) -> Span {
        let span = spans::commit_span(self.entries.len());
        if !span.is_disabled() {
            for (_, waiting) in &self.emits {
                span.follows_from(&waiting.span);
            }
        }
        span
    }

    async fn record(&self, newest: Sequence) -> Result<Vec<Receipt>, Failure> {
        let recorder = &self.attached.recorder;
        // The call itself stands inside as well: a recorder may panic before its first await.
        let outcome =
            AssertUnwindSafe(async { recorder.record(&self.entries).await }).catch_unwind().await;
        let receipts = match outcome {
            Ok(Ok(receipts)) => receipts,
            Ok(Err(error)) => {
                return Err(Failure { divisible: may_be_one_events_fault(&error), error });
            }
            Err(panic) => {
                let said = panics::message(&*panic);
                let error =
                    self.attached.misbehaved(format!("it panicked while recording: {said}"));
                return Err(Failure { divisible: true, error });
            }
        };
        // What has gone wrong here is on record already, so that there is no use in trying again.
        match problem_with(&receipts, &self.entries, newest) {
            None => Ok(receipts),
            Some(how) => Err(Failure { divisible: false, error: self.attached.misbehaved(how) }),
        }
    }

    fn halves(mut self) -> (Self, Self) {
        let emits = self.emits.split_off(self.emits.len() / 2);
        let kept = self.emits.iter().map(|(events, _)| events).sum();
        let entries = self.entries.split_off(kept);
        let back = Self { attached: Arc::clone(&self.attached), entries, emits };
        (self, back)
    }

    fn publish(self, receipts: Vec<Receipt>, shared: &Shared, newest: &mut Sequence) {
        let batch: Batch = self
            .entries
            .into_iter()
            .zip(&receipts)
            .filter(|(_, receipt)| receipt.status == ReceiptStatus::Recorded)
            .map(|(entry, receipt)| {
                Arc::new(RecordedEvent {
                    sequence: receipt.sequence,
                    recorded_at: receipt.recorded_at,
                    envelope: entry.into_envelope(),
                    erased: ErasedFields::NONE,
                })
            })
            .collect();
        shared.recording.works();
        shared.counts.recorded.add(batch.len());
        shared.counts.already_on_record.add(receipts.len() - batch.len());
        if let Some(last) = batch.last() {
            *newest = last.sequence;
            shared.recent.push(&batch);
            shared.readers.offer(&batch, shared);
        }
        let mut receipts = receipts.into_iter();
        for (events, waiting) in self.emits {
            // An emitter that has gone away needs no receipt: its events are on record.
            let _ = waiting.answer.send(Ok(receipts.by_ref().take(events).collect()));
        }
    }

    fn refuse(self, error: &RecordError, shared: &Shared) {
        shared.counts.refused.add(self.entries.len());
        shared.recording.failed(error, self.entries.len(), shared.clock.now());
        let mut entries = self.entries.iter();
        for (events, waiting) in self.emits {
            let Some(first) = entries.by_ref().take(events).next() else { continue };
            let envelope = first.envelope();
            let refusal = EmitError::NotRecorded {
                event_type: envelope.event_type.clone(),
                source: error.clone(),
            };
            // Nobody else would hear of it.
            if let Err(Err(refusal)) = waiting.answer.send(Err(refusal)) {
                shared.counts.refused_unheard.add(events);
                tracing::warn!(
                    event_id = %envelope.event_id,
                    events,
                    error = &refusal as &dyn std::error::Error,
                    "events whose emitter has gone away were not put on record"
                );
            }
        }
    }
}

/// Whether it may help to try a part of the batch. Where the log as a whole is unusable it cannot,
/// and would only keep everybody waiting, once per part.
fn may_be_one_events_fault(error: &RecordError) -> bool {
    match error {
        RecordError::Refused(_)
        | RecordError::Append(AppendError::Full(_) | AppendError::Storage(_)) => true,
        RecordError::Append(
            AppendError::Locked { .. }
            | AppendError::ReadOnly(_)
            | AppendError::Corrupt(_)
            | AppendError::Closed,
        )
        | RecordError::Misbehaved { .. } => false,
    }
}

/// Which promise the receipts break, if any.
fn problem_with(receipts: &[Receipt], entries: &[AuditEntry], newest: Sequence) -> Option<String> {
    if receipts.len() != entries.len() {
        return Some(format!(
            "it returned {} receipts for {} events",
            receipts.len(),
            entries.len()
        ));
    }
    let mut previous: Option<Sequence> = None;
    for (receipt, entry) in receipts.iter().zip(entries) {
        if receipt.event_id != entry.envelope().event_id {
            return Some(format!(
                "it returned the receipt of event {} for event {}",
                receipt.event_id,
                entry.envelope().event_id
            ));
        }
        if receipt.status == ReceiptStatus::AlreadyOnRecord {
            continue;
        }
        let follows = match previous {
            Some(previous) => receipt.sequence == previous.next(),
            None => receipt.sequence > newest,
        };
        if !follows {
            return Some(format!(
                "it put event {} at {}, which does not follow {}",
                receipt.event_id,
                receipt.sequence,
                previous.unwrap_or(newest)
            ));
        }
        previous = Some(receipt.sequence);
    }
    None
}
