//! What may be wrong with a stream.

use std::sync::Arc;

use domain::ports::{EventStream, StreamMonitor, StreamProgress, StreamStatus};
use domain::{QueryError, RecordedEvent};
use futures::stream::{self, Stream, StreamExt};

type Event = Result<Arc<RecordedEvent>, QueryError>;

/// A stream whose events are changed, each a batch of its own; it says of itself what the sound one
/// does.
pub(super) fn changed<S>(stream: EventStream, change: impl FnOnce(EventStream) -> S) -> EventStream
where
    S: Stream<Item = Event> + Send + 'static,
{
    let monitor = stream.monitor();
    EventStream::new(change(stream).map(|event| event.map(|event| Arc::from([event]))), monitor)
}

/// A stream that loses some.
pub(super) fn without(stream: EventStream, lost: fn(u64) -> bool) -> EventStream {
    changed(stream, move |events| {
        events.filter(move |event| {
            let lost = event.as_ref().is_ok_and(|event| lost(event.sequence.0));
            futures::future::ready(!lost)
        })
    })
}

/// A stream that tells some twice.
pub(super) fn repeating(stream: EventStream, twice: fn(u64) -> bool) -> EventStream {
    changed(stream, move |events| {
        events.flat_map(move |event| {
            let twice = event.as_ref().is_ok_and(|event| twice(event.sequence.0));
            stream::iter(vec![event; 1 + usize::from(twice)])
        })
    })
}

/// A stream that says so twice when the record is closed.
pub(super) fn insisting(stream: EventStream) -> EventStream {
    changed(stream, |events| {
        events.flat_map(|event| {
            let closed = matches!(event, Err(QueryError::Closed));
            stream::iter(vec![event; 1 + usize::from(closed)])
        })
    })
}

/// A stream that says that all is well.
pub(super) fn said_to_be_live(stream: EventStream) -> EventStream {
    struct Well;

    impl StreamProgress for Well {
        fn status(&self) -> StreamStatus {
            StreamStatus::Live
        }

        fn fallbacks(&self) -> u64 {
            0
        }
    }

    EventStream::new(
        stream.map(|event| event.map(|event| Arc::from([event]))),
        StreamMonitor::new(Arc::new(Well)),
    )
}
