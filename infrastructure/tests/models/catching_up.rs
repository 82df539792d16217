//! Readers that are slower than the bus: they go back to the record and rejoin.

use std::ops::Range;
use std::sync::Arc;

use domain::{AuditRetention, Emit, EventBus, EventFilter, QueryError, Sequence, StartAt};
use futures::StreamExt;
use shuttle::future::{block_on, spawn};

use crate::explore::{Model, Seen};
use crate::stage::{PATIENT, cramped, plan};
use crate::sync::yield_now;

pub(crate) const MODELS: &[Model] = &[
    Model {
        name: "a_slow_reader_goes_back_to_the_record_and_rejoins_without_a_hole",
        play: rejoining,
        must_see: &["quick enough", "fell behind", "rejoined, and fell behind again"],
    },
    Model {
        name: "what_retention_takes_from_a_slow_reader_is_told_once_and_nothing_else_is_missed",
        play: losing,
        must_see: &["lost something", "lost nothing"],
    },
];

fn rejoining(seen: &Seen) {
    block_on(async {
        let stage = cramped();
        let (told, _subscription) = stage.watch("slow");
        let mut stream = stage.bus.stream(EventFilter::all(), StartAt::Now);
        let reading = spawn(async move {
            let mut read = Vec::new();
            while let Some(event) = stream.next().await {
                yield_now().await;
                read.push(event.unwrap().sequence.0);
            }
            read
        });
        let log = Arc::clone(&stage.log);
        let elsewhere = spawn(async move { log.append_elsewhere(100).await });
        let emit = |numbers: Range<usize>| {
            let bus = Arc::clone(&stage.bus);
            spawn(async move {
                for number in numbers {
                    bus.emit(plan(number)).await.unwrap();
                }
            })
        };
        for task in [emit(0..3), emit(3..6), elsewhere] {
            task.await.unwrap();
        }
        stage.bus.shutdown(PATIENT).await;
        let ours = stage.log.now().into_iter().filter(|(_, number)| number.as_str() != "100");
        let ours: Vec<u64> = ours.map(|(place, _)| place).collect();
        assert_eq!(ours.len(), 6);
        assert_eq!(told.done(), ours, "the subscriber was not told of just what this bus recorded");
        let read = reading.await.unwrap();
        // What another process records at the very beginning or the very end may be left out.
        assert!(read.windows(2).all(|two| two[1] == two[0] + 1), "the stream has a hole: {read:?}");
        assert!(ours.iter().all(|place| read.contains(place)), "the stream read {read:?} alone");
        let fallbacks = stage.bus.counters().fallbacks;
        seen.note("quick enough", fallbacks == 0);
        seen.note("fell behind", fallbacks > 0);
        seen.note("rejoined, and fell behind again", fallbacks > 2);
    });
}

fn losing(seen: &Seen) {
    block_on(async {
        let stage = cramped();
        let mut stream = stage.bus.stream(EventFilter::all(), StartAt::Now);
        let reading = spawn(async move {
            let (mut read, mut lost) = (Vec::new(), Vec::new());
            while let Some(event) = stream.next().await {
                match event {
                    Ok(event) => read.push(event.sequence.0),
                    Err(QueryError::Removed { from, through }) => lost.extend(from.0..=through.0),
                    Err(error) => panic!("{error:?}"),
                }
                // In the order of the record, whether read or lost.
                let newest = read.iter().chain(&lost).max().copied().unwrap_or_default();
                assert_eq!(read.len() + lost.len(), usize::try_from(newest).unwrap());
                yield_now().await;
            }
            (read, lost)
        });
        let log = Arc::clone(&stage.log);
        let removing = spawn(async move {
            let mut removed = 0;
            while removed < 7 {
                match log.remove_oldest(Sequence(7), 1).await.unwrap() {
                    Some(_) => removed += 1,
                    // There is nothing to remove yet; it only waits.
                    None => shuttle::future::yield_now().await,
                }
            }
        });
        for number in 0..8 {
            stage.bus.emit(plan(number)).await.unwrap();
        }
        removing.await.unwrap();
        stage.bus.shutdown(PATIENT).await;
        let (read, lost) = reading.await.unwrap();
        let mut all: Vec<u64> = read.iter().chain(&lost).copied().collect();
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3, 4, 5, 6, 7, 8], "read {read:?}, lost {lost:?}");
        assert_eq!(stage.bus.counters().lost_to_retention, lost.len() as u64);
        seen.note("lost something", !lost.is_empty());
        seen.note("lost nothing", lost.is_empty());
    });
}
