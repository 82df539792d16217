//! A reader that is too slow for its buffer goes back to the record, and rejoins without a hole or
//! a repetition.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use domain::ports::EventStream;
use domain::{AuditLog, Clock, Emit, EventBus, EventFilter, QueryError, Sequence, StartAt};
use futures::{FutureExt, StreamExt};
use indelible_tests::expect::{eventually, must, must_fail, soon};
use indelible_tests::fakes::{Gate, Metered, Probe, UnreadableLog};
use indelible_tests::stage::{Stage, memory_log, plan, plans, tool};
use infrastructure::bus::{BusSettings, ReactiveEventBus};
use tokio::sync::Semaphore;

fn small(reader_buffer: usize) -> BusSettings {
    BusSettings { reader_buffer, ..BusSettings::default() }
}

/// What a stream has next: an event's place, or the ends of what was removed.
async fn item(stream: &mut EventStream) -> Result<u64, (u64, u64)> {
    match soon("the stream goes on", stream.next()).await {
        Some(Ok(event)) => Ok(event.sequence.0),
        Some(Err(QueryError::Removed { from, through })) => Err((from.0, through.0)),
        other => panic!("{other:?}"),
    }
}

/// Everything a stream has at the moment.
async fn at_hand(stream: &mut EventStream) -> Vec<u64> {
    let mut found = Vec::new();
    loop {
        // A turn of its own each time: a reader that always finds something pauses by itself.
        tokio::task::yield_now().await;
        let Some(Some(event)) = stream.next().now_or_never() else { return found };
        found.push(must(event).sequence.0);
    }
}

#[tokio::test]
async fn a_reader_keeps_up_with_what_fits_its_buffer() {
    let log = Arc::new(UnreadableLog::new(memory_log().1));
    let stage = Stage::over(Arc::clone(&log) as _, small(10));
    stage.record_all();
    let mut stream = stage.bus.stream(EventFilter::all(), StartAt::Now);
    for number in 0..10 {
        must(stage.bus.emit(plan(number)).await);
    }
    assert_eq!(at_hand(&mut stream).await, (1..=10).collect::<Vec<_>>());
    // A batch larger than the whole buffer is kept when nothing else waits: it is there anyway.
    must(stage.bus.emit_batch(plans(0..50)).await);
    assert_eq!(at_hand(&mut stream).await, (11..=60).collect::<Vec<_>>());
    // What has been taken out counts no more.
    for number in 0..10 {
        must(stage.bus.emit(plan(number)).await);
    }
    assert_eq!(at_hand(&mut stream).await, (61..=70).collect::<Vec<_>>());
    assert_eq!((stage.bus.counters().fallbacks, log.pages()), (0, 0));
}

#[tokio::test]
async fn what_a_stream_does_not_want_takes_no_place_in_its_buffer() {
    let log = Arc::new(UnreadableLog::new(memory_log().1));
    let stage = Stage::over(Arc::clone(&log) as _, small(10));
    stage.record_all();
    let wanted = |event: &domain::RecordedEvent| event.sequence.0 > 2;
    let mut stream = stage.bus.stream(EventFilter::all().where_event(wanted), StartAt::Now);
    must(stage.bus.emit_batch(plans(0..2)).await);
    must(stage.bus.emit_batch(plans(2..50)).await);
    assert_eq!(at_hand(&mut stream).await, (3..=50).collect::<Vec<_>>());
    assert_eq!((stage.bus.counters().fallbacks, log.pages()), (0, 0));
}

#[tokio::test]
async fn a_reader_that_falls_behind_goes_back_to_the_record_and_rejoins() {
    let log = Arc::new(UnreadableLog::new(memory_log().1));
    let stage = Stage::over(Arc::clone(&log) as _, small(3));
    stage.record_all();
    let mut stream = stage.bus.stream(EventFilter::all(), StartAt::Now);
    for number in 0..700 {
        must(stage.bus.emit(plan(number)).await);
    }
    assert_eq!(at_hand(&mut stream).await, (1..=700).collect::<Vec<_>>());
    // 697 events are three pages, and the last one says by its length that it is the last.
    assert_eq!((stage.bus.counters().fallbacks, log.pages()), (1, 3));
    must(stage.bus.emit(plan(700)).await);
    assert_eq!(at_hand(&mut stream).await, [701]);
    assert_eq!((stage.bus.counters().fallbacks, log.pages()), (1, 3), "it is live again");
}

