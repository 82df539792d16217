//! Streams of the whole record: what was there, what this bus adds and what others add join.

use std::ops::Range;
use std::sync::Arc;

use domain::ports::{EventStream, StreamStatus};
use domain::{Emit, EventBus, EventFilter, Sequence, StartAt};
use futures::StreamExt;
use shuttle::future::{JoinHandle, block_on, spawn};

use crate::bus::BusSettings;
use crate::explore::{Model, Seen};
use crate::stage::{PATIENT, Stage, cramped, plan, roomy};
use crate::sync::yield_now;

pub(crate) const MODELS: &[Model] = &[
    Model {
        name: "what_was_there_and_what_comes_join_without_a_hole_or_a_repetition",
        play: joining,
        must_see: &["fell behind", "never fell behind", "others recorded in between"],
    },
    Model {
        name: "a_stream_from_now_has_everything_this_bus_records_from_then_on",
        play: from_now,
        must_see: &["the first event came before the stream", "it came after the stream"],
    },
    Model {
        name: "a_stream_that_waits_is_told_of_what_others_record",
        play: waiting,
        must_see: &["told before it looked", "told while it waited"],
    },
];

/// A buffer for one event, and room to emit.
fn short() -> BusSettings {
    BusSettings { reader_buffer: 1, max_batch: 2, ..roomy() }
}

fn emit(stage: &Stage, numbers: Range<usize>) -> JoinHandle<()> {
    let bus = Arc::clone(&stage.bus);
    spawn(async move {
        for number in numbers {
            bus.emit(plan(number)).await.unwrap();
        }
    })
}

fn elsewhere(stage: &Stage, numbers: Range<usize>) -> JoinHandle<()> {
    let log = Arc::clone(&stage.log);
    spawn(async move {
        for number in numbers {
            log.append_elsewhere(number).await;
        }
    })
}

async fn read_all(mut stream: EventStream) -> Vec<u64> {
    let mut read = Vec::new();
    while let Some(event) = stream.next().await {
        read.push(event.unwrap().sequence.0);
        yield_now().await;
    }
    assert_eq!(stream.status(), StreamStatus::Ended);
    read
}

fn joining(seen: &Seen) {
    block_on(async {
        let stage = Stage::new(short());
        stage.bus.emit(plan(0)).await.unwrap();
        stage.log.append_elsewhere(100).await;
        let bus = Arc::clone(&stage.bus);
        let after = Sequence(1);
        let readers: Vec<_> = [(StartAt::Beginning, 1), (StartAt::After(after), 2)]
            .into_iter()
            .map(|(start, first)| {
                let bus = Arc::clone(&bus);
                let stream = async move { bus.stream(EventFilter::all(), start) };
                (first, spawn(async move { read_all(stream.await).await }))
            })
            .collect();
        let tasks = [emit(&stage, 1..3), elsewhere(&stage, 101..103), emit(&stage, 3..4)];
        for task in tasks {
            task.await.unwrap();
        }
        // Comes last, so that everything others have recorded lies before something of the bus's own.
        stage.bus.emit(plan(4)).await.unwrap();
        stage.bus.shutdown(PATIENT).await;
        let all = stage.log.places();
        assert_eq!(all.len(), 8);
        for (first, reader) in readers {
            let expected: Vec<u64> = all.iter().copied().filter(|place| *place >= first).collect();
            assert_eq!(reader.await.unwrap(), expected, "from {first} on");
        }
        let fallbacks = stage.bus.counters().fallbacks;
        seen.note("fell behind", fallbacks > 0);
        seen.note("never fell behind", fallbacks == 0);
        let numbers = stage.log.now().into_iter().map(|(_, number)| number.len());
        let numbers: Vec<_> = numbers.skip(2).collect();
        seen.note("others recorded in between", numbers.windows(3).any(|three| three == [1, 3, 1]));
    });
}

fn from_now(seen: &Seen) {
    block_on(async {
        let stage = Stage::new(short());
        let (before, there) = (emit(&stage, 0..1), elsewhere(&stage, 100..101));
        let bus = Arc::clone(&stage.bus);
        let opening = spawn(async move {
            let recorded = bus.counters().recorded;
            let stream = bus.stream(EventFilter::all(), StartAt::Now);
            let reading = spawn(read_all(stream));
            // What is emitted from here on must be in.
            bus.emit(plan(1)).await.unwrap();
            (recorded, reading)
        });
        for task in [before, there, emit(&stage, 2..4)] {
            task.await.unwrap();
        }
        let (recorded, reading) = opening.await.unwrap();
        stage.bus.emit(plan(4)).await.unwrap();
        stage.bus.shutdown(PATIENT).await;
        let read = reading.await.unwrap();
        let all = stage.log.now();
        let first = all.iter().find(|(_, number)| number == "1").map(|(place, _)| *place).unwrap();
        let all: Vec<u64> = all.into_iter().map(|(place, _)| place).collect();
        assert!(all.ends_with(&read), "a hole: {read:?} of {all:?}");
        assert!(read.first() <= Some(&first), "{read:?} lacks {first}");
        seen.note("the first event came before the stream", recorded == 1);
        seen.note("it came after the stream", recorded == 0);
    });
}

fn waiting(seen: &Seen) {
    block_on(async {
        let stage = cramped();
        let mut stream = stage.bus.stream(EventFilter::all(), StartAt::Beginning);
        let monitor = stream.monitor();
        let recording = elsewhere(&stage, 100..103);
        for place in 1..=3 {
            let there = stage.log.places().len() as u64;
            // Nothing else happens on the bus: were it not told, it would wait for ever.
            assert_eq!(stream.next().await.unwrap().unwrap().sequence.0, place);
            seen.note("told before it looked", there >= place);
            seen.note("told while it waited", there < place && place > 1);
        }
        recording.await.unwrap();
        assert_eq!(monitor.fallbacks(), 0, "what others record is no fault of the reader");
        drop(stream);
        assert_eq!(monitor.status(), StreamStatus::Ended);
        stage.bus.shutdown(PATIENT).await;
    });
}
