//! A log that hands everything on to a sound one, but for its flaw.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::audit::retention::Prefix;
use domain::audit::{Page, Tally, TallyBy, TimeSpan};
use domain::ports::{
    AppendError, AuditAppend, AuditInspect, AuditQuery, AuditRetention, Inspection, QueryError,
    RetentionError,
};
use domain::{
    AuditEntry, AuditFilter, AuditLog, Clock, EventEnvelope, LogSpan, Receipt, ReceiptStatus,
    RecordedEvent, Sequence,
};
use indelible_tests::fakes::{ManualClock, RefusedByFake};
use serde_json::{Number, Value};

use super::{Flaw, growing::Heard};

/// What is put behind an id so that the sound log takes a repeat for another event.
const APART: char = '\u{1}';

pub(super) struct Flawed {
    inner: Arc<dyn AuditLog>,
    clock: Arc<ManualClock>,
    flaw: Flaw,
    state: Mutex<State>,
    heard: Heard,
}

/// What the flaws remember.
#[derive(Default)]
struct State {
    first: HashMap<String, Receipt>,
    latest: HashMap<u64, EventEnvelope>,
    stamped: HashMap<u64, DateTime<Utc>>,
    hidden: u64,
    removing: bool,
    repeats: usize,
    newest: Option<Sequence>,
}

impl Flawed {
    pub(super) fn over(inner: Arc<dyn AuditLog>, clock: Arc<ManualClock>, flaw: Flaw) -> Self {
        Self { inner, clock, flaw, state: Mutex::default(), heard: Heard::default() }
    }

    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// An event as it is shown.
    fn shown(&self, mut event: RecordedEvent) -> Option<RecordedEvent> {
        let state = self.state();
        if event.sequence.0 <= state.hidden {
            return None;
        }
        if let Some(latest) = state.latest.get(&event.sequence.0) {
            event.envelope.clone_from(latest);
        }
        if let Some(stamped) = state.stamped.get(&event.sequence.0) {
            event.recorded_at = *stamped;
        }
        event.sequence = self.place(event.sequence);
        undo(&mut event.envelope.event_id);
        match self.flaw {
            Flaw::LosesTheTrace => event.envelope.trace_id = None,
            Flaw::RoundsNumbers => event.envelope.details.values_mut().for_each(rounded),
            _ => {}
        }
        Some(event)
    }

    fn place(&self, Sequence(place): Sequence) -> Sequence {
        Sequence(if self.is(Flaw::LeavesGaps) { place + place / 100 } else { place })
    }

    fn all_shown(&self, events: Vec<RecordedEvent>) -> Vec<RecordedEvent> {
        events.into_iter().filter_map(|event| self.shown(event)).collect()
    }

    /// A batch as the sound log is given it.
    fn given(&self, batch: &[AuditEntry]) -> Vec<AuditEntry> {
        let mut seen = HashSet::new();
        let mut given: Vec<_> = batch.to_vec();
        for entry in &mut given {
            let mut envelope = entry.envelope().clone();
            let repeats = match self.flaw {
                Flaw::RecordsRepeats => true,
                Flaw::RecordsRepeatsInABatch => !seen.insert(envelope.event_id.clone()),
                _ => false,
            };
            if repeats {
                let mut state = self.state();
                state.repeats += 1;
                envelope.event_id = format!("{}{APART}{}", envelope.event_id, state.repeats);
                *entry = AuditEntry::new(envelope);
            }
        }
        if self.is(Flaw::AppendsBackwards) {
            given.reverse();
        }
        given
    }

    /// Receipts as they are told.
    fn told(&self, batch: &[AuditEntry], mut receipts: Vec<Receipt>) -> Vec<Receipt> {
        let mut state = self.state();
        for (receipt, entry) in receipts.iter_mut().zip(batch) {
            let known = receipt.status == ReceiptStatus::AlreadyOnRecord;
            match self.flaw {
                Flaw::TellsWhenItHappened => receipt.recorded_at = entry.envelope().occurred_at,
                Flaw::TellsRepeatsTheTimeOfNow if known => receipt.recorded_at = self.clock.now(),
                Flaw::LetsTheLastOneWin if known => {
                    state.latest.insert(receipt.sequence.0, entry.envelope().clone());
                }
                Flaw::TrustsTheClock if !known => {
                    receipt.recorded_at = self.clock.now();
                    state.stamped.insert(receipt.sequence.0, receipt.recorded_at);
                }
                _ => {}
            }
            receipt.sequence = self.place(receipt.sequence);
            undo(&mut receipt.event_id);
        }
        match self.flaw {
            Flaw::SortsItsReceipts => receipts.sort_by(|a, b| a.event_id.cmp(&b.event_id)),
            Flaw::TripsOverTwoKindsOfRepeats => {
                let ids = |receipt: &Receipt| receipt.event_id.clone();
                let new: HashSet<_> = receipts
                    .iter()
                    .filter(|receipt| receipt.status == ReceiptStatus::Recorded)
                    .map(ids)
                    .collect();
                let (in_batch, on_record): (Vec<_>, Vec<_>) = receipts
                    .iter()
                    .filter(|receipt| receipt.status == ReceiptStatus::AlreadyOnRecord)
                    .map(ids)
                    .partition(|id| new.contains(id));
                if !in_batch.is_empty() && !on_record.is_empty() {
                    receipts.rotate_left(1);
                }
            }
            _ => {}
        }
        receipts
    }

