//! Any history of a log: steps made at random, taken on the adapter and on a plain list, which must
//! agree after each of them.
//!
//! Deliberately absent: doing several things at once, where a list would not know the order.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::audit::{Page, TallyBy};
use domain::{AppendError, AuditEntry, AuditFilter, AuditLog, EventEnvelope};
use proptest::prelude::*;

use super::generated::{an_envelope, filters, pages, tally_keys};
use super::model::Model;
use super::query::{at, last_before, span, tally, with_id};
use super::retention::remove;
use super::{AuditLogMaker, everything, fresh, page, restarted};
use crate::contract::cases::for_all;
use crate::fakes::ManualClock;

/// How many histories are tried unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 24;

/// No history of these lengths has more entries.
const MOST: u64 = 60;

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<EventEnvelope>),
    /// One of these has a time that cannot be stored.
    AppendUnwritable(Vec<EventEnvelope>, usize),
    /// By so many nanoseconds, forwards or backwards.
    MoveTheClock(i64),
    Remove {
        through: u64,
        limit: u32,
    },
    Restart,
    AskForPage(AuditFilter, Page),
    AskForTally(AuditFilter, TallyBy),
    AskForPlace(u64),
    AskForId(String),
    /// This many nanoseconds after the entry at this place among those there are.
    AskForTime(usize, i64),
}

fn batches() -> impl Strategy<Value = Vec<EventEnvelope>, Tree: Send> {
    // Few ids, so that repeats are frequent, and two sources that use the same ones.
    let identified =
        (an_envelope(), 0..12_u8, 0..2_u8).prop_map(|(envelope, id, source)| EventEnvelope {
            event_id: format!("e{id}"),
            source: format!("urn:source:{source}"),
            ..envelope
        });
    prop::collection::vec(identified, 0..6)
}

fn steps() -> impl Strategy<Value = Vec<Step>, Tree: Send> {
    let through = prop_oneof![9 => 0..MOST, 1 => Just(u64::MAX)];
    // Where everything is asked for, bounds and limits matter; where little is, the filter does.
    let all_or_some = || prop_oneof![Just(AuditFilter::default()), filters()];
    let limit = prop_oneof![4 => 0..6_u32, 1 => Just(u32::MAX)];
    let step = prop_oneof![
        8 => batches().prop_map(Step::Append),
        1 => (batches(), 0..6_usize).prop_map(|(batch, at)| Step::AppendUnwritable(batch, at)),
        4 => prop_oneof![-3_i64..4, -90_000_000_000_i64..4_000_000_000_000]
            .prop_map(Step::MoveTheClock),
        3 => (through, limit).prop_map(|(through, limit)| Step::Remove { through, limit }),
        1 => Just(Step::Restart),
        4 => (all_or_some(), pages(MOST)).prop_map(|(filter, page)| Step::AskForPage(filter, page)),
        2 => (all_or_some(), prop::sample::select(tally_keys().to_vec()))
            .prop_map(|(filter, by)| Step::AskForTally(filter, by)),
        1 => (0..MOST).prop_map(Step::AskForPlace),
        1 => (0..13_u8).prop_map(|id| Step::AskForId(format!("e{id}"))),
        2 => (0..60_usize, -2_i64..3).prop_map(|(n, after)| Step::AskForTime(n, after)),
    ];
    prop::collection::vec(step, 1..24)
}

pub(super) async fn any_history_agrees_with_a_plain_list(maker: &dyn AuditLogMaker) {
    for_all(CASES, steps(), |steps| Box::pin(play(maker, steps))).await;
}

async fn play(maker: &dyn AuditLogMaker, steps: Vec<Step>) {
    let (log, clock) = fresh(maker).await;
    let mut played = Played { maker, log, clock, model: Model::default() };
    for (number, step) in steps.into_iter().enumerate() {
        played.take(number, step).await;
    }
}

/// A history under way.
struct Played<'a> {
    maker: &'a dyn AuditLogMaker,
    log: Arc<dyn AuditLog>,
    clock: Arc<ManualClock>,
    model: Model,
}

impl Played<'_> {
    async fn take(&mut self, number: usize, step: Step) {
        let log = &*self.log;
        let model = &mut self.model;
        match step {
            Step::Append(batch) => {
                let batch: Vec<_> = batch.into_iter().map(AuditEntry::new).collect();
                let expected = model.append(&batch, now(&self.clock));
                let receipts = super::append(log, &batch).await;
                assert_eq!(receipts, expected, "step {number}: the receipts");
            }
            Step::AppendUnwritable(mut batch, at) => {
                let Some(last) = batch.len().checked_sub(1) else { return };
                batch[at.min(last)].occurred_at = DateTime::<Utc>::MAX_UTC;
                let batch: Vec<_> = batch.into_iter().map(AuditEntry::new).collect();
                let outcome = log.append(&batch).await;
                let refused = matches!(outcome, Err(AppendError::Storage(_)));
                assert!(refused, "step {number}: a batch that cannot be stored: {outcome:?}");
            }
            Step::MoveTheClock(nanoseconds) => {
                self.clock.advance(TimeDelta::nanoseconds(nanoseconds));
                return;
            }
            Step::Remove { through, limit } => {
                let expected = model.remove_oldest(through, limit);
                assert_eq!(remove(log, through, limit).await, expected, "step {number}: removed");
            }
            Step::Restart => {
                let log = Arc::clone(&self.log);
                self.log = restarted(self.maker, log, Arc::clone(&self.clock)).await;
            }
            question => return self.ask(number, question).await,
        }
        assert_eq!(everything(&*self.log).await, self.model.record, "step {number}: the record");
        assert_eq!(span(&*self.log).await, self.model.span(), "step {number}: the span");
    }

    async fn ask(&self, number: usize, question: Step) {
        let (log, model) = (&*self.log, &self.model);
        match question {
            Step::AskForPage(filter, bounds) => {
                let expected = model.page(&filter, bounds);
                assert_eq!(page(log, &filter, bounds).await, expected, "step {number}: the page");
            }
            Step::AskForTally(filter, by) => {
                let expected = model.tally(&filter, by);
                assert_eq!(tally(log, &filter, by).await, expected, "step {number}: the tally");
            }
            Step::AskForPlace(place) => {
                let expected = model.by_sequence(place);
                assert_eq!(at(log, place).await, expected, "step {number}: the entry at a place");
            }
            Step::AskForId(id) => {
                let expected = model.by_event_id(&id);
                assert_eq!(with_id(log, &id).await, expected, "step {number}: the entries of {id}");
            }
            Step::AskForTime(place, after) => {
                let Some(last) = model.record.len().checked_sub(1) else { return };
                let event = &model.record[place.min(last)];
                let moment = event.recorded_at + TimeDelta::nanoseconds(after);
                let expected = model.last_recorded_before(moment);
                let found = last_before(log, moment).await;
                assert_eq!(found, expected, "step {number}: the last entry before {moment}");
            }
            _ => {}
        }
    }
}

fn now(clock: &ManualClock) -> DateTime<Utc> {
    domain::Clock::now(clock)
}
