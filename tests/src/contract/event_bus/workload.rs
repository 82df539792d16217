//! Any workload of a bus: steps made at random, taken on the adapter and on a plain list, which
//! must agree.
//!
//! Deliberately absent: handlers that emit and shutting down half-way, where a list would not know
//! what is yet to come; they have promises of their own.

use std::sync::Arc;
use std::time::Duration;

use domain::audit::Page;
use domain::events::{ActorCompleted, PlanCreated};
use domain::ports::{EventStream, ShutdownReport};
use domain::{
    AuditFilter, DomainEvent, Emit, EventDraft, EventFilter, Receipt, ReceiptStatus, RecordedEvent,
    Sequence, StartAt, Subscription,
};
use futures::{FutureExt, StreamExt};
use proptest::prelude::*;

use crate::contract::cases::for_all;
use crate::expect::{must, must_fail};
use crate::fakes::{Gate, Probe};
use crate::stage::{Stage, plan, tool};

use super::EventBusMaker;

/// How many workloads are tried unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 24;

/// Which event: of one of two contexts, with one of a few ids, so that some come again.
type Event = (bool, u8);

#[derive(Debug, Clone)]
enum Step {
    Emit(Vec<Event>),
    /// One of these holds a number that JSON does not have.
    EmitUnwritable(Vec<Event>),
    EmitAtOnce(Vec<Vec<Event>>),
    /// Polled so many times, and then dropped.
    GiveUp(Vec<Event>, usize),
    Subscribe(Wanted),
    Stream(Wanted),
    /// The subscriber at this place among those there are; told all of what is due, or not.
    Leave(usize, bool),
    /// From now on no subscriber gets an event handled.
    Hold,
    Release,
}

#[derive(Debug, Clone, Copy)]
enum Wanted {
    All,
    Plans,
    Tools,
    OnePlan(u8),
    Even,
}

impl Wanted {
    fn filter(self) -> EventFilter {
        match self {
            Self::All => EventFilter::all(),
            Self::Plans => EventFilter::of::<PlanCreated>(),
            Self::Tools => EventFilter::context("tool"),
            Self::OnePlan(number) => EventFilter::all().in_plan(format!("p{number}")),
            Self::Even => EventFilter::all().where_event(|event| event.sequence.0 % 2 == 0),
        }
    }
}

fn draft((is_plan, id): Event) -> EventDraft {
    let number = usize::from(id);
    let draft = if is_plan { plan(number) } else { tool(number) };
    draft.with_id(format!("e{id}"))
}

fn drafts(batch: &[Event]) -> Vec<EventDraft> {
    batch.iter().copied().map(draft).collect()
}

fn steps() -> impl Strategy<Value = Vec<Step>, Tree: Send> {
    let batches = || prop::collection::vec((any::<bool>(), 0..40_u8), 1..5);
    let wanted = || {
        prop_oneof![
            2 => Just(Wanted::All),
            1 => Just(Wanted::Plans),
            1 => Just(Wanted::Tools),
            1 => (0..40_u8).prop_map(Wanted::OnePlan),
            1 => Just(Wanted::Even),
        ]
    };
    let step = prop_oneof![
        6 => batches().prop_map(Step::Emit),
        1 => batches().prop_map(Step::EmitUnwritable),
        2 => prop::collection::vec(batches(), 2..6).prop_map(Step::EmitAtOnce),
        2 => (batches(), 0..6_usize).prop_map(|(batch, polls)| Step::GiveUp(batch, polls)),
        3 => wanted().prop_map(Step::Subscribe),
        2 => wanted().prop_map(Step::Stream),
        1 => (0..4_usize, any::<bool>()).prop_map(|(at, told)| Step::Leave(at, told)),
        1 => Just(Step::Hold),
        1 => Just(Step::Release),
    ];
    prop::collection::vec(step, 1..24)
}

/// Of a maker rather than a stage: every workload has a bus of its own.
pub(super) async fn any_workload_agrees_with_a_plain_list(maker: &dyn EventBusMaker) {
    for_all(CASES, steps(), |steps| Box::pin(play(maker, steps))).await;
}

async fn play(maker: &dyn EventBusMaker, steps: Vec<Step>) {
    let stage = maker.make().await;
    stage.record_all();
    let mut played = Played::on(stage);
    for step in steps {
        played.take(step).await;
    }
    played.end().await;
}

