//! What asking promises: the same answers as the pure rules give over everything on record.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::audit::{Page, Tally, TallyBy};
use domain::{AuditEntry, AuditFilter, AuditLog, LogSpan, RecordedEvent, Sequence};
use proptest::collection::vec as vec_of;

use super::generated::{EVENTS, envelopes, filters, pages, tally_keys};
use super::model::Model;
use super::{AuditLogMaker, everything, fresh, page, restarted};
use crate::contract::cases::{generate, runner};

/// How many questions are asked.
const QUESTIONS: usize = 400;

/// A log that holds a little of everything, opened again, and the model of it.
async fn full(maker: &dyn AuditLogMaker) -> (Arc<dyn AuditLog>, Model) {
    let (log, clock) = fresh(maker).await;
    for chunk in generate(&mut runner(), envelopes()).chunks(7) {
        clock.advance(TimeDelta::seconds(i64::from(chunk[0].schema_version) - 1));
        let entries: Vec<_> = chunk.iter().cloned().map(AuditEntry::new).collect();
        super::append(&*log, &entries).await;
    }
    let log = restarted(maker, log, clock).await;
    let record = everything(&*log).await;
    assert_eq!(record.len(), EVENTS, "every event is on record");
    (log, Model { record })
}

pub(super) async fn an_empty_log_answers(maker: &dyn AuditLogMaker) {
    let (log, _) = fresh(maker).await;
    assert_eq!(everything(&*log).await, [], "an empty log has an empty page");
    assert_eq!(span(&*log).await, LogSpan::default(), "an empty log has no ends");
    assert_eq!(tally(&*log, &AuditFilter::default(), TallyBy::Type).await, [], "nothing to count");
    assert_eq!(last_before(&*log, DateTime::<Utc>::MAX_UTC).await, None, "nothing was recorded");
    assert_eq!(at(&*log, 1).await, None, "no place is taken");
    assert_eq!(with_id(&*log, "e1").await, [], "no id is known");
    assert_healthy(&*log).await;
}

pub(super) async fn an_entry_is_found_by_its_place(maker: &dyn AuditLogMaker) {
    let (log, model) = full(maker).await;
    for sequence in [0, 1, 2, EVENTS as u64, EVENTS as u64 + 1, u64::MAX] {
        let found = at(&*log, sequence).await;
        assert_eq!(found, model.by_sequence(sequence), "by_sequence finds {sequence}, and only it");
    }
}

pub(super) async fn entries_are_found_by_event_id(maker: &dyn AuditLogMaker) {
    let (log, model) = full(maker).await;
    for id in ["e1", "e17", "nobody's", "E1", ""] {
        let found = with_id(&*log, id).await;
        assert_eq!(found, model.by_event_id(id), "by_event_id finds every source's `{id}`");
    }
}

pub(super) async fn the_span_tells_both_ends_and_how_many(maker: &dyn AuditLogMaker) {
    let (log, model) = full(maker).await;
    assert_eq!(span(&*log).await, model.span(), "the span tells both ends and how many there are");
}

pub(super) async fn an_inspection_reports_gaps(maker: &dyn AuditLogMaker) {
    let (log, _) = full(maker).await;
    assert_healthy(&*log).await;
    let inspection = log.inspect().await.unwrap_or_default();
    let gaps = inspection.facts.iter().find(|fact| fact.what == "gaps");
    assert_eq!(
        gaps.map(|fact| &*fact.value),
        Some("none"),
        "an inspection reports gaps, under the fact `gaps`: {inspection:?}"
    );
}

pub(super) async fn pages_agree_with_the_filter(maker: &dyn AuditLogMaker) {
    let (log, model) = full(maker).await;
    let questions = vec_of((filters(), pages(EVENTS as u64 + 1)), QUESTIONS);
    let mut found_something = 0;
    for (filter, bounds) in generate(&mut runner(), questions) {
        let expected = model.page(&filter, bounds);
        found_something += usize::from(!expected.is_empty());
        let found = page(&*log, &filter, bounds).await;
        assert_eq!(found, expected, "a page agrees with {filter:?} and {bounds:?}");
    }
    assert!(found_something > QUESTIONS / 10, "the suite must ask for what is there");
}

