//! What appending promises.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::audit::{Page, TypePattern};
use domain::{
    AppendError, AuditEntry, AuditFilter, AuditLog, EventEnvelope, Receipt, ReceiptStatus, Sequence,
};

use super::entries::{batch, entry, envelope, samples};
use super::{AuditLogMaker, everything, fresh};

pub(super) async fn promises(maker: &dyn AuditLogMaker) {
    sequences_are_gapless_in_the_order_given(maker).await;
    entries_come_back_as_they_went_in(maker).await;
    an_event_is_recorded_once(maker).await;
    recorded_at_never_goes_back(maker).await;
    a_batch_is_recorded_whole_or_not_at_all(maker).await;
    many_may_append_at_once(maker).await;
    a_dropped_append_leaves_all_or_nothing(maker).await;
}

async fn append(log: &dyn AuditLog, batch: &[AuditEntry]) -> Vec<Receipt> {
    log.append(batch).await.unwrap_or_else(|error| panic!("an append must succeed: {error}"))
}

async fn assert_gapless(log: &dyn AuditLog) {
    let places: Vec<u64> = everything(log).await.iter().map(|event| event.sequence.0).collect();
    assert_eq!(places, (1..=places.len() as u64).collect::<Vec<_>>(), "sequences have no gaps");
}

async fn sequences_are_gapless_in_the_order_given(maker: &dyn AuditLogMaker) {
    let (log, clock) = fresh(maker).await;
    assert_eq!(append(&*log, &[]).await, [], "an empty batch has no receipts");
    let mut next = 1;
    for size in [1, 2, 1, 7, 64, 3, 512, 700, 1] {
        let batch = batch(&format!("{next}"), size);
        for (receipt, entry) in append(&*log, &batch).await.iter().zip(&batch) {
            assert_eq!(receipt.sequence, Sequence(next), "sequences start at 1 and have no gaps");
            assert_eq!(receipt.event_id, entry.envelope().event_id, "receipts keep the order");
            assert_eq!(receipt.status, ReceiptStatus::Recorded, "a new event is recorded");
            next += 1;
        }
    }
    let log = maker.reopen(log, clock).await;
    let receipts = append(&*log, &[entry("after the restart")]).await;
    assert_eq!(receipts[0].sequence, Sequence(next), "a restart leaves no gap");
    assert_gapless(&*log).await;
}

async fn entries_come_back_as_they_went_in(maker: &dyn AuditLogMaker) {
    let (log, clock) = fresh(maker).await;
    let samples = samples();
    append(&*log, &samples).await;
    let log = maker.reopen(log, clock).await;
    let read = everything(&*log).await;
    assert_eq!(read.len(), samples.len(), "every entry is read back");
    for (read, written) in read.into_iter().zip(samples) {
        assert_eq!(&read.envelope, written.envelope(), "an envelope is read as it was written");
        let again = AuditEntry::new(read.envelope);
        assert_eq!(again.details_json(), written.details_json(), "details keep every byte");
        assert_eq!(again.extensions_json(), written.extensions_json(), "so do extensions");
    }
}

async fn an_event_is_recorded_once(maker: &dyn AuditLogMaker) {
    let (log, clock) = fresh(maker).await;
    let other_source = |id: &str| {
        AuditEntry::new(EventEnvelope { source: "urn:other".to_owned(), ..envelope(id) })
    };
    let first = append(&*log, &[entry("a"), entry("b"), entry("a"), other_source("a")]).await;
    let places: Vec<u64> = first.iter().map(|receipt| receipt.sequence.0).collect();
    assert_eq!(places, [1, 2, 1, 3], "a repeat within a batch gets the first one's place");
    assert_eq!(first[2].status, ReceiptStatus::AlreadyOnRecord, "and is told so");
    assert_eq!(first[3].status, ReceiptStatus::Recorded, "another source's id is another event");

    clock.advance(TimeDelta::hours(1));
    let log = maker.reopen(log, clock).await;
    let second = append(&*log, &[entry("c"), entry("b"), other_source("a"), entry("d")]).await;
    let places: Vec<u64> = second.iter().map(|receipt| receipt.sequence.0).collect();
    assert_eq!(places, [4, 2, 3, 5], "what is on record keeps its place, the rest follows gapless");
    assert_eq!(second[1].recorded_at, first[1].recorded_at, "the first receipt is returned");
    assert_eq!(second[1].status, ReceiptStatus::AlreadyOnRecord, "and says so");

    let again = append(&*log, &[entry("a"), entry("b")]).await;
    assert!(
        again.iter().all(|receipt| receipt.status == ReceiptStatus::AlreadyOnRecord),
        "a batch may hold nothing new"
    );
    assert_eq!(append(&*log, &[entry("e")]).await[0].sequence, Sequence(6), "and leaves no gap");
    let changed = EventEnvelope { plan_id: None, ..envelope("a") };
    append(&*log, &[AuditEntry::new(changed)]).await;
    let kept = log.by_sequence(Sequence(1)).await.ok().flatten();
    assert_eq!(kept.map(|event| event.envelope), Some(envelope("a")), "the first one stays");
    assert_gapless(&*log).await;
}

async fn recorded_at_never_goes_back(maker: &dyn AuditLogMaker) {
    let (log, clock) = fresh(maker).await;
    for step in [0, 5, -3600, 1, 7200, -1] {
        clock.advance(TimeDelta::seconds(step));
        append(&*log, &batch(&format!("step {step}"), 3)).await;
    }
    clock.advance(TimeDelta::days(-1));
    let log = maker.reopen(log, clock).await;
    append(&*log, &[entry("last")]).await;
    let times: Vec<DateTime<Utc>> =
        everything(&*log).await.iter().map(|event| event.recorded_at).collect();
    assert!(times.is_sorted(), "recorded_at never goes back, whatever the clock does");
    assert!(times[0] < times[times.len() - 1], "recorded_at follows the clock where it can");
}

async fn a_batch_is_recorded_whole_or_not_at_all(maker: &dyn AuditLogMaker) {
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

async fn many_may_append_at_once(maker: &dyn AuditLogMaker) {
    const TASKS: usize = 16;
    const ROUNDS: usize = 8;
    let (log, _) = fresh(maker).await;
    let appending = (0..TASKS).map(|task| {
        let log = Arc::clone(&log);
        tokio::spawn(async move {
            let mut receipts = Vec::new();
            for round in 0..ROUNDS {
                let mut batch = batch(&format!("{task}/{round}"), 1 + task % 5);
                batch.push(entry(&format!("everybody's {round}")));
                receipts.extend(append(&*log, &batch).await);
            }
            receipts
        })
    });
    let mut recorded = HashSet::new();
    for receipts in futures::future::join_all(appending).await {
        let receipts = receipts.unwrap_or_else(|gone| panic!("many may append at once: {gone}"));
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

async fn a_dropped_append_leaves_all_or_nothing(maker: &dyn AuditLogMaker) {
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
