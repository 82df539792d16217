//! Waiting for the record to grow.
//!
//! Deliberately absent: a deadline as short as the one that is promised. A busy machine would break it
//! for a sound adapter; one that looks every few seconds breaks this one.

use std::sync::Arc;
use std::time::Duration;

use domain::{AuditLog, Sequence};
use tokio::time::{Instant, timeout};

use super::entries::{batch, entry};
use super::{AuditLogMaker, append, fresh};
use crate::contract::Tried;

/// How soon something must be noticed, of several tries the quickest one. The promise is 100 ms.
const NOTICED: Duration = Duration::from_millis(500);

/// How many tries.
const TRIES: u64 = 5;

async fn newer_than(log: &dyn AuditLog, sequence: u64) -> u64 {
    let newest = log.newer_than(Sequence(sequence)).await;
    newest.unwrap_or_else(|error| panic!("the record can be asked: {error}")).0
}

pub(super) async fn what_is_there_already_is_told_at_once(maker: &dyn AuditLogMaker) {
    let (log, _) = fresh(maker).await;
    append(&*log, &batch("before", 5)).await;
    for sequence in [0, 3, 4] {
        assert_eq!(newer_than(&*log, sequence).await, 5, "the newest entry after {sequence}");
    }
    // Given up before anything came, as often as one likes.
    for _ in 0..100 {
        let waiting = log.newer_than(Sequence(5));
        let gone = timeout(Duration::from_micros(200), waiting).await;
        assert!(gone.is_err(), "there is nothing after the newest entry: {gone:?}");
    }
    append(&*log, &batch("after", 2)).await;
    assert_eq!(newer_than(&*log, 5).await, 7, "whoever gave up is in nobody's way");
}

pub(super) async fn what_is_appended_is_told_to_everybody_who_waits(maker: &dyn AuditLogMaker) {
    let (log, _) = fresh(maker).await;
    let mut quickest = Duration::MAX;
    for round in 0..TRIES {
        let waiting: Vec<_> = (0..4)
            .map(|_| {
                let log = Arc::clone(&log);
                tokio::spawn(async move { (newer_than(&*log, round).await, Instant::now()) })
            })
            .collect();
        // So that they wait.
        tokio::time::sleep(Duration::from_millis(20)).await;
        append(&*log, &[entry(&format!("{round}"))]).await;
        let appended = Instant::now();
        let mut slowest = Duration::ZERO;
        for one in waiting {
            let (newest, told) = one.await.unwrap_or_else(|gone| panic!("waiting failed: {gone}"));
            assert_eq!(newest, round + 1);
            slowest = slowest.max(told.saturating_duration_since(appended));
        }
        quickest = quickest.min(slowest);
    }
    assert!(quickest < NOTICED, "what was appended was told {quickest:?} later at best");
}

pub(super) async fn what_another_appends_is_told_to_whoever_waits(
    maker: &dyn AuditLogMaker,
) -> Tried {
    let (one, clock) = fresh(maker).await;
    let Some(other) = maker.share(&*one, Arc::clone(&clock)).await else {
        return Tried::Not(
            "its maker does not say how another program opens the log meanwhile: implement \
             `AuditLogMaker::share`, as `contract::shipped::OnDisk` does",
        );
    };
    let mut quickest = Duration::MAX;
    for round in 0..TRIES {
        let waiting = {
            let one = Arc::clone(&one);
            tokio::spawn(async move { (newer_than(&*one, round).await, Instant::now()) })
        };
        tokio::time::sleep(Duration::from_millis(20)).await;
        append(&*other, &[entry(&format!("{round}"))]).await;
        let appended = Instant::now();
        let (newest, told) = waiting.await.unwrap_or_else(|gone| panic!("waiting failed: {gone}"));
        assert_eq!(newest, round + 1);
        quickest = quickest.min(told.saturating_duration_since(appended));
    }
    assert!(quickest < NOTICED, "what another appended was told {quickest:?} later at best");
    Tried::Holds
}
