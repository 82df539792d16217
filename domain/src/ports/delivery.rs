//! An event as it is handed to a subscriber: with what is known of this handing, and with an emitter
//! that ties whatever the subscriber emits to the event it reacts to.
//!
//! Deliberately absent: who hands it over. The bus does so live, and a durable subscription from the
//! record.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use async_trait::async_trait;

use super::{EmitError, EventBus, RecordError};
use crate::audit::{Receipt, RecordedEvent};
use crate::envelope::EventDraft;

/// Takes events to a bus: the part of [`EventBus`] that a reaction needs.
#[async_trait]
pub trait EmitBatch: Send + Sync {
    /// Emits events as [`EventBus::emit_batch`] does.
    async fn emit_batch(&self, drafts: Vec<EventDraft>) -> Result<Vec<Receipt>, EmitError>;
}

#[async_trait]
impl<B: EventBus + ?Sized> EmitBatch for Arc<B> {
    async fn emit_batch(&self, drafts: Vec<EventDraft>) -> Result<Vec<Receipt>, EmitError> {
        EventBus::emit_batch(&**self, drafts).await
    }
}

/// How many reactions may follow from one another where nothing else is said.
pub const MAX_REACTION_DEPTH: u32 = 16;

/// Emits on behalf of one event: what goes through it names that event as its cause, belongs to the
/// same run of work and the same trace, and counts as one reaction more.
#[derive(Clone)]
pub struct ReactionEmitter {
    cause: Arc<RecordedEvent>,
    through: Arc<dyn EmitBatch>,
    max_depth: u32,
}

impl ReactionEmitter {
    /// An emitter for reactions to `cause` that emits through `through`. An event that is more than
    /// `max_depth` reactions away from one that nobody reacted with is refused.
    #[must_use]
    pub fn new(cause: Arc<RecordedEvent>, through: Arc<dyn EmitBatch>, max_depth: u32) -> Self {
        Self { cause, through, max_depth }
    }

    /// Emits one event; see [`EventDraft::in_reaction_to`] for what is filled in.
    ///
    /// # Errors
    /// As [`super::Emit::emit`], and [`EmitError::TooDeep`].
    pub async fn emit<E: Into<EventDraft> + Send>(&self, event: E) -> Result<Receipt, EmitError> {
        let draft = event.into();
        let event_type = draft.event_type().clone();
        let mut receipts = self.emit_batch(vec![draft]).await?;
        receipts.pop().ok_or_else(|| EmitError::NotRecorded {
            event_type,
            source: RecordError::without_receipt(),
        })
    }

    /// Emits several events: all of them or none.
    ///
    /// # Errors
    /// As [`EventBus::emit_batch`], and [`EmitError::TooDeep`].
    pub async fn emit_batch(&self, drafts: Vec<EventDraft>) -> Result<Vec<Receipt>, EmitError> {
        let depth = self.cause.envelope.reaction_depth().saturating_add(1);
        if depth > self.max_depth
            && let Some(first) = drafts.first()
        {
            return Err(EmitError::TooDeep {
                event_type: first.event_type().clone(),
                cause: self.cause.envelope.event_id.clone(),
                limit: self.max_depth,
            });
        }
        let bind = |draft: EventDraft| draft.in_reaction_to(&self.cause.envelope);
        self.through.emit_batch(drafts.into_iter().map(bind).collect()).await
    }
}

impl fmt::Debug for ReactionEmitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReactionEmitter")
            .field("cause", &self.cause.sequence)
            .field("max_depth", &self.max_depth)
            .finish_non_exhaustive()
    }
}

/// An event as it is handed to a subscriber. It can be used wherever the event itself can.
#[derive(Clone, Debug)]
pub struct Delivery {
    event: Arc<RecordedEvent>,
    emitter: ReactionEmitter,
    attempt: u32,
    repeated: bool,
}

impl Delivery {
    /// The first handing over of an event; what its subscriber emits goes through `emitter`.
    #[must_use]
    pub fn new(event: Arc<RecordedEvent>, emitter: ReactionEmitter) -> Self {
        Self { event, emitter, attempt: 1, repeated: false }
    }

    /// The same event once more: the `attempt`-th time, from 1.
    #[must_use]
    pub fn with_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// The same event, which an earlier run of the same subscription may have handled already.
    #[must_use]
    pub fn with_repeated(mut self, repeated: bool) -> Self {
        self.repeated = repeated;
        self
    }

    /// The event.
    #[must_use]
    pub fn event(&self) -> &Arc<RecordedEvent> {
        &self.event
    }

    /// How often this run has handed it over, this time included: 1, unless a handler failed.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whether it may have been handled before: it is tried again after a failure, or an earlier run
    /// of the same subscription ended before it could note how far it had come. An event that is
    /// handed over twice is never handed over twice without this.
    #[must_use]
    pub fn may_be_repeated(&self) -> bool {
        self.repeated || self.attempt > 1
    }

    /// Where the subscriber's own events go, tied to this one.
    #[must_use]
    pub fn emitter(&self) -> &ReactionEmitter {
        &self.emitter
    }

    /// Emits an event in reaction to this one; see [`ReactionEmitter::emit`].
    pub async fn emit<E: Into<EventDraft> + Send>(&self, event: E) -> Result<Receipt, EmitError> {
        self.emitter.emit(event).await
    }
}

impl Deref for Delivery {
    type Target = RecordedEvent;

    fn deref(&self) -> &RecordedEvent {
        &self.event
    }
}
