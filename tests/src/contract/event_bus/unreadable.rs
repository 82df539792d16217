//! What becomes of readers while the record beneath the bus cannot be read.

use std::sync::Arc;
use std::time::Duration;

use domain::{AuditLog, EventFilter, QueryError, Sequence, StartAt};
use futures::StreamExt;

use super::EventBusMaker;
use crate::expect::{must, soon};
use crate::fakes::{Gate, Probe, UnreadableLog};
use crate::stage::{Stage, memory_log, plans};

pub(super) async fn a_record_that_cannot_be_read_for_a_while_skips_nothing(
    maker: &dyn EventBusMaker,
) {
    const EVENTS: u64 = 6000;
    const FAILURES: usize = 3;
    let (clock, log) = memory_log();
    let log = Arc::new(UnreadableLog::new(log));
    let bus = maker.over(clock, Arc::clone(&log) as _).await;
    let stage = Stage { bus, log: Arc::clone(&log) as Arc<dyn AuditLog> };
    stage.record_all();
    let gate = Arc::new(Gate::closed());
    let slow = Probe::new("slow").behind(Arc::clone(&gate));
    let (slow, _slow) = stage.watch_with(EventFilter::all(), slow);
    let stream = stage.bus.stream(EventFilter::all(), StartAt::Now);
    for _ in 0..EVENTS / 100 {
        must(stage.bus.emit_batch(plans(0..100)).await);
    }
    let all: Vec<_> = (1..=EVENTS).map(Sequence).collect();

    log.fail_pages(FAILURES);
    gate.open();
    slow.told(all.len()).await;
    assert_eq!(slow.sequences(), all, "a subscriber is told everything, none twice");

    log.fail_pages(FAILURES);
    stage.bus.shutdown(Duration::from_mins(10)).await;
    let mut failures = 0;
    let mut streamed = Vec::new();
    for item in stream.collect::<Vec<_>>().await {
        match item {
            Ok(event) => streamed.push(event.sequence),
            Err(_) => failures += 1,
        }
    }
    assert!(failures <= FAILURES, "an error is said once for each time: {failures}");
    assert_eq!(streamed, all, "a stream goes on after an error, and skips nothing");
}

pub(super) async fn a_stream_says_once_that_the_record_is_closed_and_ends(
    maker: &dyn EventBusMaker,
) {
    let (clock, log) = memory_log();
    let log = Arc::new(UnreadableLog::new(log));
    let bus = maker.over(clock, Arc::clone(&log) as _).await;
    let stage = Stage { bus, log: Arc::clone(&log) as Arc<dyn AuditLog> };
    stage.record_all();
    must(stage.bus.emit_batch(plans(0..3)).await);
    let stream = stage.bus.stream(EventFilter::all(), StartAt::Beginning);
    log.close();
    stage.bus.shutdown(Duration::from_mins(10)).await;
    // A few, since one that never ends would never be collected.
    let told = soon("the stream ends", stream.take(5).collect::<Vec<_>>()).await;
    assert!(
        matches!(&told[..], [Err(QueryError::Closed)]),
        "that it is closed is said once, and then nothing: {told:?}"
    );
}