pub(super) async fn pages_join_without_a_hole(maker: &dyn AuditLogMaker) {
    let (log, Model { record }) = full(maker).await;
    let all = AuditFilter::default();
    let (mut forth, mut back) = (Vec::new(), Vec::new());
    // More rounds than it takes, so that a log that repeats itself fails rather than goes on.
    for _ in 0..EVENTS {
        let after = forth.last().map(|event: &RecordedEvent| event.sequence);
        let next = page(&*log, &all, Page { after, ..Page::first(37) }).await;
        let before = back.last().map(|event: &RecordedEvent| event.sequence);
        let previous = page(&*log, &all, Page { before, ..Page::latest(37) }).await;
        if next.is_empty() && previous.is_empty() {
            break;
        }
        forth.extend(next);
        back.extend(previous);
    }
    let joined =
        |pages: &[RecordedEvent]| -> Vec<_> { pages.iter().map(|event| event.sequence).collect() };
    let expected = joined(&record);
    assert_eq!(joined(&forth), expected, "pages forward join without a hole");
    back.reverse();
    assert_eq!(joined(&back), expected, "pages backward join without a hole");
}

pub(super) async fn tallies_agree_with_the_filter(maker: &dyn AuditLogMaker) {
    let (log, model) = full(maker).await;
    let mut questions = vec![AuditFilter::default()];
    questions.extend(generate(&mut runner(), vec_of(filters(), QUESTIONS / 10)));
    for filter in questions {
        for by in tally_keys() {
            let found = tally(&*log, &filter, by).await;
            let expected = model.tally(&filter, by);
            assert_eq!(found, expected, "a tally by {by:?} agrees with {filter:?}, in its order");
        }
    }
}

pub(super) async fn times_of_recording_are_found(maker: &dyn AuditLogMaker) {
    let (log, model) = full(maker).await;
    let nanosecond = TimeDelta::nanoseconds(1);
    let mut moments = vec![DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC];
    for event in &model.record {
        moments.extend([event.recorded_at, event.recorded_at + nanosecond]);
    }
    moments.dedup();
    for moment in moments {
        let expected = model.last_recorded_before(moment);
        let found = last_before(&*log, moment).await;
        assert_eq!(found, expected, "the last entry recorded before {moment} is found");
    }
}

pub(super) async fn assert_healthy(log: &dyn AuditLog) {
    match log.inspect().await {
        Ok(inspection) => assert!(inspection.is_healthy(), "a log in order: {inspection:?}"),
        Err(error) => panic!("an inspection must be answered: {error}"),
    }
}

pub(super) async fn at(log: &dyn AuditLog, sequence: u64) -> Option<RecordedEvent> {
    let found = log.by_sequence(Sequence(sequence)).await;
    found.unwrap_or_else(|error| panic!("a place must be looked up: {error}"))
}

pub(super) async fn with_id(log: &dyn AuditLog, event_id: &str) -> Vec<RecordedEvent> {
    let found = log.by_event_id(event_id).await;
    found.unwrap_or_else(|error| panic!("an id must be looked up: {error}"))
}

pub(super) async fn span(log: &dyn AuditLog) -> LogSpan {
    log.span().await.unwrap_or_else(|error| panic!("a span must be answered: {error}"))
}

pub(super) async fn tally(log: &dyn AuditLog, filter: &AuditFilter, by: TallyBy) -> Vec<Tally> {
    log.tally(filter, by).await.unwrap_or_else(|error| panic!("a tally must be answered: {error}"))
}

pub(super) async fn last_before(log: &dyn AuditLog, moment: DateTime<Utc>) -> Option<Sequence> {
    let last = log.last_recorded_before(moment).await;
    last.unwrap_or_else(|error| panic!("a moment must be looked up: {error}"))
}
