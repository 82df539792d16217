//! What an inbox says of its reader, and what it has for it.
//!
//! Deliberately absent: who may run when; see the models.

use futures::FutureExt;

use super::*;

fn missed(inbox: &Inbox) -> Option<Vec<(u64, u64)>> {
    match inbox.take().now_or_never()?? {
        Taken::Missed { spans, .. } => {
            Some(spans.iter().map(|span| (span.start().0, span.end().0)).collect())
        }
        Taken::Batch(_) => None,
    }
}

#[test]
fn a_stream_hears_of_growth_once_and_only_of_what_is_new_to_it() {
    let inbox = Inbox::of_stream("stream", 4, EventFilter::all(), false);
    inbox.join(Sequence(3));
    for old in [3, 2, 3] {
        inbox.grow(Sequence(old));
        assert_eq!(inbox.status(), StreamStatus::Live, "{old}");
    }
    inbox.grow(Sequence(5));
    assert_eq!(inbox.status(), StreamStatus::CatchingUp { behind: 2 });
    inbox.grow(Sequence(7));
    assert_eq!(missed(&inbox), Some(vec![(4, 7)]));
    assert_eq!(missed(&inbox), None);
    assert_eq!((inbox.status(), inbox.fallbacks()), (StreamStatus::Live, 0));
}

#[test]
fn how_far_a_stream_is_behind_is_counted_from_where_it_has_read_to() {
    let inbox = Inbox::of_stream("stream", 4, EventFilter::all(), true);
    assert_eq!(inbox.join(Sequence(10)), Sequence(10));
    assert_eq!(inbox.join(Sequence(12)), Sequence(10), "it has joined already");
    assert_eq!(inbox.status(), StreamStatus::CatchingUp { behind: 0 });
    inbox.has_read(Sequence(4));
    assert_eq!(inbox.status(), StreamStatus::CatchingUp { behind: 6 });
    inbox.discard();
    assert_eq!(inbox.status(), StreamStatus::Ended);
}

#[test]
fn a_subscriber_does_not_hear_of_what_others_record() {
    let inbox = Inbox::of_subscriber("one", 4, EventFilter::all(), Arc::default());
    assert!(!inbox.is_of_stream());
    inbox.grow(Sequence(5));
    assert_eq!((missed(&inbox), inbox.status()), (None, StreamStatus::Live));
}

#[test]
fn each_time_a_reader_falls_behind_is_counted() {
    let inbox = Inbox::of_subscriber("one", 4, EventFilter::all(), Arc::default());
    for time in 1..=3 {
        let mut state = inbox.lock();
        state.fell_behind = true;
        inbox.miss(state, &(Sequence(time)..=Sequence(time)));
        assert_eq!(missed(&inbox), Some(vec![(time, time)]));
        assert_eq!(inbox.fallbacks(), time);
    }
}
