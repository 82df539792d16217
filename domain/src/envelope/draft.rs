//! An event on its way to the bus: the payload, and as much of the envelope as the emitter knows.
//!
//! Deliberately absent: the clock and the id generator; whoever seals a draft brings both.

use chrono::{DateTime, Utc};

use super::{Actor, EventEnvelope, REACTION_DEPTH, TRACE_CONTEXT, TraceParent};
use crate::event::{Details, DetailsError, DomainEvent, EventDescriptor, EventType};

/// An event with what its emitter knows of the envelope; the bus fills in the rest.
///
/// Every typed event turns into one by itself; name what it belongs to where that is known:
///
/// ```
/// use indelible_domain::{Actor, EventDraft, events::PlanCreated};
/// let event = PlanCreated { name: "tidy".into(), goal: "main".into(), automation_profile: None };
/// let draft = EventDraft::from(event).in_plan("p1").by(Actor::agent("planner"));
/// assert_eq!(draft.event_type().as_str(), "plan.created");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a draft is not on record before it is emitted"]
pub struct EventDraft {
    event_type: EventType,
    schema_version: u32,
    details: Result<Details, DetailsError>,
    event_id: Option<String>,
    source: Option<String>,
    occurred_at: Option<DateTime<Utc>>,
    subject: Option<String>,
    plan_id: Option<String>,
    project_name: Option<String>,
    session_id: Option<String>,
    actor: Option<Actor>,
    user_identity: Option<String>,
    correlation_id: Option<String>,
    causation_id: Option<String>,
    trace_id: Option<String>,
    extensions: Details,
}

impl EventDraft {
    /// A draft of a payload that is not a Rust value, such as one read from a file.
    ///
    /// # Errors
    /// When the payload is not one of this type and version.
    pub fn untyped(
        descriptor: &EventDescriptor,
        version: u32,
        details: Details,
    ) -> Result<Self, DetailsError> {
        (descriptor.check)(version, &details)?;
        Ok(Self::new(descriptor.name(), version, Ok(details)))
    }

    fn new(
        event_type: EventType,
        schema_version: u32,
        details: Result<Details, DetailsError>,
    ) -> Self {
        Self {
            event_type,
            schema_version,
            details,
            event_id: None,
            source: None,
            occurred_at: None,
            subject: None,
            plan_id: None,
            project_name: None,
            session_id: None,
            actor: None,
            user_identity: None,
            correlation_id: None,
            causation_id: None,
            trace_id: None,
            extensions: Details::new(),
        }
    }

    /// The wire name of the event inside.
    #[must_use]
    pub fn event_type(&self) -> &EventType {
        &self.event_type
    }

    /// Keeps the producer's own id, unique within its source. Emitting the same source and id
    /// again records nothing and returns the first receipt.
    pub fn with_id(mut self, event_id: impl Into<String>) -> Self {
        self.event_id = Some(event_id.into());
        self
    }

    /// Names the producer, as a URI-reference.
    pub fn from_source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Says when it happened; without it, the moment of emitting.
    pub fn occurred_at(mut self, when: DateTime<Utc>) -> Self {
        self.occurred_at = Some(when);
        self
    }

    /// Names the entity it is about.
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Names the plan it belongs to.
    pub fn in_plan(mut self, plan_id: impl Into<String>) -> Self {
        self.plan_id = Some(plan_id.into());
        self
    }

    /// Names the project it belongs to.
    pub fn in_project(mut self, project_name: impl Into<String>) -> Self {
        self.project_name = Some(project_name.into());
        self
    }

    /// Names the session it belongs to.
    pub fn in_session(mut self, session_id: impl Into<String>) -> Self {
        self.session_id = Some(session_id.into());
        self
    }

    /// Names the actor that caused it.
    pub fn by(mut self, actor: Actor) -> Self {
        self.actor = Some(actor);
        self
    }

    /// Names the human on whose behalf it happened.
    pub fn for_user(mut self, user_identity: impl Into<String>) -> Self {
        self.user_identity = Some(user_identity.into());
        self
    }

    /// Names the run of work it belongs to.
    pub fn correlated_by(mut self, correlation_id: impl Into<String>) -> Self {
        self.correlation_id = Some(correlation_id.into());
        self
    }

    /// Names the event that caused it.
    pub fn caused_by(mut self, causation_id: impl Into<String>) -> Self {
        self.causation_id = Some(causation_id.into());
        self
    }

    /// Names the W3C trace it belongs to: 32 lower-case hex digits.
    pub fn in_trace(mut self, trace_id: impl Into<String>) -> Self {
        self.trace_id = Some(trace_id.into());
        self
    }

    /// Has it belong to a W3C trace, as the child of a span. The trace's state, where there is one, is
    /// the extension `tracestate`.
    pub fn in_trace_context(mut self, parent: &TraceParent) -> Self {
        self.trace_id = Some(parent.trace_id().to_owned());
        self.extensions.insert(TRACE_CONTEXT[0].to_owned(), parent.as_str().into());
        self
    }

    /// The W3C trace it belongs to, as far as has been said.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }

    /// Ties the event to the one it reacts to, where nothing else has been said: that event is its
    /// cause; it belongs to the same run of work, which is named after that event where it has no name
    /// yet; and to the same trace. It is one reaction further away from an event that is none.
    pub fn in_reaction_to(mut self, cause: &EventEnvelope) -> Self {
        self.causation_id.get_or_insert_with(|| cause.event_id.clone());
        let run = cause.correlation_id.as_ref().unwrap_or(&cause.event_id);
        self.correlation_id.get_or_insert_with(|| run.clone());
        if self.trace_id.is_none() {
            self.trace_id.clone_from(&cause.trace_id);
            for name in TRACE_CONTEXT {
                if let Some(value) = cause.extensions.get(name) {
                    self.extensions.entry(name).or_insert_with(|| value.clone());
                }
            }
        }
        let depth = cause.reaction_depth().saturating_add(1);
        self.extensions.insert(REACTION_DEPTH.to_owned(), depth.into());
        self
    }

    /// Keeps attributes that have no field of their own.
    pub fn with_extensions(mut self, extensions: Details) -> Self {
        self.extensions = extensions;
        self
    }

    /// Completes the envelope. `now`, `new_id` and `source` are used where the emitter said
    /// nothing.
    ///
    /// # Errors
    /// When the event holds what JSON cannot carry.
    pub fn seal(
        self,
        now: DateTime<Utc>,
        new_id: impl FnOnce() -> String,
        source: &str,
    ) -> Result<EventEnvelope, DetailsError> {
        Ok(EventEnvelope {
            event_id: self.event_id.unwrap_or_else(new_id),
            event_type: self.event_type,
            schema_version: self.schema_version,
            occurred_at: self.occurred_at.unwrap_or(now),
            source: self.source.unwrap_or_else(|| source.to_owned()),
            subject: self.subject,
            plan_id: self.plan_id,
            project_name: self.project_name,
            session_id: self.session_id,
            actor: self.actor,
            user_identity: self.user_identity,
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            trace_id: self.trace_id,
            extensions: self.extensions,
            details: self.details?,
        })
    }
}

impl<E: DomainEvent> From<E> for EventDraft {
    fn from(event: E) -> Self {
        Self::new(E::DESCRIPTOR.name(), E::DESCRIPTOR.version, event.into_details())
    }
}