#[tokio::test]
async fn what_other_processes_record_is_shown_to_streams_and_not_to_subscribers() {
    let stage = Stage::in_memory(small(1));
    stage.record_all();
    let gate = Arc::new(Gate::closed());
    let (slow_probe, _slow) =
        stage.watch_with(EventFilter::all(), Probe::new("slow").behind(Arc::clone(&gate)));
    let (quick_probe, _quick) = stage.watch("quick");
    let mut slow = stage.bus.stream(EventFilter::all(), StartAt::Now);
    let mut quick = stage.bus.stream(EventFilter::all(), StartAt::Now);
    let (mut own, mut told) = (Vec::new(), Vec::new());
    for round in 0..5 {
        stage.record_elsewhere(round % 3).await;
        let receipts = must(stage.bus.emit_batch(plans(0..2)).await);
        own.extend(receipts.iter().map(|receipt| receipt.sequence));
        told.extend(at_hand(&mut quick).await);
    }
    stage.record_elsewhere(1).await;
    let record = stage.sequences().await;
    let all: Vec<u64> = record.iter().map(|sequence| sequence.0).collect();
    assert_eq!(all.len(), 10 + 5);
    while told.len() < all.len() {
        told.push(must(item(&mut quick).await));
    }
    assert_eq!(told, all, "a stream, live");
    assert_eq!(at_hand(&mut slow).await, all, "a stream, catching up");
    gate.open();
    soon("the subscribers are told", slow_probe.told(own.len())).await;
    soon("the subscribers are told", quick_probe.told(own.len())).await;
    assert_eq!((slow_probe.sequences(), quick_probe.sequences()), (own.clone(), own));
}

#[tokio::test]
async fn a_stream_tells_that_the_record_cannot_be_read_and_goes_on_where_it_was() {
    let log = Arc::new(UnreadableLog::new(memory_log().1));
    let stage = Stage::over(Arc::clone(&log) as _, small(1));
    stage.record_all();
    let mut stream = stage.bus.stream(EventFilter::all(), StartAt::Now);
    for number in 0..600 {
        must(stage.bus.emit(plan(number)).await);
    }
    let (mut told, mut errors) = (Vec::new(), 0);
    log.fail_pages(2);
    while told.len() < 600 {
        match soon("the stream goes on", stream.next()).await {
            Some(Ok(event)) => told.push(event.sequence.0),
            Some(Err(error)) => {
                assert!(error.to_string().contains("was told to fail"), "{error}");
                errors += 1;
            }
            None => panic!("the stream ended"),
        }
        if told.len() == 300 && errors == 2 {
            // Once more, between two pages.
            log.fail_pages(1);
        }
    }
    assert_eq!(told, (1..=600).collect::<Vec<_>>());
    assert_eq!(errors, 3);
}

#[tokio::test]
async fn a_subscriber_asks_an_unreadable_record_again_after_ever_longer_pauses() {
    let (clock, inner) = memory_log();
    let log = Arc::new(UnreadableLog::new(inner));
    let bus: Arc<dyn EventBus> = Arc::new(ReactiveEventBus::new(
        small(1),
        Arc::clone(&clock) as Arc<dyn Clock>,
        Arc::clone(&log) as _,
    ));
    let stage = Stage { bus, log: Arc::clone(&log) as _ };
    stage.record_all();
    let gate = Arc::new(Gate::closed());
    let (probe, _subscription) =
        stage.watch_with(EventFilter::all(), Probe::new("slow").behind(Arc::clone(&gate)));
    for number in 0..10 {
        must(stage.bus.emit(plan(number)).await);
    }
    let before = clock.now();
    log.fail_pages(9);
    gate.open();
    soon("everything arrives", probe.told(10)).await;
    assert_eq!(probe.sequences(), stage.sequences().await);
    // 50 ms, doubled up to 3.2 s, then 5 s twice.
    assert_eq!(clock.now() - before, TimeDelta::milliseconds(6_350 + 2 * 5_000));
    assert_eq!(stage.bus.counters().handler_failures, 0);
}

#[tokio::test]
async fn a_record_whose_growth_cannot_be_asked_for_is_asked_again_after_ever_longer_pauses() {
    let (clock, inner) = memory_log();
    let log = Arc::new(UnreadableLog::new(inner));
    let bus: Arc<dyn EventBus> = Arc::new(ReactiveEventBus::new(
        small(10),
        Arc::clone(&clock) as Arc<dyn Clock>,
        Arc::clone(&log) as _,
    ));
    let stage = Stage { bus, log: Arc::clone(&log) as _ };
    stage.record_all();
    let before = clock.now();
    // The stream itself cannot tell where the record ends, nor can the bus at first.
    log.fail_ends(9);
    let mut stream = stage.bus.stream(EventFilter::all(), StartAt::Now);
    eventually("it is asked again", || log.ends_to_fail() == 0).await;
    // 50 ms, doubled up to 3.2 s, after each failure but the stream's own.
    assert!(clock.now() - before >= TimeDelta::milliseconds(6_350), "{}", clock.now() - before);
    stage.record_elsewhere(1).await;
    let first = must(stage.bus.emit(plan(1)).await).sequence.0;
    while item(&mut stream).await != Ok(first) {}
    log.fail_ends(3);
    stage.record_elsewhere(1).await;
    assert_eq!(item(&mut stream).await, Ok(first + 1), "what others record is told all the same");
    eventually("it is asked again", || log.ends_to_fail() == 0).await;
    stage.record_elsewhere(1).await;
    assert_eq!(item(&mut stream).await, Ok(first + 2));
}

