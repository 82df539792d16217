//! How each promise of the recorder is tried.

use std::sync::Arc;

use domain::audit::Page;
use domain::ports::RecordError;
use domain::{AppendError, AuditEntry, AuditFilter, AuditLog, EventRecorder, ReceiptStatus};
use serde_json::json;

use super::{EventRecorderMaker, Recording, harmless, unwritable};
use crate::contract::redactor::{everything, secret};
use crate::expect::{must, must_fail};
use crate::fakes::UnreadableLog;

/// Everything on record, by id.
async fn on_record(log: &dyn AuditLog) -> Vec<String> {
    let all = log.page(&AuditFilter::default(), Page::first(u32::MAX)).await;
    must(all).into_iter().map(|event| event.envelope.event_id).collect()
}

fn prepared(recorder: &dyn EventRecorder, ids: &[&str]) -> Vec<AuditEntry> {
    ids.iter().map(|id| must(recorder.prepare(harmless(id)))).collect()
}

pub(super) async fn it_has_a_name(maker: &dyn EventRecorderMaker) {
    let Recording { recorder, .. } = Recording::by(maker);
    assert!(!recorder.name().trim().is_empty(), "a recorder has a name, for messages and logs");
}

pub(super) async fn secrets_are_removed_while_preparing(maker: &dyn EventRecorderMaker) {
    let Recording { recorder, .. } = Recording::by(maker);
    let mut envelope = harmless("e");
    envelope.subject = Some(secret(1));
    envelope.details.insert("password".to_owned(), json!("plumtree"));
    envelope.extensions.insert("note".to_owned(), json!(secret(2)));
    let entry = must(recorder.prepare(envelope));
    let texts = [entry.details_json(), entry.extensions_json().unwrap_or_default()];
    let left = everything(entry.envelope()) + &texts.concat();
    for secret in [secret(1), secret(2), "plumtree".to_owned()] {
        assert!(!left.contains(&secret), "`{secret}` is about to be stored: {left}");
    }
}

pub(super) async fn what_is_no_secret_is_prepared_as_it_came(maker: &dyn EventRecorderMaker) {
    let Recording { recorder, .. } = Recording::by(maker);
    let entry = must(recorder.prepare(harmless("e")));
    assert_eq!(entry.envelope(), &harmless("e"), "the event stays as it came");
    assert_eq!(entry, AuditEntry::new(harmless("e")), "and its texts are those of the event");
}

pub(super) async fn preparing_stores_nothing(maker: &dyn EventRecorderMaker) {
    let Recording { recorder, log } = Recording::by(maker);
    prepared(&*recorder, &["a", "b"]);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(on_record(&*log).await.is_empty(), "preparing does no I/O: only `record` stores");
}

pub(super) async fn a_batch_is_on_record_when_it_returns(maker: &dyn EventRecorderMaker) {
    let Recording { recorder, log } = Recording::by(maker);
    let ids = ["c", "a", "b"];
    let batch = prepared(&*recorder, &ids);
    let receipts = must(recorder.record(&batch).await);
    assert_eq!(on_record(&*log).await, ids, "all of it is on record, in the order given");
    let stored = must(log.page(&AuditFilter::default(), Page::first(9)).await);
    for ((receipt, entry), event) in receipts.iter().zip(&batch).zip(stored) {
        assert_eq!(receipt.sequence, event.sequence, "a receipt tells the event's place");
        assert_eq!(receipt.recorded_at, event.recorded_at, "and when it was recorded");
        assert_eq!(&event.envelope, entry.envelope(), "what is stored is what was prepared");
    }
}

pub(super) async fn there_is_one_receipt_per_entry(maker: &dyn EventRecorderMaker) {
    let Recording { recorder, log } = Recording::by(maker);
    must(recorder.record(&prepared(&*recorder, &["b"])).await);
    let ids = ["a", "b", "c", "a"];
    let receipts = must(recorder.record(&prepared(&*recorder, &ids)).await);
    let told: Vec<_> = receipts.iter().map(|receipt| &*receipt.event_id).collect();
    assert_eq!(told, ids, "one receipt per entry, in the order of the batch");
    let new = receipts.iter().map(|receipt| receipt.status == ReceiptStatus::Recorded);
    assert!(new.eq([true, false, true, false]), "each says whether it was new: {receipts:?}");
    assert_eq!(on_record(&*log).await, ["b", "a", "c"], "each event is on record once");
}

pub(super) async fn a_batch_is_stored_whole_or_not_at_all(maker: &dyn EventRecorderMaker) {
    let Recording { recorder, log } = Recording::by(maker);
    let mut batch = prepared(&*recorder, &["a", "b", "c", "d"]);
    batch[2] = AuditEntry::new(unwritable("c"));
    let error = must_fail(recorder.record(&batch).await);
    assert!(matches!(error, RecordError::Append(AppendError::Storage(_))), "{error:?}");
    assert!(on_record(&*log).await.is_empty(), "nothing of a batch that failed is on record");
}

pub(super) async fn what_the_log_refuses_with_is_passed_on(maker: &dyn EventRecorderMaker) {
    let Recording { log, .. } = Recording::by(maker);
    let refusing = Arc::new(UnreadableLog::new(log));
    let recorder = maker.make(Arc::clone(&refusing) as _);
    refusing.fail_appends(1);
    let batch = prepared(&*recorder, &["a"]);
    let error = must_fail(recorder.record(&batch).await);
    let as_it_is = matches!(error, RecordError::Append(AppendError::Locked { waited_secs: 7 }));
    assert!(as_it_is, "the log's own error, so that the bus can tell what may be tried: {error:?}");
}

pub(super) async fn a_part_of_a_failed_batch_may_be_tried_again(maker: &dyn EventRecorderMaker) {
    let Recording { recorder, log } = Recording::by(maker);
    let mut batch = prepared(&*recorder, &["a", "b", "c", "d"]);
    batch[2] = AuditEntry::new(unwritable("c"));
    must_fail(recorder.record(&batch).await);
    must(recorder.record(&batch[..2]).await);
    must_fail(recorder.record(&batch[2..3]).await);
    must(recorder.record(&batch[3..]).await);
    must(recorder.record(&batch[..2]).await);
    assert_eq!(on_record(&*log).await, ["a", "b", "d"], "each that can be stored is there once");
}
