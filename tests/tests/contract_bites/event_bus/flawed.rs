//! A bus that hands everything on to a sound one, but for its flaw.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use async_trait::async_trait;
use chrono::DateTime;
use domain::ports::{BusCondition, BusCounters, EventStream, ReactionEmitter, ShutdownReport};
use domain::{
    AuditLog, Delivery, EmitError, ErasedFields, EventBus, EventDraft, EventFilter, EventRecorder,
    EventSubscriber, EventType, Receipt, ReceiptStatus, RecordedEvent, Sequence, StartAt,
    Subscription,
};
use futures::StreamExt;
use indelible_tests::contract::audit_log::start;

use super::Flaw;
use super::flaws;
use super::listening::Listening;

pub(super) struct Flawed {
    inner: Arc<dyn EventBus>,
    state: Arc<State>,
    flaw: Flaw,
}

/// What the flaws remember.
pub(super) struct State {
    pub(super) log: Arc<dyn AuditLog>,
    /// The sound bus, which holds this in turn.
    pub(super) bus: Weak<dyn EventBus>,
    /// The bus around the bus, kept as it must not be.
    front: Mutex<Option<Arc<dyn EventBus>>>,
    /// The bus around the bus, as it should be kept.
    pub(super) front_once: Mutex<Option<Weak<dyn EventBus>>>,
    /// A subscriber is being told something.
    pub(super) telling: AtomicBool,
    /// A predicate is being asked.
    asking: AtomicBool,
    /// Events of emits that were given up.
    given_up: AtomicUsize,
    subscribers: Mutex<Vec<Arc<dyn EventSubscriber>>>,
    failed: Mutex<Option<EmitError>>,
    empty: AtomicU64,
    ids: AtomicU64,
    left: AtomicBool,
    /// A handler has emitted something.
    answered: AtomicBool,
    shut_down: AtomicBool,
    filters: Mutex<Vec<EventFilter>>,
    turn: tokio::sync::Mutex<()>,
}

impl State {
    /// Whether one of the events given up is meant.
    pub(super) fn take_given_up(&self) -> bool {
        let left = &self.given_up;
        left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

/// Notes that an emit was given up, unless it came to its end.
struct Noted<'a> {
    state: &'a State,
    events: usize,
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        self.state.given_up.fetch_add(self.events, Ordering::SeqCst);
    }
}

impl Flawed {
    pub(super) fn over(inner: Arc<dyn EventBus>, log: Arc<dyn AuditLog>, flaw: Flaw) -> Self {
        let state = Arc::new(State {
            log,
            bus: Arc::downgrade(&inner),
            front: Mutex::default(),
            front_once: Mutex::default(),
            telling: AtomicBool::default(),
            asking: AtomicBool::default(),
            given_up: AtomicUsize::default(),
            subscribers: Mutex::default(),
            failed: Mutex::default(),
            empty: AtomicU64::default(),
            ids: AtomicU64::new(u64::MAX),
            left: AtomicBool::default(),
            answered: AtomicBool::default(),
            shut_down: AtomicBool::default(),
            filters: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        });
        Self { inner, state, flaw }
    }

    /// Tells subscribers behind the sound bus's back.
    async fn tell(&self, event: &RecordedEvent) {
        // What a handler that is told so emits is not told so as well, without end.
        if self.state.telling.swap(true, Ordering::SeqCst) {
            return;
        }
        let subscribers = self.state.subscribers.lock().unwrap().clone();
        for subscriber in subscribers {
            let _ = subscriber.handle(&self.delivery(event)).await;
        }
        self.state.telling.store(false, Ordering::SeqCst);
    }

    fn delivery(&self, event: &RecordedEvent) -> Delivery {
        let event = Arc::new(event.clone());
        let through = Arc::new(Arc::clone(&self.inner));
        Delivery::new(Arc::clone(&event), ReactionEmitter::new(event, through, 16))
    }

    /// What would be recorded of drafts, were they recorded.
    fn made_up(drafts: &[EventDraft]) -> Vec<RecordedEvent> {
        let sealed = drafts.iter().filter_map(|draft| {
            draft.clone().seal(start(), || "made up".to_owned(), "/made-up").ok()
        });
        let event = |envelope| RecordedEvent {
            sequence: Sequence(1),
            recorded_at: start(),
            envelope,
            erased: ErasedFields::NONE,
        };
        sealed.map(event).collect()
    }

    fn id(&self, draft: EventDraft) -> EventDraft {
        let number = self.state.ids.fetch_sub(1, Ordering::SeqCst);
        draft.with_id(format!("{number:020}"))
    }

    /// A filter that predicates stand in no other way than the flaw wants it.
    fn filter(&self, filter: EventFilter) -> EventFilter {
        let query = EventFilter::matching(filter.query().clone());
        match self.flaw {
            Flaw::IgnoresPredicates => query,
            Flaw::ListsNothingToPredicates => {
                let state = Arc::clone(&self.state);
                query.where_event(move |event| {
                    state.asking.store(true, Ordering::SeqCst);
                    let accepts = filter.accepts(event);
                    state.asking.store(false, Ordering::SeqCst);
                    accepts
                })
            }
            _ => filter,
        }
    }
}