    /// Answers events that are known by their id, or their source and id, for ever.
    async fn append_what_is_unknown(
        &self,
        batch: &[AuditEntry],
    ) -> Result<Vec<Receipt>, AppendError> {
        let key = |entry: &AuditEntry| match self.flaw {
            Flaw::KnowsOnlyIds => entry.envelope().event_id.clone(),
            _ => format!("{} {}", entry.envelope().source, entry.envelope().event_id),
        };
        let mut unknown = Vec::new();
        for entry in batch {
            let known = self.state().first.contains_key(&key(entry))
                || unknown.iter().any(|other| key(other) == key(entry));
            if !known {
                unknown.push(entry.clone());
            }
        }
        let mut new: HashMap<_, _> =
            unknown.iter().map(key).zip(self.inner.append(&unknown).await?).collect();
        let mut state = self.state();
        Ok(batch
            .iter()
            .map(|entry| {
                let key = key(entry);
                if let Some(first) = new.remove(&key) {
                    state.first.insert(key, first.clone());
                    return first;
                }
                let status = ReceiptStatus::AlreadyOnRecord;
                Receipt { status, ..state.first[&key].clone() }
            })
            .collect())
    }
}

fn undo(event_id: &mut String) {
    if let Some(at) = event_id.find(APART) {
        event_id.truncate(at);
    }
}

fn rounded(value: &mut Value) {
    match value {
        Value::Number(number) => {
            let round = number.as_f64().and_then(Number::from_f64);
            *value = round.map_or(Value::Null, Value::Number);
        }
        Value::Array(items) => items.iter_mut().for_each(rounded),
        Value::Object(fields) => fields.values_mut().for_each(rounded),
        _ => {}
    }
}

#[async_trait]
impl AuditAppend for Flawed {
    async fn append(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, AppendError> {
        let given = self.given(batch);
        let receipts = match self.flaw {
            Flaw::KnowsOnlyIds | Flaw::RemembersWhatIsGone => {
                self.append_what_is_unknown(&given).await?
            }
            Flaw::LocksWhileRemoving if self.state().removing => {
                return Err(AppendError::Locked { waited_secs: 5 });
            }
            Flaw::AppendsOneByOne => {
                let mut receipts = Vec::new();
                for entry in given {
                    receipts.extend(self.inner.append(&[entry]).await?);
                }
                receipts
            }
            Flaw::AppendsInTwoHalves => {
                let (front, back) = given.split_at(given.len() / 2);
                let mut receipts = self.inner.append(front).await?;
                tokio::task::yield_now().await;
                receipts.extend(self.inner.append(back).await?);
                receipts
            }
            Flaw::GuessesPlaces => {
                let span = self.inner.span().await.unwrap();
                tokio::task::yield_now().await;
                let mut receipts = self.inner.append(&given).await?;
                let mut newest = span.last.map_or(0, |(newest, _)| newest.0);
                for receipt in &mut receipts {
                    if receipt.status == ReceiptStatus::Recorded {
                        newest += 1;
                        receipt.sequence = Sequence(newest);
                    }
                }
                receipts
            }
            Flaw::CountsAlone => {
                let mut receipts = self.inner.append(&given).await?;
                let mut state = self.state();
                for receipt in &mut receipts {
                    if receipt.status == ReceiptStatus::Recorded {
                        receipt.sequence = state.newest.map_or(receipt.sequence, Sequence::next);
                        state.newest = Some(receipt.sequence);
                    }
                }
                receipts
            }
            Flaw::AppendsBackwards => {
                let mut receipts = self.inner.append(&given).await?;
                receipts.reverse();
                receipts
            }
            _ => self.inner.append(&given).await?,
        };
        self.heard.append(&receipts);
        Ok(self.told(batch, receipts))
    }
}

#[async_trait]
impl AuditQuery for Flawed {
    async fn page(
        &self,
        filter: &AuditFilter,
        mut page: Page,
    ) -> Result<Vec<RecordedEvent>, QueryError> {
        let mut filter = filter.clone();
        match self.flaw {
            Flaw::Ignores("types") => filter.types.clear(),
            Flaw::Ignores("contexts") => filter.contexts.clear(),
            Flaw::Ignores("plan") => filter.plan_id = None,
            Flaw::Ignores("project") => filter.project_name = None,
            Flaw::Ignores("session") => filter.session_id = None,
            Flaw::Ignores("actor") => filter.actor = None,
            Flaw::Ignores("user") => filter.user_identity = None,
            Flaw::Ignores("correlation") => filter.correlation_id = None,
            Flaw::Ignores("recorded") => filter.recorded = TimeSpan::default(),
            Flaw::Ignores("occurred") => filter.occurred = TimeSpan::default(),
            Flaw::Ignores("contains") => filter.contains = None,
            Flaw::IgnoresTheLimit => page.limit = u32::MAX,
            Flaw::NeverTurnsAround => page.reverse = false,
            Flaw::BeginsAtAfter => {
                page.after = page.after.map(|after| Sequence(after.0.saturating_sub(1)));
            }
            Flaw::EndsAtBefore => {
                page.before = page.before.map(|before| Sequence(before.0.saturating_add(1)));
            }
            _ => {}
        }
        Ok(self.all_shown(self.inner.page(&filter, page).await?))
    }

