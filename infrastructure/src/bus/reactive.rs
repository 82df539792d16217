//! The event bus: every event is on record before anyone reacts to it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{
    BusCondition, BusCounters, EmitBatch, EventStream, ShutdownReport, StreamMonitor,
};
use domain::{
    AuditLog, Clock, EmitError, EventBus, EventDraft, EventFilter, EventRecorder, EventSubscriber,
    EventType, Receipt, RecordedEvent, StartAt, Subscription,
};
use shaku::{Component, HasComponent, Module, ModuleBuildContext};
use tokio::sync::Semaphore;

use super::beginning::{Past, end_at_once};
use super::counting::Counts;
use super::entrance::Entrance;
use super::front::Front;
use super::inbox::Inbox;
use super::reader::Reader;
use super::readers::Readers;
use super::recent::Recent;
use super::recorders::Recorders;
use super::recording::Recording;
use super::sealing::Sealer;
use super::sequencer;
use super::settings::BusSettings;
use super::shared::Shared;
use super::subscribers::{self, Subscribers};
use crate::sync::{CancellationToken, Handle, mpsc};

/// The bus of one process.
///
/// The recorders attached to it must record in the audit log it was given: that is where readers
/// find what they were too slow for. All events of one [`EventBus::emit_batch`] must have the same
/// recorder, or it is refused with [`MixedRecorders`](super::MixedRecorders).
///
/// Subscribers see what is recorded through this bus, and not what other processes record in the same
/// log meanwhile; streams see the whole record, whoever adds to it. As long as nobody streams, the log
/// is not asked for what others add.
///
/// Dropping it without [`EventBus::shutdown`] records what was accepted and lets subscribers finish,
/// in the background, and then ends all its tasks. A subscriber that itself owns the bus prevents
/// that; `shutdown` does not mind.
pub struct ReactiveEventBus {
    shared: Arc<Shared>,
    entrance: Arc<Entrance>,
    front: Arc<Front>,
    reader_buffer: usize,
    runtime: Handle,
    stopped: CancellationToken,
}

impl ReactiveEventBus {
    /// A bus whose readers fall back to `log`.
    ///
    /// # Panics
    /// When it is called outside a tokio runtime: the bus needs one for its tasks.
    #[must_use]
    pub fn new(settings: BusSettings, clock: Arc<dyn Clock>, log: Arc<dyn AuditLog>) -> Self {
        let runtime = Handle::current();
        let (queue, jobs) = mpsc::channel(settings.queue_capacity.clamp(1, Semaphore::MAX_PERMITS));
        let shared = Arc::new(Shared {
            log,
            clock,
            runtime: runtime.clone(),
            counts: Counts::new(),
            recording: Recording::default(),
            recent: Recent::new(settings.recent),
            readers: Readers::default(),
            subscribers: Subscribers::new(runtime.clone()),
            rest: Arc::default(),
        });
        let stop = CancellationToken::new();
        let stopped = CancellationToken::new();
        let run =
            sequencer::run(Arc::clone(&shared), jobs, stop.clone(), settings.max_batch.max(1));
        let ended = stopped.clone().drop_guard();
        runtime.spawn(async move {
            let _ended = ended;
            run.await;
        });
        let entrance = Arc::new(Entrance {
            shared: Arc::clone(&shared),
            queue,
            recorders: Recorders::default(),
            sealer: Sealer::new(settings.source),
            stop,
        });
        let front = Front::of(&entrance, settings.max_reaction_depth);
        let reader_buffer = settings.reader_buffer.max(1);
        Self { shared, entrance, front, reader_buffer, runtime, stopped }
    }
}

#[async_trait]
impl EventBus for ReactiveEventBus {
    async fn emit_batch(&self, drafts: Vec<EventDraft>) -> Result<Vec<Receipt>, EmitError> {
        self.entrance.emit_batch(drafts).await
    }

    fn attach_recorder(&self, types: &[EventType], recorder: Arc<dyn EventRecorder>) {
        self.entrance.recorders.attach(types, recorder);
    }

    fn without_recorder(&self, types: &[EventType]) -> Vec<EventType> {
        self.entrance.recorders.without(types)
    }