#[tokio::test]
async fn a_stream_whose_beginning_cannot_be_found_says_so_and_looks_again() {
    let log = Arc::new(UnreadableLog::new(memory_log().1));
    let stage = Stage::over(Arc::clone(&log) as _, small(10));
    stage.record_all();
    must(stage.bus.emit_batch(plans(0..3)).await);
    for start in [StartAt::Beginning, StartAt::After(Sequence(0))] {
        let mut stream = stage.bus.stream(EventFilter::all(), start);
        // Until the bus waits for the record to grow, and asks no more.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        log.fail_ends(1);
        let error = must_fail(soon("it says so", stream.next()).await.unwrap_or_else(|| panic!()));
        assert!(matches!(error, QueryError::Storage(_)), "{error}");
        assert_eq!(at_hand(&mut stream).await, [1, 2, 3]);
    }
}

#[tokio::test]
async fn a_predicate_chooses_while_catching_up_as_it_does_live() {
    let stage = Stage::in_memory(small(1));
    stage.record_all();
    let even = EventFilter::context("plan").where_event(|event| {
        assert!(event.sequence.0 != 12, "this predicate panics");
        event.sequence.0.is_multiple_of(2)
    });
    let mut stream = stage.bus.stream(even, StartAt::Now);
    for number in 0..20 {
        let draft = if number % 5 == 0 { tool(number) } else { plan(number) };
        must(stage.bus.emit(draft).await);
    }
    assert_eq!(at_hand(&mut stream).await, [2, 4, 8, 10, 14, 18, 20]);
    assert_eq!(stage.bus.counters().handler_panics, 1, "asked once: it was not live by then");
    assert_eq!(stage.bus.counters().fallbacks, 1);
}

#[tokio::test]
async fn unsubscribing_in_the_middle_of_catching_up_ends_it() {
    let stage = Stage::in_memory(small(1));
    stage.record_all();
    let permits = Arc::new(Semaphore::new(0));
    let metered = Arc::new(Metered::new(Arc::clone(&permits)));
    let subscription = stage.bus.subscribe(EventFilter::all(), Arc::clone(&metered) as _);
    for number in 0..50 {
        must(stage.bus.emit(plan(number)).await);
    }
    permits.add_permits(10);
    soon("it is catching up", metered.probe.told(10)).await;
    assert_eq!(stage.bus.counters().fallbacks, 1);
    drop(subscription);
    eventually("the handler is given up", || Arc::strong_count(&metered) == 1).await;
    permits.add_permits(100);
    tokio::task::yield_now().await;
    assert_eq!(metered.probe.events().len(), 10);
}

#[tokio::test]
async fn a_stream_says_once_and_in_its_place_what_was_removed_and_goes_on() {
    let stage = Stage::in_memory(small(1));
    stage.record_all();
    let mut stream = stage.bus.stream(EventFilter::all(), StartAt::Now);
    for number in 0..600 {
        must(stage.bus.emit(plan(number)).await);
    }
    assert_eq!((item(&mut stream).await, item(&mut stream).await), (Ok(1), Ok(2)));
    // The first page, 2 to 257, is in hand.
    must(stage.log.remove_oldest(Sequence(300), 1_000).await);
    let mut told = Vec::new();
    for _ in 3..=258 {
        told.push(item(&mut stream).await);
    }
    assert_eq!(told.pop(), Some(Err((258, 300))));
    assert_eq!(told, (3..=257).map(Ok).collect::<Vec<_>>());
    assert_eq!(at_hand(&mut stream).await, (301..=600).collect::<Vec<_>>());
    assert_eq!(stage.bus.counters().lost_to_retention, 43);
}