#[async_trait]
impl EventBus for Flawed {
    async fn emit_batch(&self, mut drafts: Vec<EventDraft>) -> Result<Vec<Receipt>, EmitError> {
        match self.flaw {
            Flaw::SetsTheTime => {
                let now = |draft: EventDraft| draft.occurred_at(DateTime::UNIX_EPOCH);
                drafts = drafts.into_iter().map(now).collect();
            }
            Flaw::CountsIdsDown => {
                drafts = drafts.into_iter().map(|draft| self.id(draft)).collect();
            }
            Flaw::CountsEmptyBatches if drafts.is_empty() => {
                self.state.empty.fetch_add(1, Ordering::SeqCst);
            }
            Flaw::EmitsOneByOne => {
                let mut receipts = Vec::new();
                for draft in drafts {
                    receipts.extend(self.inner.emit_batch(vec![draft]).await?);
                }
                return Ok(receipts);
            }
            Flaw::AnswersTooEarly => {
                let receipts = Self::made_up(&drafts).into_iter().map(|event| Receipt {
                    event_id: event.envelope.event_id,
                    sequence: Sequence(0),
                    recorded_at: event.recorded_at,
                    status: ReceiptStatus::Recorded,
                });
                let receipts = receipts.collect();
                let inner = Arc::clone(&self.inner);
                tokio::spawn(async move { inner.emit_batch(drafts).await });
                return Ok(receipts);
            }
            Flaw::TellsTooEarly => {
                for event in Self::made_up(&drafts) {
                    self.tell(&event).await;
                }
            }
            Flaw::EmitsWhatHasARecorder => {
                let types: Vec<_> = drafts.iter().map(|one| one.event_type().clone()).collect();
                let without = self.inner.without_recorder(&types);
                let rest = drafts.iter().filter(|one| !without.contains(one.event_type()));
                if !without.is_empty() {
                    let _ = self.inner.emit_batch(rest.cloned().collect()).await;
                }
            }
            Flaw::ForgetsWhatHandlersEmit => {
                let answers = self.state.telling.load(Ordering::SeqCst);
                self.state.answered.fetch_or(answers, Ordering::SeqCst);
            }
            Flaw::FailsTheNextOneToo => {
                let failed = self.state.failed.lock().unwrap().take();
                if let Some(error) = failed {
                    return Err(error);
                }
            }
            Flaw::WaitsForHandlers => {
                let _turn = self.state.turn.lock().await;
                let receipts = self.inner.emit_batch(drafts).await?;
                for receipt in &receipts {
                    let event = self.state.log.by_sequence(receipt.sequence).await;
                    self.tell(&event.unwrap().unwrap()).await;
                }
                return Ok(receipts);
            }
            _ => {}
        }
        let made_up = Self::made_up(&drafts);
        let noted = Noted { state: &self.state, events: drafts.len() };
        let outcome = self.inner.emit_batch(drafts).await;
        std::mem::forget(noted);
        match (self.flaw, outcome) {
            (Flaw::TellsTheNextPlace, Ok(mut receipts)) => {
                for receipt in &mut receipts {
                    receipt.sequence = receipt.sequence.next();
                }
                Ok(receipts)
            }
            (Flaw::HandsRepeatsOn, Ok(receipts)) => {
                for repeat in receipts.iter().filter(|one| one.status != ReceiptStatus::Recorded) {
                    let event = self.state.log.by_sequence(repeat.sequence).await;
                    self.tell(&event.unwrap().unwrap()).await;
                }
                Ok(receipts)
            }
            (Flaw::TellsOfWhatWasRefused, Err(error)) => {
                for event in made_up {
                    self.tell(&event).await;
                }
                Err(error)
            }
            (Flaw::FailsTheNextOneToo, Err(error)) => {
                *self.state.failed.lock().unwrap() = Some(error.clone());
                Err(error)
            }
            (_, outcome) => outcome,
        }
    }

    fn attach_recorder(&self, types: &[EventType], recorder: Arc<dyn EventRecorder>) {
        let without = self.inner.without_recorder(types);
        let types = if self.flaw == Flaw::KeepsTheFirstRecorder { &without } else { types };
        self.inner.attach_recorder(types, recorder);
    }

    fn without_recorder(&self, types: &[EventType]) -> Vec<EventType> {
        self.inner.without_recorder(types)
    }

