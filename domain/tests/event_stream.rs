//! Reading a stream by events and by batches, and looking at it.

#![allow(clippy::unwrap_used, reason = "a test may give up")]

use std::sync::Arc;

use chrono::DateTime;
use futures::executor::block_on;
use futures::{FutureExt, StreamExt, stream};
use indelible_domain::events::PlanCreated;
use indelible_domain::ports::{
    EventBatch, EventStream, QueryError, StreamMonitor, StreamProgress, StreamStatus,
};
use indelible_domain::{DomainEvent, ErasedFields, EventDraft, RecordedEvent, Sequence};

struct Behind;

impl StreamProgress for Behind {
    fn status(&self) -> StreamStatus {
        StreamStatus::CatchingUp { behind: 7 }
    }

    fn fallbacks(&self) -> u64 {
        3
    }
}

type Next = Result<EventBatch, QueryError>;

#[allow(clippy::unnecessary_wraps, reason = "it stands beside what is an error")]
fn batch(places: impl IntoIterator<Item = u64>) -> Next {
    let event = |place| {
        let draft = EventDraft::from(PlanCreated::sample());
        let envelope = draft.seal(DateTime::UNIX_EPOCH, || format!("e{place}"), "/tests");
        let recorded_at = DateTime::UNIX_EPOCH;
        Arc::new(RecordedEvent {
            sequence: Sequence(place),
            recorded_at,
            envelope: envelope.unwrap(),
            erased: ErasedFields::NONE,
        })
    };
    Ok(places.into_iter().map(event).collect())
}

fn removed() -> Next {
    Err(QueryError::Removed { from: Sequence(4), through: Sequence(6) })
}

fn over(batches: Vec<Next>) -> EventStream {
    EventStream::new(stream::iter(batches), StreamMonitor::new(Arc::new(Behind)))
}

fn next(stream: &mut EventStream) -> Option<u64> {
    block_on(stream.next()).map(|event| event.unwrap().sequence.0)
}

fn next_batch(stream: &mut EventStream) -> Option<Vec<u64>> {
    let batch = block_on(stream.next_batch())?.unwrap();
    Some(batch.iter().map(|event| event.sequence.0).collect())
}

#[test]
fn events_and_batches_may_be_read_in_turn_and_nothing_is_left_out() {
    let mut stream = over(vec![batch(1..=3), batch([]), removed(), batch([7]), batch(8..=9)]);
    assert_eq!(next(&mut stream), Some(1));
    assert_eq!(next_batch(&mut stream), Some(vec![2, 3]));
    let lost = block_on(stream.next());
    assert!(matches!(lost, Some(Err(QueryError::Removed { .. }))), "{lost:?}");
    assert_eq!(next(&mut stream), Some(7));
    assert_eq!(next_batch(&mut stream), Some(vec![8, 9]), "what was read alone leaves no rest");
    for _ in 0..2 {
        assert_eq!((next(&mut stream), next_batch(&mut stream)), (None, None), "it has ended");
    }
    let mut stream = over(vec![removed(), batch([]), batch([7])]);
    assert!(block_on(stream.next_batch()).is_some_and(|batch| batch.is_err()));
    assert_eq!(next_batch(&mut stream), Some(vec![7]), "an empty batch is none");
}

#[test]
fn a_batch_that_nothing_was_read_of_is_handed_on_without_a_copy() {
    let whole = batch(1..=3).unwrap();
    let mut stream = over(vec![Ok(Arc::clone(&whole))]);
    let handed = block_on(stream.next_batch()).unwrap().unwrap();
    assert!(Arc::ptr_eq(&handed, &whole));
}

#[test]
fn a_batch_that_is_given_up_is_not_lost() {
    let batches = stream::iter(vec![batch(1..=2)]).chain(stream::pending());
    let mut stream = EventStream::new(batches, StreamMonitor::new(Arc::new(Behind)));
    assert_eq!(next(&mut stream), Some(1));
    assert!(stream.next_batch().now_or_never().is_some());
    assert!(stream.next_batch().now_or_never().is_none());
    assert!(stream.next().now_or_never().is_none());
}

#[test]
fn a_monitor_says_what_its_stream_says() {
    let stream = over(Vec::new());
    let monitor = stream.monitor();
    assert_eq!(stream.status(), StreamStatus::CatchingUp { behind: 7 });
    assert_eq!((monitor.status(), monitor.fallbacks()), (stream.status(), stream.fallbacks()));
    for shown in [format!("{stream:?}"), format!("{:?}", monitor.clone())] {
        assert!(shown.contains("behind: 7") && shown.contains("fallbacks: 3"), "{shown}");
    }
    let mut ended = EventStream::ended();
    assert_eq!((ended.status(), ended.fallbacks()), (StreamStatus::Ended, 0));
    assert_eq!(next(&mut ended), None);
}
