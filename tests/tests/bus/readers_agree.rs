//! Whatever the sizes, the speeds and the interleavings: every reader is told the same, in the order
//! of the record.

use std::sync::Arc;
use std::time::Duration;

use domain::{EventFilter, Sequence, StartAt};
use futures::{FutureExt, StreamExt};
use indelible_tests::expect::{must, soon};
use indelible_tests::fakes::Metered;
use indelible_tests::stage::{Stage, plans};
use infrastructure::bus::BusSettings;
use proptest::prelude::*;
use tokio::sync::Semaphore;

/// One step of a random run.
#[derive(Debug, Clone)]
enum Step {
    /// Emits a batch through the bus, and waits for it.
    Emit(usize),
    /// Has another process record.
    Foreign(usize),
    /// Lets the subscriber handle some events.
    Handle(usize),
    /// Reads some events from one of the streams.
    Read(usize, usize),
    /// Reads a batch from one of the streams.
    ReadBatch(usize),
    /// Lets tasks run.
    Yield(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1usize..7).prop_map(Step::Emit),
        2 => (1usize..3).prop_map(Step::Foreign),
        3 => (1usize..9).prop_map(Step::Handle),
        6 => (0usize..3, 1usize..9).prop_map(|(which, count)| Step::Read(which, count)),
        2 => (0usize..3).prop_map(Step::ReadBatch),
        2 => (1usize..6).prop_map(Step::Yield),
    ];
    proptest::collection::vec(step, 1..80)
}

/// What everybody is told in a run, and what is due to them.
struct Outcome {
    /// What the bus recorded and the subscriber wants, and what it was told.
    subscriber: (Vec<Sequence>, Vec<Sequence>),
    /// For each stream: where it began, what of the record it wants, and what it read.
    streams: Vec<(StartAt, Vec<Sequence>, Vec<Sequence>)>,
}

async fn run(settings: BusSettings, there: usize, steps: Vec<Step>, only_even: bool) -> Outcome {
    let stage = Stage::in_memory(settings);
    stage.record_all();
    stage.record_elsewhere(there).await;
    must(stage.bus.emit_batch(plans(0..there)).await);
    let wanted = move |sequence: Sequence| !only_even || sequence.0.is_multiple_of(2);
    let filter = if only_even {
        EventFilter::all().where_event(move |event| wanted(event.sequence))
    } else {
        EventFilter::all()
    };
    let permits = Arc::new(Semaphore::new(0));
    let metered = Arc::new(Metered::new(Arc::clone(&permits)));
    let _subscription = stage.bus.subscribe(filter.clone(), Arc::clone(&metered) as _);
    let now = stage.sequences().await.len() as u64;
    let starts = [(StartAt::Now, now), (StartAt::Beginning, 0), (StartAt::After(Sequence(3)), 3)];
    let mut streams = starts
        .map(|(start, after)| (start, after, stage.bus.stream(filter.clone(), start), Vec::new()));
    let mut own = Vec::new();
    for step in steps {
        match step {
            Step::Emit(size) => {
                let receipts = must(stage.bus.emit_batch(plans(0..size)).await);
                own.extend(receipts.iter().map(|r| r.sequence).filter(|s| wanted(*s)));
            }
            Step::Foreign(count) => stage.record_elsewhere(count).await,
            Step::Handle(count) => permits.add_permits(count),
            Step::Read(which, count) => {
                let (_, _, stream, read) = &mut streams[which];
                for _ in 0..count {
                    let Some(Some(event)) = stream.next().now_or_never() else { break };
                    read.push(must(event).sequence);
                }
            }
            Step::ReadBatch(which) => {
                let (_, _, stream, read) = &mut streams[which];
                if let Some(Some(batch)) = stream.next_batch().now_or_never() {
                    read.extend(must(batch).iter().map(|event| event.sequence));
                }
            }
            Step::Yield(times) => {
                for _ in 0..times {
                    tokio::task::yield_now().await;
                }
            }
        }
    }
    // Comes last, so that the bus knows of everything that others have recorded.
    let last = must(stage.bus.emit_batch(plans(0..2)).await);
    own.extend(last.iter().map(|r| r.sequence).filter(|s| wanted(*s)));
    permits.add_permits(10_000);
    stage.bus.shutdown(Duration::from_secs(20)).await;
    let record = stage.sequences().await;
    let mut outcome = Outcome { subscriber: (own, metered.probe.sequences()), streams: Vec::new() };
    for (start, after, stream, mut read) in streams {
        read.extend(stream.map(|event| must(event).sequence).collect::<Vec<_>>().await);
        let due = record.iter().copied().filter(|s| s.0 > after && wanted(*s)).collect();
        outcome.streams.push((start, due, read));
    }
    outcome
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_reader_misses_or_repeats_an_event_however_slow_it_is(
        steps in steps(),
        // More than one page of the record, now and then.
        there in prop_oneof![9 => 0usize..9, 1 => 200usize..400],
        reader_buffer in 1usize..9,
        max_batch in 1usize..9,
        queue_capacity in 1usize..4,
        only_even in any::<bool>(),
    ) {
        let settings =
            BusSettings { reader_buffer, max_batch, queue_capacity, ..BusSettings::default() };
        let runtime = must(tokio::runtime::Builder::new_current_thread().enable_all().build());
        let outcome = runtime.block_on(run(settings, there, steps, only_even));
        let (due, told) = outcome.subscriber;
        prop_assert_eq!(told, due, "the subscriber");
        for (start, due, read) in outcome.streams {
            prop_assert_eq!(read, due, "the stream from {:?}", start);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_of_every_speed_agree_while_many_tasks_emit() {
    let stage =
        Stage::in_memory(BusSettings { max_batch: 16, reader_buffer: 5, ..BusSettings::default() });
    stage.record_all();
    let permits: Vec<_> = (0..6).map(|_| Arc::new(Semaphore::new(0))).collect();
    let readers: Vec<_> = permits
        .iter()
        .map(|permits| {
            let metered = Arc::new(Metered::new(Arc::clone(permits)));
            let subscription = stage.bus.subscribe(EventFilter::all(), Arc::clone(&metered) as _);
            (metered, subscription)
        })
        .collect();
    let tasks: Vec<_> = (0..64)
        .map(|task: usize| {
            let (bus, permits) = (Arc::clone(&stage.bus), permits.clone());
            tokio::spawn(async move {
                for number in 0..20 {
                    must(bus.emit_batch(plans(0..1 + number % 2)).await);
                    permits[task % permits.len()].add_permits(number);
                }
            })
        })
        .collect();
    for task in tasks {
        must(task.await);
    }
    let record = stage.sequences().await;
    assert_eq!(record.len(), 64 * 30);
    for ((metered, _subscription), permits) in readers.iter().zip(&permits) {
        permits.add_permits(10_000);
        soon("everything arrives", metered.probe.told(record.len())).await;
        assert_eq!(metered.probe.sequences(), record);
    }
    assert!(stage.bus.counters().fallbacks > 0);
}
