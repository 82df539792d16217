//! The bus: where events are emitted and from where they are handed on.

use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use shaku::Interface;

use super::{EventFilter, EventRecorder, EventStream, EventSubscriber, RecordError, Subscription};
use crate::audit::{Receipt, RecordedEvent};
use crate::envelope::EventDraft;
use crate::event::{DetailsError, EventType};
use crate::subscription::StartAt;

/// Why an event was not emitted. Whichever it is, nobody saw the event.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EmitError {
    /// No recorder is attached to the type, so it could not be put on record.
    #[error(
        "no recorder is attached to `{event_type}`, so it cannot be emitted: add it to the \
         catalogue the application is started with, or call `attach_recorder` for it"
    )]
    NoRecorder {
        /// The type.
        event_type: EventType,
    },
    /// The event holds what cannot be put on record.
    #[error("the event `{event_type}` cannot be put on record")]
    Invalid {
        /// The type.
        event_type: EventType,
        /// What is wrong with it.
        #[source]
        source: DetailsError,
    },
    /// The recorder refused it or failed.
    #[error("`{event_type}` was not put on record")]
    NotRecorded {
        /// The type; of a batch, its first event's.
        event_type: EventType,
        /// What the recorder said.
        #[source]
        source: RecordError,
    },
    /// It is a reaction to a reaction to a reaction, and so on, for longer than is allowed.
    #[error(
        "`{event_type}` was not emitted: it reacts to event {cause}, which is the last of {limit} \
         reactions that follow from one another, and no more are allowed; two reactions may be \
         answering each other: break their cycle, or raise `reactions.max-depth`"
    )]
    TooDeep {
        /// The type; of a batch, its first event's.
        event_type: EventType,
        /// The id of the event it reacts to.
        cause: String,
        /// How many are allowed.
        limit: u32,
    },
    /// The bus is shutting down or has shut down.
    #[error("the event bus has shut down: emit before calling `shutdown`")]
    ShutDown,
}

/// What became of the subscribers when the bus shut down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShutdownReport {
    /// Names of subscribers that did not finish within the deadline and were abandoned. What they
    /// missed is on record.
    pub abandoned: Vec<String>,
}

/// What has happened on the bus since it was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BusCounters {
    /// Events put on record.
    pub recorded: u64,
    /// Events found on record already.
    pub already_on_record: u64,
    /// Events refused, for whatever reason.
    pub refused: u64,
    /// Of those, events whose emitter had gone away, so that nobody was told.
    pub refused_unheard: u64,
    /// Handlers that returned an error.
    pub handler_failures: u64,
    /// Handlers, or predicates, that panicked.
    pub handler_panics: u64,
    /// Times a reader fell behind its queue and went back to the record.
    pub fallbacks: u64,
    /// Events that retention removed before a reader that had fallen behind came to them, counted
    /// for each such reader. Whether its filter would have accepted them can no longer be known.
    pub lost_to_retention: u64,
}

/// What recording has failed with since it last worked.
#[derive(Debug, Clone)]
pub struct RecordingFailure {
    /// When it failed first.
    pub since: DateTime<Utc>,
    /// When it failed last.
    pub last: DateTime<Utc>,
    /// How many events have been refused because of that.
    pub events: u64,
    /// What it failed with last.
    pub error: RecordError,
}

/// How a bus fares at this moment.
#[derive(Debug, Clone, Default)]
pub struct BusCondition {
    /// Why the last batch was not recorded; `None` when it was, and before there was any.
    pub recording: Option<RecordingFailure>,
    /// Whether it has shut down or is doing so.
    pub shut_down: bool,
}

/// Puts events on record and hands them on.
#[async_trait]
pub trait EventBus: Interface {
    /// Emits events: all of them or none, with contiguous sequences when none was on record before.
    /// Use [`Emit::emit`] for a single typed event.
    ///
    /// An adapter MUST return only after all of them are on stable storage, MUST NOT let anyone
    /// see an event before that, and MUST refuse an event whose type has no recorder. An event
    /// found on record already is not handed on again. A bus that is full makes the caller wait.
    ///
    /// Dropping the future while it waits for a place records nothing; dropping it later changes
    /// nothing: the events are recorded and handed on all the same. Either way the bus goes on.
    async fn emit_batch(&self, drafts: Vec<EventDraft>) -> Result<Vec<Receipt>, EmitError>;

    /// Has `recorder` record the events of these types from now on. A type has one recorder: the
    /// last one attached.
    fn attach_recorder(&self, types: &[EventType], recorder: Arc<dyn EventRecorder>);

    /// Which of these types have no recorder, and so cannot be emitted.
    fn without_recorder(&self, types: &[EventType]) -> Vec<EventType>;