/// Somebody who is told, and what is due to them.
struct Watcher<W> {
    wanted: Wanted,
    told: W,
    due: Vec<Sequence>,
}

/// A workload under way.
struct Played {
    stage: Stage,
    gate: Arc<Gate>,
    held: bool,
    record: Vec<RecordedEvent>,
    subscribed: Vec<Watcher<(Arc<Probe>, Subscription)>>,
    left: Vec<Watcher<Arc<Probe>>>,
    streams: Vec<Watcher<EventStream>>,
    /// Emits that were given up: what became of them, only the record tells.
    given_up: usize,
    already_on_record: u64,
    refused: u64,
}

impl Played {
    fn on(stage: Stage) -> Self {
        let gate = Arc::new(Gate::closed());
        gate.open();
        Self {
            stage,
            gate,
            held: false,
            record: Vec::new(),
            subscribed: Vec::new(),
            left: Vec::new(),
            streams: Vec::new(),
            given_up: 0,
            already_on_record: 0,
            refused: 0,
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Emit(batch) => {
                let receipts = must(self.stage.bus.emit_batch(drafts(&batch)).await);
                self.settle(&batch, &receipts).await;
            }
            Step::EmitUnwritable(batch) => {
                let mut drafts = drafts(&batch);
                let cost_usd = Some(f64::NAN);
                drafts.push(ActorCompleted { cost_usd, ..ActorCompleted::sample() }.into());
                self.refused += drafts.len() as u64;
                must_fail(self.stage.bus.emit_batch(drafts).await);
                assert_eq!(self.news().await, [], "of a refused batch nothing is on record");
            }
            Step::EmitAtOnce(batches) => {
                let emits = batches.iter().map(|batch| self.stage.bus.emit_batch(drafts(batch)));
                let mut all: Vec<_> = futures::future::join_all(emits)
                    .await
                    .into_iter()
                    .map(must)
                    .zip(batches)
                    .collect();
                // In which order they came, the record tells: by what each recorded first.
                let first_new = |receipts: &[Receipt]| {
                    let new = receipts.iter().filter(|one| one.status == ReceiptStatus::Recorded);
                    new.map(|one| one.sequence).min().unwrap_or(Sequence(u64::MAX))
                };
                all.sort_by_key(|(receipts, _)| first_new(receipts));
                let (receipts, batch): (Vec<_>, Vec<_>) = all.into_iter().unzip();
                self.settle(&batch.concat(), &receipts.concat()).await;
            }
            Step::GiveUp(batch, polls) => self.give_up(&batch, polls).await,
            Step::Subscribe(wanted) => {
                let probe = Probe::new("subscriber").behind(Arc::clone(&self.gate));
                let told = self.stage.watch_with(wanted.filter(), probe);
                self.subscribed.push(Watcher { wanted, told, due: Vec::new() });
            }
            Step::Stream(wanted) => {
                let told = self.stage.bus.stream(wanted.filter(), StartAt::Now);
                self.streams.push(Watcher { wanted, told, due: Vec::new() });
            }
            Step::Leave(at, patiently) => self.leave(at, patiently).await,
            Step::Hold => {
                self.gate.close();
                self.held = true;
            }
            Step::Release => {
                self.gate.open();
                self.held = false;
            }
        }
    }

    /// Compares receipts with the record, and notes to whom what is due.
    async fn settle(&mut self, batch: &[Event], receipts: &[Receipt]) {
        assert_eq!(receipts.len(), batch.len(), "there is a receipt for each event");
        let mut expected = Vec::new();
        for (receipt, (_, id)) in receipts.iter().zip(batch) {
            let event_id = format!("e{id}");
            assert_eq!(receipt.event_id, event_id, "receipts keep the order");
            let known = self.place_of(&event_id, &expected);
            let status = if known.is_some() {
                self.already_on_record += 1;
                ReceiptStatus::AlreadyOnRecord
            } else {
                expected.push(event_id);
                ReceiptStatus::Recorded
            };
            let next = Sequence((self.record.len() + expected.len()) as u64);
            let place = (known.unwrap_or(next), status);
            assert_eq!((receipt.sequence, receipt.status), place, "a receipt tells the place");
        }
        let new: Vec<_> =
            self.news().await.into_iter().map(|event| event.envelope.event_id).collect();
        assert_eq!(new, expected, "what is new is on record, once, in the order given");
    }

