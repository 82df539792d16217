//! What the models are played on: the bus over a log in memory, those who emit, and those who are
//! told.
//!
//! Deliberately absent: redaction and sizes. They have no part in who runs when.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use application::AuditEventSubscriber;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::audit::retention::Prefix;
use domain::audit::{Page, Tally, TallyBy};
use domain::events::{CATALOGUE, PlanCreated};
use domain::ports::{HandlerError, Inspection};
use domain::{
    AppendError, AuditAppend, AuditEntry, AuditFilter, AuditInspect, AuditQuery, AuditRetention,
    Clock, Delivery, EventBus, EventDraft, EventEnvelope, EventFilter, EventSubscriber, LogSpan,
    QueryError, Receipt, RecordedEvent, Redactor, RetentionError, Sequence, Subscription,
};
use indelible_infrastructure::memory::InMemoryAuditLog;
use tokio::sync::oneshot;

use crate::bus::{BusSettings, ReactiveEventBus};
use crate::sync::yield_now;

/// Longer than anything takes: this deadline never passes.
pub(crate) const PATIENT: Duration = Duration::MAX;

/// The bus and the log beneath.
pub(crate) struct Stage {
    pub(crate) bus: Arc<ReactiveEventBus>,
    pub(crate) log: Arc<Log>,
}

/// A stage on which nothing has room for more than one.
pub(crate) fn cramped() -> Stage {
    Stage::new(BusSettings { queue_capacity: 1, max_batch: 2, reader_buffer: 1, ..roomy() })
}

/// Settings that stand in nobody's way.
pub(crate) fn roomy() -> BusSettings {
    BusSettings { queue_capacity: 8, max_batch: 8, reader_buffer: 8, recent: 2, ..<_>::default() }
}

impl Stage {
    pub(crate) fn new(settings: BusSettings) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(StandingClock);
        let log = Arc::new(Log(InMemoryAuditLog::new(Arc::clone(&clock))));
        let bus = ReactiveEventBus::new(settings, clock, Arc::clone(&log) as _);
        let recorder = AuditEventSubscriber::new(Arc::new(NoRedaction), Arc::clone(&log) as _);
        let types: Vec<_> = CATALOGUE.event_types().collect();
        bus.attach_recorder(&types, Arc::new(recorder));
        Self { bus: Arc::new(bus), log }
    }

    /// A subscriber that is told of everything.
    pub(crate) fn watch(&self, name: &'static str) -> (Told, Subscription) {
        let (subscriber, told) = Subscriber::new(name);
        (told, self.bus.subscribe(EventFilter::all(), Arc::new(subscriber)))
    }
}

/// An event that tells itself from others by its number.
pub(crate) fn plan(number: usize) -> EventDraft {
    let event =
        PlanCreated { name: number.to_string(), goal: String::new(), automation_profile: None };
    EventDraft::from(event).about(number.to_string())
}

/// A subscriber that waits once for each event before it is done with it.
pub(crate) struct Subscriber {
    name: &'static str,
    begun: Arc<Mutex<Vec<u64>>>,
    done: Arc<Mutex<Vec<u64>>>,
    /// Tells by its end that the subscriber has been let go.
    _alive: oneshot::Sender<()>,
}

/// What a subscriber was told of.
pub(crate) struct Told {
    begun: Arc<Mutex<Vec<u64>>>,
    done: Arc<Mutex<Vec<u64>>>,
    alive: oneshot::Receiver<()>,
}

impl Subscriber {
    pub(crate) fn new(name: &'static str) -> (Self, Told) {
        let (begun, done): (Arc<Mutex<_>>, Arc<Mutex<_>>) = Default::default();
        let (sender, alive) = oneshot::channel();
        let told = Told { begun: Arc::clone(&begun), done: Arc::clone(&done), alive };
        (Self { name, begun, done, _alive: sender }, told)
    }
}

#[async_trait]
impl EventSubscriber for Subscriber {
    fn name(&self) -> &str {
        self.name
    }

    async fn handle(&self, event: &Delivery) -> Result<(), HandlerError> {
        keep(&self.begun, event.sequence.0);
        yield_now().await;
        keep(&self.done, event.sequence.0);
        Ok(())
    }
}

