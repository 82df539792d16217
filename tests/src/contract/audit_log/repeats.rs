//! What the log promises of events that come again: a source and event id are on record once.

use chrono::TimeDelta;
use domain::{AuditEntry, EventEnvelope, Receipt, ReceiptStatus, Sequence};

use super::entries::{entry, envelope};
use super::{AuditLogMaker, append, assert_gapless, fresh, places, restarted};

fn of_another_source(event_id: &str) -> AuditEntry {
    AuditEntry::new(EventEnvelope { source: "urn:other".to_owned(), ..envelope(event_id) })
}

fn told(receipts: &[Receipt]) -> Vec<(u64, ReceiptStatus)> {
    receipts.iter().map(|receipt| (receipt.sequence.0, receipt.status)).collect()
}

const NEW: ReceiptStatus = ReceiptStatus::Recorded;
const KNOWN: ReceiptStatus = ReceiptStatus::AlreadyOnRecord;

pub(super) async fn a_repeat_gets_the_first_ones_receipt(maker: &dyn AuditLogMaker) {
    let (log, clock) = fresh(maker).await;
    let first = append(&*log, &[entry("a"), entry("b")]).await;
    clock.advance(TimeDelta::hours(1));
    let again = append(&*log, &[entry("c"), entry("b"), entry("d")]).await;
    assert_eq!(
        told(&again),
        [(3, NEW), (2, KNOWN), (4, NEW)],
        "what is on record keeps its place, the rest follows gapless"
    );
    assert_eq!(again[1].recorded_at, first[1].recorded_at, "the first one's time is told");
    assert_eq!(again[1].event_id, "b", "receipts keep the order");

    let log = restarted(maker, log, clock).await;
    let again = append(&*log, &[entry("a"), entry("b")]).await;
    assert_eq!(told(&again), [(1, KNOWN), (2, KNOWN)], "a batch may hold nothing new");
    assert_eq!(told(&append(&*log, &[entry("e")]).await), [(5, NEW)], "and leaves no gap");
    assert_eq!(places(&*log).await, [1, 2, 3, 4, 5], "nothing is on record twice");
}

pub(super) async fn a_repeat_within_a_batch_is_recorded_once(maker: &dyn AuditLogMaker) {
    let (log, _) = fresh(maker).await;
    let receipts = append(&*log, &[entry("a"), entry("b"), entry("a"), entry("c")]).await;
    assert_eq!(
        told(&receipts),
        [(1, NEW), (2, NEW), (1, KNOWN), (3, NEW)],
        "a repeat within a batch gets the first one's place"
    );
    assert_eq!(receipts[2].recorded_at, receipts[0].recorded_at, "and the first one's time");
    assert_gapless(&*log).await;
    assert_eq!(places(&*log).await.len(), 3, "a repeat within a batch is recorded once");
}

pub(super) async fn another_sources_id_is_another_event(maker: &dyn AuditLogMaker) {
    let (log, clock) = fresh(maker).await;
    let receipts = append(&*log, &[entry("a"), of_another_source("a")]).await;
    assert_eq!(told(&receipts), [(1, NEW), (2, NEW)], "another source's id is another event");
    let log = restarted(maker, log, clock).await;
    let receipts = append(&*log, &[entry("b"), of_another_source("a"), entry("a")]).await;
    assert_eq!(told(&receipts), [(3, NEW), (2, KNOWN), (1, KNOWN)], "each has its own receipt");
}

pub(super) async fn the_first_one_stays_as_it_is(maker: &dyn AuditLogMaker) {
    let (log, _) = fresh(maker).await;
    append(&*log, &[entry("a")]).await;
    let changed = EventEnvelope { plan_id: None, ..envelope("a") };
    let again = append(&*log, &[AuditEntry::new(changed)]).await;
    assert_eq!(told(&again), [(1, KNOWN)], "contents do not make another event of it");
    let kept = log.by_sequence(Sequence(1)).await.ok().flatten();
    assert_eq!(kept.map(|event| event.envelope), Some(envelope("a")), "the first one stays");
}