    fn subscribe(&self, filter: EventFilter, subscriber: Arc<dyn EventSubscriber>) -> Subscription {
        let inbox = Inbox::of_subscriber(
            subscriber.name(),
            self.reader_buffer,
            filter,
            Arc::clone(&self.shared.rest),
        );
        let reader = Reader::open(&self.shared, inbox);
        subscribers::start(&self.shared, &self.front, reader, subscriber)
    }

    fn react_through(&self, front: Weak<dyn EventBus>) {
        self.front.set(front);
    }

    fn stream(&self, filter: EventFilter, start: StartAt) -> EventStream {
        let past = Past::of(start);
        let inbox = Inbox::of_stream("stream", self.reader_buffer, filter, past.is_some());
        let reader = if let Some(past) = past {
            Reader::open_in(&self.shared, inbox, past)
        } else {
            let reader = Reader::open(&self.shared, inbox);
            match end_at_once(&self.shared.log, &self.runtime) {
                Some(end) => {
                    reader.inbox().join(end);
                }
                None => self.shared.readers.have_joined(reader.inbox()),
            }
            reader
        };
        let monitor = StreamMonitor::new(Arc::clone(reader.inbox()) as _);
        let batches = futures::stream::unfold(reader, |mut reader| async {
            reader.next().await.map(|batch| (batch, reader))
        });
        EventStream::new(batches, monitor)
    }

    fn recent(&self) -> Vec<Arc<RecordedEvent>> {
        self.shared.recent.list()
    }

    fn counters(&self) -> BusCounters {
        self.shared.counts.snapshot()
    }

    fn condition(&self) -> BusCondition {
        BusCondition {
            recording: self.shared.recording.failure(),
            shut_down: self.entrance.stop.is_cancelled() || self.stopped.is_cancelled(),
        }
    }

    async fn settled(&self) {
        self.shared.rest.reached().await;
    }

    /// Recording what was accepted is never cut short; the deadline is the subscribers', in the
    /// machine's own time, and begins after that.
    async fn shutdown(&self, deadline: Duration) -> ShutdownReport {
        self.entrance.stop.cancel();
        self.stopped.cancelled().await;
        self.shared.subscribers.finish(deadline).await
    }
}

/// Puts a bus of the same promises around a bus.
pub type BusDecorator = Box<dyn FnOnce(Box<dyn EventBus>) -> Box<dyn EventBus> + Send>;

/// What the component is built from.
#[derive(Default)]
pub struct ReactiveEventBusParameters {
    /// The bus's sizes.
    pub settings: BusSettings,
    /// What is put around the bus before anyone gets hold of it, innermost first.
    pub decorators: Vec<BusDecorator>,
}

impl<M> Component<M> for ReactiveEventBus
where
    M: Module + HasComponent<dyn Clock> + HasComponent<dyn AuditLog>,
{
    type Interface = dyn EventBus;
    type Parameters = ReactiveEventBusParameters;

    fn build(
        context: &mut ModuleBuildContext<M>,
        parameters: Self::Parameters,
    ) -> Box<Self::Interface> {
        let clock = M::build_component(context);
        let log = M::build_component(context);
        let bus: Box<dyn EventBus> = Box::new(Self::new(parameters.settings, clock, log));
        parameters.decorators.into_iter().fold(bus, |bus, decorate| decorate(bus))
    }
}

#[cfg(test)]
mod tests {
    use domain::ports::handler;

    use super::*;
    use crate::clock::SystemClock;
    use crate::memory::InMemoryAuditLog;

    #[tokio::test]
    async fn nothing_is_left_of_readers_that_have_gone() {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let log = Arc::new(InMemoryAuditLog::new(Arc::clone(&clock)));
        let bus = ReactiveEventBus::new(BusSettings::default(), clock, log);
        let subscription = bus.subscribe(EventFilter::all(), handler("one", |_| async { Ok(()) }));
        let stream = bus.stream(EventFilter::all(), StartAt::Now);
        assert_eq!(bus.shared.readers.count(), 2);
        drop(stream);
        assert_eq!(bus.shared.readers.count(), 1);
        drop(subscription);
        while bus.shared.readers.count() > 0 {
            tokio::task::yield_now().await;
        }
    }
}
