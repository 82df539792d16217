//! What the log promises when several programs use one storage.
//!
//! Deliberately absent: how long one waits for the other, which is the adapter's business. With one
//! that cannot be shared (see [`AuditLogMaker::share`]) nothing is tried.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::{ReceiptStatus, Sequence};

use super::entries::{batch, entry, start};
use super::{AuditLogMaker, append, assert_gapless, everything, fresh};
use crate::contract::Tried;
use crate::fakes::ManualClock;

pub(super) async fn several_who_share_a_storage_make_one_order(maker: &dyn AuditLogMaker) -> Tried {
    let (one, clock) = fresh(maker).await;
    append(&*one, &batch("before", 3)).await;
    // The other one's clock is slow.
    let slow = Arc::new(ManualClock::at(start() - TimeDelta::hours(1)));
    let Some(other) = maker.share(&*one, Arc::clone(&slow)).await else {
        return Tried::Not(
            "its maker does not say how another program opens the log meanwhile: implement \
             `AuditLogMaker::share`, as `contract::shipped::OnDisk` does",
        );
    };
    assert_eq!(everything(&*other).await, everything(&*one).await, "both see one record");

    let mut next = 4;
    for round in 0..20 {
        clock.advance(TimeDelta::seconds(1));
        slow.advance(TimeDelta::seconds(2));
        // Not strictly in turn, so that each is surprised by several of the other's.
        let log = if round % 3 == 0 { &one } else { &other };
        let entries =
            [entry(&format!("a {round}")), entry("before-1"), entry(&format!("b {round}"))];
        let told = append(&**log, &entries).await;
        let told: Vec<_> = told.iter().map(|receipt| (receipt.sequence, receipt.status)).collect();
        let (new, known) = (ReceiptStatus::Recorded, ReceiptStatus::AlreadyOnRecord);
        let expected = [(Sequence(next), new), (Sequence(2), known), (Sequence(next + 1), new)];
        assert_eq!(told, expected, "round {round}: each goes on where the other has stopped");
        next += 2;
    }

    // And both at once.
    let at_once = [&one, &other].map(|log| {
        let log = Arc::clone(log);
        tokio::spawn(async move {
            for round in 0..25 {
                let own = format!("{:p} {round}", Arc::as_ptr(&log).cast::<()>());
                append(&*log, &[entry(&own), entry(&format!("both {round}"))]).await;
            }
        })
    });
    for appending in futures::future::join_all(at_once).await {
        appending.unwrap_or_else(|gone| panic!("both may append at once: {gone}"));
    }
    assert_gapless(&*other).await;
    let record = everything(&*one).await;
    assert_eq!(record, everything(&*other).await, "both see one record");
    assert_eq!(record.len(), 3 + 20 * 2 + 25 * 3, "each event is on record once");
    let times: Vec<_> = record.iter().map(|event| event.recorded_at).collect();
    assert!(times.is_sorted(), "the time of recording never goes back, whoever's clock it is");
    Tried::Holds
}
