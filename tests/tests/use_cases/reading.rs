//! Reading a whole answer page by page, and following the record as it grows.

use std::pin::pin;
use std::sync::Arc;

use application::{follow, read_all};
use chrono::{TimeZone, Utc};
use domain::audit::Page;
use domain::events::{PlanCreated, ToolInvoked};
use domain::{
    AuditAppend, AuditEntry, AuditFilter, AuditRetention, DomainEvent, EventDraft, QueryError,
    Sequence, TypePattern,
};
use futures::{StreamExt, TryStreamExt};
use indelible_tests::fakes::{Gate, ManualClock, UnreadableLog};
use infrastructure::memory::InMemoryAuditLog;

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Utc.with_ymd_and_hms(2026, 7, 1, 9, 0, 0).unwrap()))
}

/// Appends events with these numbers; every third one is a tool's.
async fn append(log: &InMemoryAuditLog, numbers: std::ops::Range<u64>) {
    let entries: Vec<AuditEntry> = numbers
        .map(|n| {
            let draft: EventDraft = if n % 3 == 0 {
                ToolInvoked::sample().into()
            } else {
                PlanCreated::sample().into()
            };
            AuditEntry::new(draft.seal(Utc::now(), || n.to_string(), "/tests").unwrap())
        })
        .collect();
    log.append(&entries).await.unwrap();
}

async fn filled(count: u64) -> Arc<InMemoryAuditLog> {
    let log = Arc::new(InMemoryAuditLog::new(clock()));
    append(&log, 1..count + 1).await;
    log
}

fn tools() -> AuditFilter {
    AuditFilter { types: vec![TypePattern::new("tool.*")], ..AuditFilter::default() }
}

#[tokio::test]
async fn a_long_answer_comes_whole_in_either_order_and_up_to_its_limit() {
    let log = filled(1_700).await;
    let read = |bounds: Page, limit: Option<u64>| {
        let log = Arc::clone(&log);
        async move {
            let events = read_all(log, AuditFilter::default(), bounds, limit);
            let events: Vec<_> = events.try_collect().await.unwrap();
            events.iter().map(|event| event.sequence.0).collect::<Vec<u64>>()
        }
    };
    assert_eq!(read(Page::first(0), None).await, (1..=1_700).collect::<Vec<_>>());
    assert_eq!(read(Page::latest(0), None).await, (1..=1_700).rev().collect::<Vec<_>>());
    assert_eq!(read(Page::first(0), Some(501)).await, (1..=501).collect::<Vec<_>>());
    assert_eq!(
        read(Page::after(Sequence(1_650), 0), None).await,
        (1_651..=1_700).collect::<Vec<_>>()
    );
    assert_eq!(read(Page::first(0), Some(0)).await, Vec::<u64>::new());
}

#[tokio::test]
async fn following_misses_nothing_and_repeats_nothing() {
    let log = filled(700).await;
    let mut events = pin!(follow(Arc::clone(&log), tools(), Sequence(300)));
    let mut seen = Vec::new();
    for (from, until) in [(701, 703), (703, 704), (704, 2_000)] {
        append(&log, from..until).await;
        while seen.last().is_none_or(|last| *last < until - 3) {
            seen.push(events.next().await.unwrap().unwrap().sequence.0);
        }
    }
    let last = *seen.last().unwrap();
    let expected: Vec<u64> = (301..=last).filter(|n| n % 3 == 0).collect();
    assert_eq!(seen, expected);
    assert!(last >= 1_997);
}

#[tokio::test]
async fn what_is_more_than_a_page_is_followed_whole() {
    let log = filled(1_700).await;
    let events = follow(Arc::clone(&log), AuditFilter::default(), Sequence(0)).take(1_700);
    let seen: Vec<_> = events.map_ok(|event| event.sequence.0).try_collect().await.unwrap();
    assert_eq!(seen, (1..=1_700).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_added_while_a_page_is_read_is_followed_once_and_after_it() {
    let (inner, gate) = (filled(2).await, Arc::new(Gate::closed()));
    let log = Arc::new(UnreadableLog::new(Arc::clone(&inner) as _));
    log.hold_pages(Arc::clone(&gate));
    let mut events = pin!(follow(log, AuditFilter::default(), Sequence(0)));
    assert!(futures::poll!(events.next()).is_pending(), "the page is being read");
    append(&inner, 3..5).await;
    gate.open();
    for expected in 1..=4 {
        assert_eq!(events.next().await.unwrap().unwrap().sequence, Sequence(expected));
    }
    assert!(futures::poll!(events.next()).is_pending(), "nothing is told twice");
}

#[tokio::test]
async fn following_waits_for_the_record_and_reads_no_event_while_nothing_is_added() {
    let log = filled(3).await;
    let counted = Arc::new(UnreadableLog::new(Arc::clone(&log) as _));
    let filter = AuditFilter::default();
    let mut events = pin!(follow(Arc::clone(&counted), filter, Sequence(3)));
    assert!(futures::poll!(events.next()).is_pending());
    assert_eq!(counted.pages(), 0, "an event is read only when there is a new one");
    append(&log, 4..5).await;
    assert_eq!(events.next().await.unwrap().unwrap().sequence, Sequence(4));
    assert_eq!(counted.pages(), 1);
}

#[tokio::test]
async fn what_retention_removes_before_it_is_followed_is_said_once_in_its_place() {
    let log = filled(20).await;
    let mut events = pin!(follow(Arc::clone(&log), tools(), Sequence(0)));
    assert_eq!(events.next().await.unwrap().unwrap().sequence, Sequence(3));
    // What was read before it was removed is shown.
    log.remove_oldest(Sequence(20), 100).await.unwrap();
    for expected in [6, 9, 12, 15, 18] {
        assert_eq!(events.next().await.unwrap().unwrap().sequence, Sequence(expected));
    }
    assert!(futures::poll!(events.next()).is_pending(), "nothing was missed that was there");

    append(&log, 21..26).await;
    log.remove_oldest(Sequence(23), 100).await.unwrap();
    let missed = events.next().await.unwrap().unwrap_err();
    let QueryError::Removed { from, through } = missed else { panic!("{missed}") };
    assert_eq!((from, through), (Sequence(21), Sequence(23)));
    assert_eq!(events.next().await.unwrap().unwrap().sequence, Sequence(24));
    assert!(futures::poll!(events.next()).is_pending(), "it is said once");
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_an_error_and_not_an_end() {
    let log = Arc::new(UnreadableLog::new(filled(1).await));
    log.fail_pages(2);
    let filter = AuditFilter::default();
    let read = read_all(Arc::clone(&log), filter.clone(), Page::first(0), None);
    assert!(read.try_collect::<Vec<_>>().await.is_err());
    let mut events = pin!(follow(log, filter, Sequence(0)));
    assert!(events.next().await.unwrap().is_err());
}
