//! What asking promises: the same answers as the pure rules give over everything on record.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::audit::{Page, Tally, TallyBy};
use domain::{AuditEntry, AuditFilter, AuditLog, LogSpan, RecordedEvent, Sequence};
use proptest::collection::vec as vec_of;
use proptest::test_runner::TestRunner;

use super::generated::{EVENTS, envelopes, filters, generate, pages};
use super::{AuditLogMaker, everything, fresh, page};

/// How many questions are asked.
const QUESTIONS: usize = 400;

pub(super) async fn promises(maker: &dyn AuditLogMaker) {
    an_empty_log_answers(maker).await;
    let mut runner = TestRunner::deterministic();
    let (log, clock) = fresh(maker).await;
    for chunk in generate(&mut runner, envelopes()).chunks(7) {
        clock.advance(TimeDelta::seconds(i64::from(chunk[0].schema_version) - 1));
        let entries: Vec<_> = chunk.iter().cloned().map(AuditEntry::new).collect();
        log.append(&entries).await.unwrap_or_else(|error| panic!("events must append: {error}"));
    }
    let log = maker.reopen(log, clock).await;
    let record = everything(&*log).await;
    assert_eq!(record.len(), EVENTS, "every event is on record");
    single_entries_are_found(&*log, &record).await;
    pages_agree_with_the_filter(&mut runner, &*log, &record).await;
    pages_join_without_a_hole(&*log, &record).await;
    tallies_agree_with_the_filter(&mut runner, &*log, &record).await;
    times_of_recording_are_found(&*log, &record).await;
}

async fn an_empty_log_answers(maker: &dyn AuditLogMaker) {
    let (log, _) = fresh(maker).await;
    assert_eq!(everything(&*log).await, [], "an empty log has an empty page");
    assert_eq!(span(&*log).await, LogSpan::default(), "an empty log has no ends");
    assert_eq!(tally(&*log, &AuditFilter::default(), TallyBy::Type).await, []);
    assert_eq!(last_before(&*log, DateTime::<Utc>::MAX_UTC).await, None);
    let inspection = log.inspect().await.unwrap_or_default();
    assert!(inspection.is_healthy(), "an empty log is healthy: {inspection:?}");
}

async fn single_entries_are_found(log: &dyn AuditLog, record: &[RecordedEvent]) {
    for sequence in [0, 1, EVENTS as u64, EVENTS as u64 + 1, u64::MAX] {
        let expected = record.iter().find(|event| event.sequence.0 == sequence).cloned();
        let found = log.by_sequence(Sequence(sequence)).await.ok();
        assert_eq!(found, Some(expected), "by_sequence finds what is there, and only that");
    }
    for id in ["e1", "e17", "nobody's"] {
        let expected: Vec<_> =
            record.iter().filter(|event| event.envelope.event_id == id).cloned().collect();
        let found = log.by_event_id(id).await.ok();
        assert_eq!(found, Some(expected), "by_event_id finds every source's, by sequence");
    }
    let end = |event: &RecordedEvent| (event.sequence, event.recorded_at);
    let expected = LogSpan {
        first: record.first().map(end),
        last: record.last().map(end),
        entries: EVENTS as u64,
    };
    assert_eq!(span(log).await, expected, "the span tells both ends and how many there are");
    let inspection = log.inspect().await.unwrap_or_default();
    assert!(inspection.is_healthy(), "a log in use is healthy: {inspection:?}");
    let gaps = inspection.facts.iter().find(|fact| fact.what == "gaps");
    assert_eq!(gaps.map(|fact| &*fact.value), Some("none"), "an inspection reports gaps");
}

async fn pages_agree_with_the_filter(
    runner: &mut TestRunner,
    log: &dyn AuditLog,
    record: &[RecordedEvent],
) {
    let mut found_something = 0;
    for (filter, bounds) in generate(runner, vec_of((filters(), pages()), QUESTIONS)) {
        let mut expected: Vec<_> = record
            .iter()
            .filter(|event| filter.matches(event) && bounds.admits(event.sequence))
            .cloned()
            .collect();
        if bounds.reverse {
            expected.reverse();
        }
        expected.truncate(bounds.limit as usize);
        found_something += usize::from(!expected.is_empty());
        let found = page(log, &filter, bounds).await;
        assert_eq!(found, expected, "a page agrees with {filter:?} and {bounds:?}");
    }
    assert!(found_something > QUESTIONS / 10, "the suite must ask for what is there");
}

async fn pages_join_without_a_hole(log: &dyn AuditLog, record: &[RecordedEvent]) {
    let all = AuditFilter::default();
    let (mut forth, mut back) = (Vec::new(), Vec::new());
    loop {
        let after = forth.last().map(|event: &RecordedEvent| event.sequence);
        let next = page(log, &all, Page { after, ..Page::first(37) }).await;
        let before = back.last().map(|event: &RecordedEvent| event.sequence);
        let previous = page(log, &all, Page { before, ..Page::latest(37) }).await;
        if next.is_empty() && previous.is_empty() {
            break;
        }
        forth.extend(next);
        back.extend(previous);
    }
    assert_eq!(forth, record, "pages forward join without a hole");
    back.reverse();
    assert_eq!(back, record, "pages backward join without a hole");
}

async fn tallies_agree_with_the_filter(
    runner: &mut TestRunner,
    log: &dyn AuditLog,
    record: &[RecordedEvent],
) {
    let mut questions = vec![AuditFilter::default()];
    questions.extend(generate(runner, vec_of(filters(), QUESTIONS / 10)));
    for filter in questions {
        for by in [
            TallyBy::Type,
            TallyBy::Context,
            TallyBy::Plan,
            TallyBy::Project,
            TallyBy::Actor,
            TallyBy::User,
            TallyBy::Hour,
            TallyBy::Day,
        ] {
            let mut counts: BTreeMap<Option<String>, u64> = BTreeMap::new();
            for event in record.iter().filter(|event| filter.matches(event)) {
                *counts.entry(by.key(event)).or_default() += 1;
            }
            let mut expected: Vec<_> =
                counts.into_iter().map(|(key, entries)| Tally { key, entries }).collect();
            expected.sort_by_key(|line| {
                (std::cmp::Reverse(line.entries), line.key.is_none(), line.key.clone())
            });
            let found = tally(log, &filter, by).await;
            assert_eq!(found, expected, "a tally by {by:?} agrees with {filter:?}, in its order");
        }
    }
}

async fn times_of_recording_are_found(log: &dyn AuditLog, record: &[RecordedEvent]) {
    let nanosecond = TimeDelta::nanoseconds(1);
    let mut moments = vec![DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC];
    for event in record {
        moments.extend([event.recorded_at, event.recorded_at + nanosecond]);
    }
    moments.dedup();
    for moment in moments {
        let expected = record.iter().rfind(|event| event.recorded_at < moment);
        assert_eq!(
            last_before(log, moment).await,
            expected.map(|event| event.sequence),
            "the last entry recorded before {moment} is found"
        );
    }
}

async fn span(log: &dyn AuditLog) -> LogSpan {
    log.span().await.unwrap_or_else(|error| panic!("a span must be answered: {error}"))
}

async fn tally(log: &dyn AuditLog, filter: &AuditFilter, by: TallyBy) -> Vec<Tally> {
    log.tally(filter, by).await.unwrap_or_else(|error| panic!("a tally must be answered: {error}"))
}

async fn last_before(log: &dyn AuditLog, moment: DateTime<Utc>) -> Option<Sequence> {
    let last = log.last_recorded_before(moment).await;
    last.unwrap_or_else(|error| panic!("a moment must be looked up: {error}"))
}