#[tokio::test]
async fn only_what_was_still_to_be_read_counts_as_lost() {
    // 1 waits in the buffer; 3 and 6 are another process's; the others are to be read on record.
    // What a stream is told, and how many events it and a subscriber have lost.
    for (through, lost, lost_to_both) in
        [(1, None, 0), (3, Some((2, 3)), 2), (6, Some((2, 6)), 5 + 2)]
    {
        let stage = Stage::in_memory(small(1));
        stage.record_all();
        let gate = Arc::new(Gate::closed());
        let (probe, _subscription) =
            stage.watch_with(EventFilter::all(), Probe::new("slow").behind(Arc::clone(&gate)));
        let mut stream = stage.bus.stream(EventFilter::all(), StartAt::Now);
        must(stage.bus.emit_batch(plans(0..1)).await);
        gate.arrived(1).await;
        must(stage.bus.emit_batch(plans(1..2)).await);
        stage.record_elsewhere(1).await;
        // The subscriber has 1 in hand and 2 in its buffer.
        must(stage.bus.emit_batch(plans(2..4)).await);
        stage.record_elsewhere(1).await;
        must(stage.bus.emit(plan(4)).await);
        must(stage.log.remove_oldest(Sequence(through), 100).await);
        assert_eq!(item(&mut stream).await, Ok(1));
        if let Some(lost) = lost {
            assert_eq!(item(&mut stream).await, Err(lost), "through {through}");
        }
        let left: Vec<u64> = (2..=7).filter(|place| *place > through).collect();
        assert_eq!(at_hand(&mut stream).await, left, "through {through}");
        gate.open();
        stage.bus.settled().await;
        let own = [1, 2, 4, 5, 7].into_iter().filter(|place| *place < 3 || *place > through);
        assert_eq!(probe.sequences(), own.map(Sequence).collect::<Vec<_>>(), "through {through}");
        let counted = stage.bus.counters().lost_to_retention;
        assert_eq!(counted, lost_to_both, "through {through}");
    }
}

#[tokio::test]
async fn what_was_removed_is_told_also_when_nothing_wanted_is_left() {
    let stage = Stage::in_memory(small(1));
    stage.record_all();
    let mut stream = stage.bus.stream(EventFilter::context("tool"), StartAt::Now);
    for number in 0..5 {
        must(stage.bus.emit(tool(number)).await);
    }
    must(stage.bus.emit(plan(5)).await);
    must(stage.log.remove_oldest(Sequence(5), 100).await);
    assert_eq!(item(&mut stream).await, Ok(1));
    assert_eq!(item(&mut stream).await, Err((2, 5)));
    must(stage.bus.emit(tool(6)).await);
    assert_eq!(at_hand(&mut stream).await, [7]);
    assert_eq!(stage.bus.counters().lost_to_retention, 4);
}

#[tokio::test]
async fn a_log_that_panics_over_its_ends_harms_neither_the_bus_nor_its_streams() {
    let (_, inner) = memory_log();
    let log = Arc::new(UnreadableLog::new(inner));
    let stage = Stage::over(Arc::clone(&log) as Arc<dyn AuditLog>, BusSettings::default());
    stage.record_all();
    let mut stream = stage.bus.stream(EventFilter::all(), StartAt::Now);
    for number in 0..4 {
        if number == 1 {
            // The stream has joined, so that the bus alone asks from here on.
            log.panic_over_ends(2);
        }
        must(stage.bus.emit(plan(number)).await);
        let event = soon("the stream goes on", stream.next()).await;
        assert_eq!(must(event.unwrap()).sequence.0, number as u64 + 1);
    }
    assert!(!stage.bus.condition().shut_down);
    stage.bus.shutdown(Duration::from_mins(10)).await;
    assert!(soon("the stream ends", stream.next()).await.is_none());
}

#[tokio::test]
async fn a_page_that_is_asked_for_is_answered_also_while_nobody_polls_the_stream() {
    let log = Arc::new(UnreadableLog::new(memory_log().1));
    let stage = Stage::over(Arc::clone(&log) as _, small(3));
    stage.record_all();
    must(stage.bus.emit_batch(plans(0..5)).await);
    let gate = Arc::new(Gate::closed());
    log.hold_pages(Arc::clone(&gate));
    let mut stream = stage.bus.stream(EventFilter::all(), StartAt::Beginning);
    assert!(stream.next().now_or_never().is_none());
    gate.open();
    soon("the page is answered", log.answered(1)).await;
    assert_eq!(at_hand(&mut stream).await, [1, 2, 3, 4, 5]);
    assert_eq!(log.pages(), 1);

    gate.close();
    let mut given_up = stage.bus.stream(EventFilter::all(), StartAt::Beginning);
    assert!(given_up.next().now_or_never().is_none());
    drop(given_up);
    eventually("the page is given up", || Arc::strong_count(&gate) == 2).await;
}