    /// Hands what this bus records on to `subscriber`, from now on until the guard is dropped.
    ///
    /// An adapter MUST call it in the order of the record, for every event the filter accepts,
    /// none twice and none left out, however slow it is; MUST NOT let it delay or fail an emit or
    /// another subscriber; and MUST hold nothing of it once the guard is dropped. Only what
    /// retention removes before a slow subscriber comes to it is left out: an adapter MUST log that
    /// and count it in [`BusCounters::lost_to_retention`].
    ///
    /// What the subscriber emits through its [`Delivery`](super::Delivery) is tied to the event it was
    /// handed. An adapter MUST refuse it with [`EmitError::TooDeep`] from some number of reactions on
    /// that follow from one another, and MUST NOT be kept alive by an event that somebody holds.
    ///
    /// The filter, unlike the subscriber, runs inside the bus: every event is held against it where
    /// events are recorded one after the other, before its emitter has its receipt. A predicate
    /// that is slow, or a search of payloads, thus slows every emit. Do such work in the subscriber.
    fn subscribe(&self, filter: EventFilter, subscriber: Arc<dyn EventSubscriber>) -> Subscription;

    /// Has what subscribers emit through their [`Delivery`](super::Delivery) go through `front`: the
    /// bus as everybody else knows it, with whatever has been put around it. Until it is called, and
    /// when `front` has gone, it goes through this bus itself. An adapter MUST NOT keep `front` alive.
    fn react_through(&self, front: Weak<dyn EventBus>);

    /// The events of the whole record that the filter accepts, from `start` on: those that are there,
    /// and then those that are added, by this bus or by any other process.
    ///
    /// An adapter MUST hand them out in the order of the record, none twice and none left out, however
    /// slow the reader is and whoever records meanwhile; MUST NOT let it delay an emit or anybody else;
    /// and MUST hold nothing of it once it is dropped. It MUST notice what other processes add as soon
    /// as the record does, see [`AuditQuery::newer_than`](super::AuditQuery::newer_than). What
    /// retention removes before a slow reader comes to it MUST be said in its place, once, with
    /// [`QueryError::Removed`](super::QueryError::Removed), and be counted in
    /// [`BusCounters::lost_to_retention`]; a stream that is to begin after an entry
    /// ([`StartAt::After`]) is told as well of what follows that entry and is gone already.
    ///
    /// [`StartAt::Now`] begins with the call: whatever this bus records later is in. Of what other
    /// processes record at that very moment, nobody can say which came first.
    ///
    /// The stream ends when the bus shuts down and everything that was known of by then has been read.
    /// The filter runs inside the bus, as it does for a subscriber.
    fn stream(&self, filter: EventFilter, start: StartAt) -> EventStream;

    /// The last events recorded through this bus, oldest first, for inspection at run time: a
    /// bounded number, which the record itself is not.
    fn recent(&self) -> Vec<Arc<RecordedEvent>>;

    /// What has happened so far.
    fn counters(&self) -> BusCounters;

    /// How it fares. An adapter MUST NOT call it a failure of recording when a recorder refuses an
    /// event by a rule of its own.
    fn condition(&self) -> BusCondition;

    /// Waits for a moment at which nothing is under way: no emit waits for its answer, and every
    /// subscriber has handled all that it is to be told of, what handlers themselves have emitted
    /// included. Streams do not count.
    ///
    /// An adapter MUST NOT return earlier, and MUST return at such a moment also when it has shut
    /// down. While others go on emitting, or a handler does not return, there is no such moment:
    /// give it a deadline. A handler that waits for it waits for itself.
    async fn settled(&self);

    /// Shuts down: refuses new events, records what was accepted, and lets subscribers finish, but
    /// for no longer than `deadline`. An adapter MUST allow it to be called more than once.
    async fn shutdown(&self, deadline: Duration) -> ShutdownReport;
}

/// Emitting one event, on every bus.
#[async_trait]
pub trait Emit {
    /// Emits one event: a typed one, one of a context's enum, or a draft.
    ///
    /// Returns once it is on stable storage. See [`EventBus::emit_batch`] for what dropping the
    /// future means.
    async fn emit<E: Into<EventDraft> + Send>(&self, event: E) -> Result<Receipt, EmitError>;
}

#[async_trait]
impl<B: EventBus + ?Sized> Emit for B {
    async fn emit<E: Into<EventDraft> + Send>(&self, event: E) -> Result<Receipt, EmitError> {
        let draft = event.into();
        let event_type = draft.event_type().clone();
        let mut receipts = self.emit_batch(vec![draft]).await?;
        receipts.pop().ok_or_else(|| EmitError::NotRecorded {
            event_type,
            source: RecordError::without_receipt(),
        })
    }
}
