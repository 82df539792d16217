//! What the log promises of places and times: gapless, in the order given, never going back.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{ReceiptStatus, Sequence};

use super::entries::{batch, entry};
use super::{AuditLogMaker, append, assert_gapless, everything, fresh, restarted};

pub(super) async fn sequences_are_gapless_in_the_order_given(maker: &dyn AuditLogMaker) {
    let (log, clock) = fresh(maker).await;
    let mut ids = Vec::new();
    for size in [1, 2, 1, 7, 64, 3, 512, 700, 1] {
        let batch = batch(&format!("{}", ids.len()), size);
        append(&*log, &batch).await;
        ids.extend(batch.into_iter().map(|entry| entry.into_envelope().event_id));
    }
    let log = restarted(maker, log, clock).await;
    append(&*log, &[entry("after the restart")]).await;
    ids.push("after the restart".to_owned());
    assert_gapless(&*log).await;
    let on_record = everything(&*log).await.into_iter().map(|event| event.envelope.event_id);
    assert!(on_record.eq(ids), "the order on record is the order in which entries were given");
}

pub(super) async fn receipts_say_what_is_on_record(maker: &dyn AuditLogMaker) {
    let (log, clock) = fresh(maker).await;
    assert_eq!(append(&*log, &[]).await, [], "an empty batch has no receipts");
    let mut next = 1;
    for size in [1, 5, 300, 2] {
        clock.advance(TimeDelta::milliseconds(1));
        let batch = batch(&format!("{next}"), size);
        let receipts = append(&*log, &batch).await;
        assert_eq!(receipts.len(), size, "there is one receipt per entry");
        for (receipt, entry) in receipts.iter().zip(&batch) {
            assert_eq!(receipt.event_id, entry.envelope().event_id, "receipts keep the order");
            assert_eq!(receipt.status, ReceiptStatus::Recorded, "a new event is recorded");
            assert_eq!(receipt.sequence, Sequence(next), "a receipt tells the event's place");
            next += 1;
        }
        let last = &receipts[receipts.len() - 1];
        let found = log.by_sequence(last.sequence).await.ok().flatten();
        let found = found.map(|event| (event.envelope.event_id, event.recorded_at));
        assert_eq!(
            found,
            Some((last.event_id.clone(), last.recorded_at)),
            "the place and the time that a receipt tells are those on record"
        );
    }
}

pub(super) async fn recorded_at_never_goes_back(maker: &dyn AuditLogMaker) {
    let (log, clock) = fresh(maker).await;
    for step in [0, 5, -3600, 1, 7200, -1] {
        clock.advance(TimeDelta::seconds(step));
        append(&*log, &batch(&format!("step {step}"), 3)).await;
    }
    clock.advance(TimeDelta::days(-1));
    let log = restarted(maker, log, clock).await;
    append(&*log, &[entry("last")]).await;
    let times: Vec<DateTime<Utc>> =
        everything(&*log).await.iter().map(|event| event.recorded_at).collect();
    assert!(times.is_sorted(), "recorded_at never goes back, whatever the clock does: {times:?}");
    assert!(times[0] < times[times.len() - 1], "recorded_at follows the clock where it can");
}
