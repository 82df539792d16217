//! What appending promises: exactness, durability, wholeness, whoever else appends or gives up.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::audit::{Page, TypePattern};
use domain::{AppendError, AuditEntry, AuditFilter, EventEnvelope, ReceiptStatus, Sequence};

use super::entries::{batch, entry, envelope, samples};
use super::{AuditLogMaker, append, assert_gapless, everything, fresh, restarted};
use crate::contract::Tried;
use crate::contract::beside::Beside;

pub(super) async fn entries_come_back_as_they_went_in(maker: &dyn AuditLogMaker) {
    let (log, clock) = fresh(maker).await;
    let samples = samples();
    append(&*log, &samples).await;
    let log = restarted(maker, log, clock).await;
    let read = everything(&*log).await;
    assert_eq!(read.len(), samples.len(), "every entry is read back");
    for (read, written) in read.into_iter().zip(samples) {
        assert_eq!(&read.envelope, written.envelope(), "an envelope is read as it was written");
        let again = AuditEntry::new(read.envelope);
        assert_eq!(again.details_json(), written.details_json(), "details keep every byte");
        assert_eq!(again.extensions_json(), written.extensions_json(), "so do extensions");
    }
}

pub(super) async fn what_has_a_receipt_outlives_a_restart(maker: &dyn AuditLogMaker) -> Tried {
    let (mut log, clock) = fresh(maker).await;
    let mut told = Vec::new();
    for size in [1, 3, 40, 1] {
        let receipts = append(&*log, &batch(&format!("{size} {}", told.len()), size)).await;
        told.extend(receipts.into_iter().map(|one| (one.sequence, one.recorded_at, one.event_id)));
        let Some(again) = maker.reopen(&log, Arc::clone(&clock)).await else {
            return Tried::Not(
                "its maker does not say how the log is opened again: implement \
                 `AuditLogMaker::reopen`, as `contract::shipped::OnDisk` does",
            );
        };
        log = again;
        let found: Vec<_> = everything(&*log)
            .await
            .into_iter()
            .map(|event| (event.sequence, event.recorded_at, event.envelope.event_id))
            .collect();
        assert_eq!(found, told, "a restart leaves what there was a receipt for as it was told");
    }
    Tried::Holds
}

pub(super) async fn a_batch_is_recorded_whole_or_not_at_all(maker: &dyn AuditLogMaker) {
    let (log, _) = fresh(maker).await;
    append(&*log, &[entry("before")]).await;
    for moment in [DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MIN_UTC] {
        let unwritable = EventEnvelope { occurred_at: moment, ..envelope("unwritable") };
        let mut poisoned = batch("poisoned", 5);
        poisoned.insert(3, AuditEntry::new(unwritable));
        let refused = log.append(&poisoned).await;
        assert!(
            matches!(refused, Err(AppendError::Storage(_))),
            "a time whose year has not four digits is refused: {refused:?}"
        );
        assert_eq!(everything(&*log).await.len(), 1, "nothing of a refused batch is on record");
    }
    let next = append(&*log, &[entry("after")]).await;
    assert_eq!(next[0].sequence, Sequence(2), "a refused batch leaves no gap");
}

pub(super) async fn many_may_append_at_once(maker: &dyn AuditLogMaker) {
    const TASKS: usize = 16;
    const ROUNDS: usize = 5;
    let (log, _) = fresh(maker).await;
    let mut all = Vec::new();
    for beside in [Beside::InTurns, Beside::AsTasks] {
        let appending = (0..TASKS).map(|task| {
            let log = Arc::clone(&log);
            async move {
                let mut receipts = Vec::new();
                for round in 0..ROUNDS {
                    let mut batch = batch(&format!("{beside:?} {task}/{round}"), 1 + task % 5);
                    batch.push(entry(&format!("everybody's {beside:?} {round}")));
                    receipts.extend(append(&*log, &batch).await);
                }
                receipts
            }
        });
        all.extend(beside.all(appending).await);
    }
    let mut recorded = HashSet::new();
    for receipts in all {
        let own: Vec<_> = receipts
            .iter()
            .filter(|receipt| !receipt.event_id.starts_with("everybody"))
            .map(|receipt| receipt.sequence)
            .collect();
        assert!(own.is_sorted(), "what one task appends in turn is on record in that order");
        recorded.extend(
            receipts
                .into_iter()
                .filter(|receipt| receipt.status == ReceiptStatus::Recorded)
                .map(|receipt| (receipt.sequence, receipt.event_id)),
        );
    }
    let on_record: HashSet<_> = everything(&*log)
        .await
        .into_iter()
        .map(|event| (event.sequence, event.envelope.event_id))
        .collect();
    assert_eq!(recorded, on_record, "the receipts tell what is on record, each event once");
    assert_gapless(&*log).await;
}

pub(super) async fn a_dropped_append_leaves_all_or_nothing(maker: &dyn AuditLogMaker) {
    const SIZE: usize = 9;
    let (log, _) = fresh(maker).await;
    let mut expected = 0;
    // Few polls drop it before it has begun, many in each of its steps, and the most not at all.
    let moments = (0..24).chain((5..18).map(|power| 1 << power));
    for (round, polls) in moments.enumerate() {
        let mut dropped = batch("dropped", SIZE);
        for (n, entry) in dropped.iter_mut().enumerate() {
            let id = format!("dropped {polls}/{n}");
            *entry = AuditEntry::new(EventEnvelope {
                event_type: "tool.invoked".to_owned().into(),
                ..envelope(&id)
            });
        }
        let mut appending = log.append(&dropped);
        for _ in 0..polls {
            if futures::poll!(appending.as_mut()).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(appending);
        let after = append(&*log, &[entry(&format!("after {polls}"))]).await;
        let filter =
            AuditFilter { types: vec![TypePattern::new("tool.invoked")], ..AuditFilter::default() };
        let on_record = super::page(&*log, &filter, Page::first(u32::MAX)).await.len();
        assert!(
            on_record == expected || on_record == expected + SIZE,
            "a dropped append leaves all of its batch on record or none of it"
        );
        expected = on_record;
        assert_eq!(
            after[0].sequence.0,
            (expected + round + 1) as u64,
            "a dropped append leaves the log fit for the next one"
        );
    }
    assert_gapless(&*log).await;
}