    async fn by_sequence(&self, sequence: Sequence) -> Result<Option<RecordedEvent>, QueryError> {
        let nought = self.is(Flaw::FindsTheFirstAtNought) && sequence == Sequence(0);
        let sequence = if nought { Sequence(1) } else { sequence };
        Ok(self.inner.by_sequence(sequence).await?.and_then(|event| self.shown(event)))
    }

    async fn by_event_id(&self, event_id: &str) -> Result<Vec<RecordedEvent>, QueryError> {
        let mut found = self.all_shown(self.inner.by_event_id(event_id).await?);
        if self.is(Flaw::FindsOneSourcesOnly) {
            found.truncate(1);
        }
        Ok(found)
    }

    async fn span(&self) -> Result<LogSpan, QueryError> {
        let mut span = self.inner.span().await?;
        match self.flaw {
            Flaw::FailsWhenEmpty if span.entries == 0 => {
                return Err(QueryError::Storage(Arc::new(RefusedByFake)));
            }
            Flaw::CountsOneLess => span.entries = span.entries.saturating_sub(1),
            Flaw::BeginsAtOne => span.first = span.first.map(|(_, time)| (Sequence(1), time)),
            _ => {}
        }
        Ok(span)
    }

    async fn tally(&self, filter: &AuditFilter, by: TallyBy) -> Result<Vec<Tally>, QueryError> {
        let everything = AuditFilter::default();
        let filter = if self.is(Flaw::CountsEverything) { &everything } else { filter };
        let mut lines = self.inner.tally(filter, by).await?;
        if self.is(Flaw::PutsTheNamelessFirst) {
            lines.sort_by_key(|line| (std::cmp::Reverse(line.entries), line.key.is_some()));
        }
        Ok(lines)
    }

    async fn last_recorded_before(
        &self,
        moment: DateTime<Utc>,
    ) -> Result<Option<Sequence>, QueryError> {
        let late = TimeDelta::nanoseconds(i64::from(self.is(Flaw::CountsTheMomentItself)));
        let moment = moment.checked_add_signed(late).unwrap_or(moment);
        self.inner.last_recorded_before(moment).await
    }

    async fn newer_than(&self, sequence: Sequence) -> Result<Sequence, QueryError> {
        self.heard.newer_than(self.flaw, &*self.inner, sequence).await
    }
}

#[async_trait]
impl AuditRetention for Flawed {
    async fn remove_oldest(
        &self,
        through: Sequence,
        limit: u32,
    ) -> Result<Option<Prefix>, RetentionError> {
        let (mut through, mut limit) = (through, limit);
        match self.flaw {
            Flaw::RemovesOneMore => limit = limit.saturating_add(1),
            Flaw::RemovesOneBeyond => through = Sequence(through.0.saturating_add(1)),
            _ => {}
        }
        let before = self.inner.span().await?;
        if self.is(Flaw::TellsWhatItExpected) {
            tokio::task::yield_now().await;
        }
        let removed = self.inner.remove_oldest(through, limit).await?;
        let mut state = self.state();
        state.removing = removed.is_some();
        match (self.flaw, before.first, before.last, removed) {
            (Flaw::TellsWhatItExpected, Some((first, _)), _, Some(removed)) => {
                let through = Sequence(first.0 + removed.entries() - 1);
                return Ok(Some(Prefix { from: first, through }));
            }
            (Flaw::RemovesTheNewest, Some((first, _)), Some((last, _)), _)
                if through >= last && state.hidden < last.0 =>
            {
                state.hidden = last.0;
                return Ok(Some(Prefix { from: first, through: last }));
            }
            _ => {}
        }
        Ok(removed)
    }
}

#[async_trait]
impl AuditInspect for Flawed {
    async fn inspect(&self) -> Result<Inspection, QueryError> {
        let mut inspection = self.inner.inspect().await?;
        if self.is(Flaw::ReportsNoGaps) {
            inspection.facts.retain(|fact| fact.what != "gaps");
        }
        Ok(inspection)
    }
}