    /// Where an event is on record, or will be when those that are expected are.
    fn place_of(&self, event_id: &str, expected: &[String]) -> Option<Sequence> {
        let on_record = self.record.iter().map(|event| &*event.envelope.event_id);
        let mut all = on_record.chain(expected.iter().map(|event_id| &**event_id));
        all.position(|known| known == event_id).map(|at| Sequence(at as u64 + 1))
    }

    /// What has come on record since the last look; it is due to whoever wants it.
    async fn news(&mut self) -> Vec<RecordedEvent> {
        let newest = Sequence(self.record.len() as u64);
        let page = Page::after(newest, u32::MAX);
        let news = must(self.stage.log.page(&AuditFilter::default(), page).await);
        for event in &news {
            for watcher in &mut self.subscribed {
                if watcher.wanted.filter().accepts(event) {
                    watcher.due.push(event.sequence);
                }
            }
            for watcher in &mut self.streams {
                if watcher.wanted.filter().accepts(event) {
                    watcher.due.push(event.sequence);
                }
            }
        }
        self.record.extend_from_slice(&news);
        let recent = self.stage.bus.recent();
        let last = &self.record[self.record.len() - recent.len().min(self.record.len())..];
        assert!(recent.iter().map(|event| &**event).eq(last), "the recent ones are the last ones");
        news
    }

    async fn give_up(&mut self, batch: &[Event], polls: usize) {
        let mut emit = self.stage.bus.emit_batch(drafts(batch));
        for _ in 0..polls {
            if (&mut emit).now_or_never().is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(emit);
        self.given_up += 1;
        // Comes after it, so that whatever is recorded of it is recorded by then.
        let marker = format!("after {}", self.given_up);
        let receipt = must(self.stage.bus.emit(plan(0).with_id(&*marker)).await);
        let mut whole: Vec<String> = Vec::new();
        for &(_, id) in batch {
            let event_id = format!("e{id}");
            let known = self.record.iter().any(|event| event.envelope.event_id == event_id);
            if !known && !whole.contains(&event_id) {
                whole.push(event_id);
            }
        }
        let mut new: Vec<_> =
            self.news().await.into_iter().map(|event| event.envelope.event_id).collect();
        assert_eq!(new.pop(), Some(marker), "the bus goes on after an emit was given up");
        assert_eq!(receipt.sequence.0, self.record.len() as u64, "and tells the right place");
        assert!(new.is_empty() || new == whole, "an emit given up left {new:?} of {whole:?}");
        assert!(polls > 0 || new.is_empty(), "an emit that was never polled records nothing");
    }

    async fn leave(&mut self, at: usize, patiently: bool) {
        if at >= self.subscribed.len() {
            return;
        }
        let Watcher { wanted, told: (probe, subscription), due } = self.subscribed.remove(at);
        if patiently && !self.held {
            probe.told(due.len()).await;
        }
        drop(subscription);
        self.left.push(Watcher { wanted, told: probe, due });
    }

    /// Lets everything come to its end, and looks at what everybody was told.
    async fn end(mut self) {
        self.gate.open();
        self.stage.bus.settled().await;
        for Watcher { wanted, told: (probe, _), due } in &self.subscribed {
            assert_eq!(&probe.sequences(), due, "a subscriber to {wanted:?}, once settled");
        }
        let deadline = Duration::from_mins(10);
        let report = self.stage.bus.shutdown(deadline).await;
        assert_eq!(report, ShutdownReport::default(), "every subscriber comes to its end");
        for Watcher { wanted, told: (probe, _), due } in &self.subscribed {
            assert_eq!(&probe.sequences(), due, "a subscriber to {wanted:?}");
        }
        for Watcher { wanted, told, due } in std::mem::take(&mut self.streams) {
            let streamed: Vec<_> = told.map(|event| must(event).sequence).collect().await;
            assert_eq!(streamed, due, "a stream of {wanted:?}");
        }
        for Watcher { wanted, told, due } in &self.left {
            let told = told.sequences();
            assert!(due.starts_with(&told), "left {wanted:?}: of {due:?} it was told {told:?}");
        }
        let counters = self.stage.bus.counters();
        assert_eq!(counters.recorded, self.record.len() as u64, "recorded events are counted");
        if self.given_up == 0 {
            assert_eq!(counters.already_on_record, self.already_on_record, "so are repeats");
            assert_eq!(counters.refused, self.refused, "and refused ones");
        }
    }
}
