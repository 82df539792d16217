//! What removing the oldest entries promises.

use chrono::TimeDelta;
use domain::{AuditLog, ReceiptStatus, Sequence};

use super::entries::{batch, entry};
use super::query::{assert_healthy, last_before, span};
use super::{AuditLogMaker, append, everything, fresh, places, restarted};

/// Appends entries whose ids are made of the places they get.
async fn more(log: &dyn AuditLog, entries: u64) {
    let newest = places(log).await.last().copied().unwrap_or_default();
    let batch: Vec<_> = (1..=entries).map(|n| entry(&format!("at {}", newest + n))).collect();
    append(log, &batch).await;
}

/// The range that was removed.
pub(super) async fn remove(log: &dyn AuditLog, through: u64, limit: u32) -> Option<(u64, u64)> {
    let removed = log.remove_oldest(Sequence(through), limit).await;
    let removed = removed.unwrap_or_else(|error| panic!("entries must be removed: {error}"));
    removed.map(|prefix| (prefix.from.0, prefix.through.0))
}

pub(super) async fn the_oldest_are_removed_first(maker: &dyn AuditLogMaker) {
    let (log, clock) = fresh(maker).await;
    assert_eq!(remove(&*log, 10, 10).await, None, "an empty log has nothing to remove");
    more(&*log, 10).await;
    assert_eq!(remove(&*log, 5, 0).await, None, "a chunk of none removes none");
    assert_eq!(remove(&*log, 5, 3).await, Some((1, 3)), "a chunk is at most as large as asked for");
    assert_eq!(places(&*log).await, [4, 5, 6, 7, 8, 9, 10], "it is removed from the start");
    assert_eq!(remove(&*log, 8, 2).await, Some((4, 5)), "the call tells what it removed itself");
    let log = restarted(maker, log, clock).await;
    assert_eq!(places(&*log).await, [6, 7, 8, 9, 10], "what is kept keeps its place");
}

pub(super) async fn nothing_beyond_the_place_named_is_removed(maker: &dyn AuditLogMaker) {
    let (log, _) = fresh(maker).await;
    more(&*log, 10).await;
    assert_eq!(remove(&*log, 0, 10).await, None, "nothing before the first is removed");
    assert_eq!(remove(&*log, 5, 10).await, Some((1, 5)), "nothing beyond `through` is removed");
    assert_eq!(remove(&*log, 5, 10).await, None, "and then there is nothing left to remove");
    assert_eq!(places(&*log).await, [6, 7, 8, 9, 10], "all beyond it are there");
}

pub(super) async fn the_newest_entry_is_never_removed(maker: &dyn AuditLogMaker) {
    let (log, clock) = fresh(maker).await;
    more(&*log, 4).await;
    assert_eq!(remove(&*log, u64::MAX, u32::MAX).await, Some((1, 3)), "the newest one stays");
    assert_eq!(remove(&*log, u64::MAX, u32::MAX).await, None, "whatever is asked");
    assert_eq!(remove(&*log, 4, 1).await, None, "also by its own place");
    let log = restarted(maker, log, clock).await;
    assert_eq!(places(&*log).await, [4], "so that it outlives a restart");
    assert_eq!(remove(&*log, u64::MAX, u32::MAX).await, None, "also after it");
}

pub(super) async fn no_place_is_given_twice(maker: &dyn AuditLogMaker) {
    let (log, clock) = fresh(maker).await;
    more(&*log, 5).await;
    remove(&*log, u64::MAX, u32::MAX).await;
    let receipts = append(&*log, &[entry("next")]).await;
    assert_eq!(receipts[0].sequence, Sequence(6), "the next place follows the newest ever given");
    remove(&*log, u64::MAX, u32::MAX).await;
    let log = restarted(maker, log, clock).await;
    let receipts = append(&*log, &[entry("after the restart")]).await;
    assert_eq!(receipts[0].sequence, Sequence(7), "also after a restart");
    assert_eq!(places(&*log).await, [6, 7], "the record has no gap");
}

pub(super) async fn appends_go_on_between_two_chunks(maker: &dyn AuditLogMaker) {
    let (log, _) = fresh(maker).await;
    more(&*log, 12).await;
    let mut removed = 0;
    for round in 1..=4 {
        let chunk = remove(&*log, 11, 3).await;
        let Some((from, through)) = chunk else { panic!("there is more to remove: {round}") };
        removed += through + 1 - from;
        let receipts = append(&*log, &[entry(&format!("between {round}"))]).await;
        assert_eq!(receipts[0].sequence, Sequence(12 + round), "appends go on in between");
        let there = places(&*log).await;
        assert_eq!(there, (removed + 1..=12 + round).collect::<Vec<_>>(), "questions as well");
    }
    assert_eq!(removed, 11, "and the removing comes to its end");
}

pub(super) async fn what_was_removed_is_forgotten_and_what_was_kept_is_not(
    maker: &dyn AuditLogMaker,
) {
    let (log, clock) = fresh(maker).await;
    append(&*log, &batch("event", 6)).await;
    remove(&*log, 3, 10).await;
    let log = restarted(maker, log, clock).await;
    let again = append(&*log, &[entry("event-1"), entry("event-4")]).await;
    let status: Vec<_> = again.iter().map(|receipt| (receipt.sequence.0, receipt.status)).collect();
    assert_eq!(
        status,
        [(7, ReceiptStatus::Recorded), (5, ReceiptStatus::AlreadyOnRecord)],
        "what was removed may be recorded anew, what was kept is still known"
    );
}

pub(super) async fn several_that_remove_are_each_told_their_own(maker: &dyn AuditLogMaker) {
    let (log, _) = fresh(maker).await;
    more(&*log, 20).await;
    let mut told: Vec<_> = futures::future::join_all((0..6).map(|_| remove(&*log, 15, 4)))
        .await
        .into_iter()
        .flatten()
        .collect();
    told.sort_unstable();
    assert_eq!(told, [(1, 4), (5, 8), (9, 12), (13, 15)], "each is told what it removed itself");
    assert_eq!(places(&*log).await, [16, 17, 18, 19, 20], "together it is all that is gone");
}

pub(super) async fn a_pruned_log_begins_where_its_record_does(maker: &dyn AuditLogMaker) {
    let (log, clock) = fresh(maker).await;
    more(&*log, 5).await;
    clock.advance(TimeDelta::seconds(1));
    more(&*log, 2).await;
    remove(&*log, 5, 10).await;
    let log = restarted(maker, log, clock).await;
    let model = super::model::Model { record: everything(&*log).await };
    assert_eq!(span(&*log).await, model.span(), "the span begins where the record does");
    let first = model.record[0].recorded_at;
    assert_eq!(last_before(&*log, first).await, None, "what was removed has no time any more");
    assert_healthy(&*log).await;
}