    fn subscribe(&self, filter: EventFilter, subscriber: Arc<dyn EventSubscriber>) -> Subscription {
        let state = Arc::clone(&self.state);
        let telling = state.telling.load(Ordering::SeqCst);
        if self.flaw == Flaw::ForgetsWhomAHandlerSubscribes && telling {
            return Subscription::new(|| ());
        }
        let filter = self.filter(filter);
        match self.flaw {
            Flaw::TellsTooEarly
            | Flaw::TellsOfWhatWasRefused
            | Flaw::HandsRepeatsOn
            | Flaw::KeepsSubscribers => {
                state.subscribers.lock().unwrap().push(Arc::clone(&subscriber));
                return self.inner.subscribe(filter, subscriber);
            }
            Flaw::WaitsForHandlers => {
                state.subscribers.lock().unwrap().push(subscriber);
                return Subscription::new(|| ());
            }
            _ => {}
        }
        let listening = Listening::to(subscriber, Arc::clone(&state), self.flaw);
        let inner = self.inner.subscribe(filter, Arc::new(listening));
        match self.flaw {
            // What the closure holds goes with it, also when it is given up uncalled.
            Flaw::EndsWhatIsGivenUp => Subscription::new(move || drop(inner)),
            Flaw::KeepsWhomeverItTells => Subscription::new(move || {
                if state.telling.load(Ordering::SeqCst) {
                    inner.keep();
                }
            }),
            Flaw::WaitsForWhoeverHasLeft => Subscription::new(move || {
                state.left.store(true, Ordering::SeqCst);
                drop(inner);
            }),
            _ => inner,
        }
    }

    fn react_through(&self, front: Weak<dyn EventBus>) {
        match self.flaw {
            Flaw::IgnoresItsFront => return,
            Flaw::KeepsItsFront => *self.state.front.lock().unwrap() = front.upgrade(),
            Flaw::MissesItsFront => {
                *self.state.front_once.lock().unwrap() = Some(front.clone());
            }
            _ => {}
        }
        self.inner.react_through(front);
    }

    fn stream(&self, filter: EventFilter, start: StartAt) -> EventStream {
        let predicates = filter.has_predicates();
        let filter = match self.flaw {
            Flaw::StreamsItsOwnAlone => {
                filter.where_event(|event| event.envelope.source != "/elsewhere")
            }
            _ => self.filter(filter),
        };
        if self.flaw == Flaw::KeepsFilters {
            self.state.filters.lock().unwrap().push(filter.clone());
        }
        let start = if self.flaw == Flaw::StreamsFromNow { StartAt::Now } else { start };
        let stream = self.inner.stream(filter, start);
        match self.flaw {
            Flaw::StreamsLoseOne => flaws::without(stream, |place| place == 20),
            Flaw::LosesAPredicatesEighth if predicates => {
                flaws::without(stream, |place| place % 8 == 0)
            }
            Flaw::RepeatsOne => flaws::repeating(stream, |place| place == 700),
            Flaw::AsksTheClosed => flaws::insisting(stream),
            Flaw::SkipsWhatIsLost => flaws::changed(stream, |events| {
                events.filter(|event| futures::future::ready(event.is_ok()))
            }),
            Flaw::EndsAtAnError => flaws::changed(stream, |events| {
                events.take_while(|event| futures::future::ready(event.is_ok()))
            }),
            Flaw::NeverEndsStreams => {
                flaws::changed(stream, |events| events.chain(futures::stream::pending()))
            }
            Flaw::CutsBatches => flaws::changed(stream, |events| events),
            Flaw::SaysItIsLive => flaws::said_to_be_live(stream),
            _ => stream,
        }
    }

    fn recent(&self) -> Vec<Arc<RecordedEvent>> {
        let mut recent = self.inner.recent();
        match self.flaw {
            Flaw::ListsNewestFirst => recent.reverse(),
            Flaw::ListsNothingToPredicates if self.state.asking.load(Ordering::SeqCst) => {
                recent.clear();
            }
            _ => {}
        }
        recent
    }

    fn counters(&self) -> BusCounters {
        let mut counters = self.inner.counters();
        counters.refused += self.state.empty.load(Ordering::SeqCst);
        match self.flaw {
            Flaw::CountsNoPanics => counters.handler_panics = 0,
            Flaw::CountsNothingLost => counters.lost_to_retention = 0,
            _ => {}
        }
        counters
    }

    fn condition(&self) -> BusCondition {
        if self.flaw == Flaw::IsAlwaysWell {
            return BusCondition::default();
        }
        self.inner.condition()
    }

    async fn settled(&self) {
        match self.flaw {
            Flaw::IsAlwaysSettled => {}
            Flaw::ForgetsWhatHandlersEmit if self.state.answered.load(Ordering::SeqCst) => {}
            Flaw::WaitsForWhoeverHasLeft if self.state.left.load(Ordering::SeqCst) => {
                std::future::pending::<()>().await;
            }
            _ => self.inner.settled().await,
        }
    }

    async fn shutdown(&self, deadline: Duration) -> ShutdownReport {
        let before = self.state.shut_down.swap(true, Ordering::SeqCst);
        match self.flaw {
            Flaw::WaitsForNobody => {
                let inner = Arc::clone(&self.inner);
                tokio::spawn(async move {
                    // So late that whoever looks sees that nobody was waited for.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    inner.shutdown(deadline).await
                });
                ShutdownReport::default()
            }
            Flaw::ReportsOnce if before => ShutdownReport::default(),
            Flaw::NamesNobody => {
                self.inner.shutdown(deadline).await;
                ShutdownReport::default()
            }
            _ => self.inner.shutdown(deadline).await,
        }
    }
}
