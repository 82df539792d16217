//! What removing the oldest entries promises.

use chrono::TimeDelta;
use domain::{AuditLog, LogSpan, ReceiptStatus, Sequence};

use super::entries::{batch, entry};
use super::{AuditLogMaker, everything, fresh};

pub(super) async fn promises(maker: &dyn AuditLogMaker) {
    let (log, clock) = fresh(maker).await;
    assert_eq!(remove(&*log, 10, 10).await, None, "an empty log has nothing to remove");
    append(&*log, 10).await;
    assert_eq!(remove(&*log, 0, 10).await, None, "nothing before the first is removed");
    assert_eq!(remove(&*log, 5, 0).await, None, "a chunk of none removes none");
    assert_eq!(remove(&*log, 5, 3).await, Some((1, 3)), "a chunk is at most as large as asked for");
    assert_eq!(places(&*log).await, [4, 5, 6, 7, 8, 9, 10], "it is removed from the start");
    assert_eq!(remove(&*log, 5, 3).await, Some((4, 5)), "nothing beyond `through` is removed");
    assert_eq!(remove(&*log, 5, 3).await, None, "and then there is nothing left to remove");
    assert_eq!(places(&*log).await, [6, 7, 8, 9, 10], "what is kept keeps its place");

    clock.advance(TimeDelta::seconds(1));
    append(&*log, 2).await;
    assert_eq!(places(&*log).await, [6, 7, 8, 9, 10, 11, 12], "appends go on in between");
    assert_eq!(
        remove(&*log, u64::MAX, u32::MAX).await,
        Some((6, 11)),
        "the newest entry is never removed"
    );
    let log = maker.reopen(log, clock).await;
    assert_eq!(places(&*log).await, [12], "so that it outlives a restart");
    assert_eq!(remove(&*log, u64::MAX, u32::MAX).await, None, "whatever is asked");
    append(&*log, 1).await;
    assert_eq!(places(&*log).await, [12, 13], "and no sequence is used twice");

    let end = |event: &domain::RecordedEvent| (event.sequence, event.recorded_at);
    let record = everything(&*log).await;
    let expected =
        LogSpan { first: record.first().map(end), last: record.last().map(end), entries: 2 };
    assert_eq!(log.span().await.ok(), Some(expected), "the span begins where the record does");
    let first = record.first().map_or_else(chrono::Utc::now, |event| event.recorded_at);
    let before = log.last_recorded_before(first).await.ok();
    assert_eq!(before, Some(None), "what was removed is not found by its time");
    let inspection = log.inspect().await.unwrap_or_default();
    assert!(inspection.is_healthy(), "a pruned log is healthy: {inspection:?}");

    let again = log.append(&[entry("10 0-0"), entry("13 12-0")]).await.unwrap_or_default();
    let status: Vec<_> = again.iter().map(|receipt| (receipt.sequence, receipt.status)).collect();
    let (new, known) = (ReceiptStatus::Recorded, ReceiptStatus::AlreadyOnRecord);
    assert_eq!(
        status,
        [(Sequence(14), new), (Sequence(13), known)],
        "what was removed may be recorded anew, what was kept is still known"
    );
    removed_by_several(maker).await;
}

/// Several that remove at once are told what each of them removed, and together all that is gone.
async fn removed_by_several(maker: &dyn AuditLogMaker) {
    let (log, _) = fresh(maker).await;
    append(&*log, 20).await;
    let mut told: Vec<_> = futures::future::join_all((0..6).map(|_| remove(&*log, 15, 4)))
        .await
        .into_iter()
        .flatten()
        .collect();
    told.sort_unstable();
    assert_eq!(told, [(1, 4), (5, 8), (9, 12), (13, 15)], "each is told what it removed itself");
    assert_eq!(places(&*log).await, [16, 17, 18, 19, 20]);
}

async fn append(log: &dyn AuditLog, entries: usize) {
    let newest = places(log).await.last().copied().unwrap_or_default();
    let batch = batch(&format!("{} {newest}", newest + entries as u64), entries);
    log.append(&batch).await.unwrap_or_else(|error| panic!("events must append: {error}"));
}

async fn places(log: &dyn AuditLog) -> Vec<u64> {
    everything(log).await.iter().map(|event| event.sequence.0).collect()
}

async fn remove(log: &dyn AuditLog, through: u64, limit: u32) -> Option<(u64, u64)> {
    let removed = log.remove_oldest(Sequence(through), limit).await;
    let removed = removed.unwrap_or_else(|error| panic!("entries must be removed: {error}"));
    removed.map(|prefix| (prefix.from.0, prefix.through.0))
}
