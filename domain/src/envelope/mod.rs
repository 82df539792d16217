//! What surrounds every event: who, when, where it belongs, and its payload.
//!
//! Deliberately absent: the sequence and the time of recording, which exist only once an event is
//! on record (see [`crate::RecordedEvent`]).

mod actor;
mod draft;
mod trace;

pub use actor::{Actor, ActorKind, InvalidActor};
pub use draft::EventDraft;
pub use trace::{InvalidTraceParent, TraceParent, is_trace_id};

use chrono::{DateTime, Utc};

use crate::event::{Details, EventType};

/// The extension that says how many reactions lie between an event and one that is none.
pub const REACTION_DEPTH: &str = "reactiondepth";

/// The extensions in which CloudEvents carry a W3C trace context.
pub const TRACE_CONTEXT: [&str; 2] = ["traceparent", "tracestate"];

/// A sealed event: complete, and ready to be put on record.
#[derive(Clone, Debug, PartialEq)]
pub struct EventEnvelope {
    /// A ULID where we make it; a producer's own id is kept as it came. Unique within `source`.
    pub event_id: String,
    /// The wire name.
    pub event_type: EventType,
    /// The version of the payload's shape, from 1.
    pub schema_version: u32,
    /// When it happened, by the producer's clock; says nothing about the order on record.
    pub occurred_at: DateTime<Utc>,
    /// Who produced it: a URI-reference, as in CloudEvents.
    pub source: String,
    /// The entity it is about.
    pub subject: Option<String>,
    /// The plan it belongs to.
    pub plan_id: Option<String>,
    /// The project it belongs to.
    pub project_name: Option<String>,
    /// The session it belongs to.
    pub session_id: Option<String>,
    /// The actor that caused it.
    pub actor: Option<Actor>,
    /// The human on whose behalf it happened; personal data.
    pub user_identity: Option<String>,
    /// One run of work that several events belong to.
    pub correlation_id: Option<String>,
    /// The event that caused this one.
    pub causation_id: Option<String>,
    /// The W3C trace id: 32 lower-case hex digits.
    pub trace_id: Option<String>,
    /// Attributes a producer sent that have no field of their own, kept as they came.
    pub extensions: Details,
    /// The payload.
    pub details: Details,
}

impl EventEnvelope {
    /// The W3C trace context it carries, where it carries a whole one and not the trace's id alone.
    #[must_use]
    pub fn trace_parent(&self) -> Option<TraceParent> {
        self.extensions.get(TRACE_CONTEXT[0])?.as_str()?.parse().ok()
    }

    /// How many reactions lie between this event and one that is none: 0 where it is none itself. A
    /// producer's own extension of that name counts as well; one that is no number does not.
    #[must_use]
    pub fn reaction_depth(&self) -> u32 {
        let depth = self.extensions.get(REACTION_DEPTH).and_then(serde_json::Value::as_u64);
        depth.map_or(0, |depth| u32::try_from(depth).unwrap_or(u32::MAX))
    }
}