fn keep(list: &Mutex<Vec<u64>>, sequence: u64) {
    list.lock().unwrap_or_else(PoisonError::into_inner).push(sequence);
}

impl Told {
    /// Of which events it was told, by their places on record.
    pub(crate) fn begun(&self) -> Vec<u64> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// With which of them it is done.
    pub(crate) fn done(&self) -> Vec<u64> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until nobody holds the subscriber any more.
    pub(crate) async fn let_go(&mut self) {
        let _ = (&mut self.alive).await;
    }

    /// Whether nobody holds the subscriber any more.
    pub(crate) fn is_let_go(&mut self) -> bool {
        self.alive.try_recv() == Err(oneshot::error::TryRecvError::Closed)
    }
}

/// A log in memory that takes its time.
pub(crate) struct Log(InMemoryAuditLog);

impl Log {
    /// Everything on record now: the place, and the number of the event.
    pub(crate) fn now(&self) -> Vec<(u64, String)> {
        let everything = AuditFilter::default();
        let page = self.0.page(&everything, Page::first(1000));
        // The log in memory has nothing to wait for.
        let events = futures::FutureExt::now_or_never(page).unwrap().unwrap();
        let subject = |event: RecordedEvent| event.envelope.subject.unwrap_or_default();
        events.into_iter().map(|event| (event.sequence.0, subject(event))).collect()
    }

    /// The places of everything on record now.
    pub(crate) fn places(&self) -> Vec<u64> {
        self.now().into_iter().map(|(place, _)| place).collect()
    }

    /// Appends an event beside the bus, as another process would.
    pub(crate) async fn append_elsewhere(&self, number: usize) {
        let sealed = plan(number).seal(Utc::now(), || number.to_string(), "/elsewhere").unwrap();
        self.append(&[AuditEntry::new(sealed)]).await.unwrap();
    }
}

#[async_trait]
impl AuditAppend for Log {
    async fn append(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, AppendError> {
        yield_now().await;
        let receipts = self.0.append(batch).await;
        yield_now().await;
        receipts
    }
}

#[async_trait]
impl AuditQuery for Log {
    async fn page(
        &self,
        filter: &AuditFilter,
        page: Page,
    ) -> Result<Vec<RecordedEvent>, QueryError> {
        yield_now().await;
        let entries = self.0.page(filter, page).await;
        yield_now().await;
        entries
    }

    async fn by_sequence(&self, sequence: Sequence) -> Result<Option<RecordedEvent>, QueryError> {
        self.0.by_sequence(sequence).await
    }

    async fn by_event_id(&self, event_id: &str) -> Result<Vec<RecordedEvent>, QueryError> {
        self.0.by_event_id(event_id).await
    }

    async fn span(&self) -> Result<LogSpan, QueryError> {
        yield_now().await;
        let span = self.0.span().await;
        yield_now().await;
        span
    }

    async fn tally(&self, filter: &AuditFilter, by: TallyBy) -> Result<Vec<Tally>, QueryError> {
        self.0.tally(filter, by).await
    }

    async fn last_recorded_before(
        &self,
        moment: DateTime<Utc>,
    ) -> Result<Option<Sequence>, QueryError> {
        self.0.last_recorded_before(moment).await
    }

    async fn newer_than(&self, sequence: Sequence) -> Result<Sequence, QueryError> {
        self.0.newer_than(sequence).await
    }
}

#[async_trait]
impl AuditRetention for Log {
    async fn remove_oldest(
        &self,
        through: Sequence,
        limit: u32,
    ) -> Result<Option<Prefix>, RetentionError> {
        yield_now().await;
        self.0.remove_oldest(through, limit).await
    }
}

#[async_trait]
impl AuditInspect for Log {
    async fn inspect(&self) -> Result<Inspection, QueryError> {
        self.0.inspect().await
    }
}

struct NoRedaction;

impl Redactor for NoRedaction {
    fn redact(&self, _: &mut EventEnvelope) -> usize {
        0
    }
}

struct StandingClock;

#[async_trait]
impl Clock for StandingClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    async fn sleep(&self, _: Duration) {
        yield_now().await;
    }
}
