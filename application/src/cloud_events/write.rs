//! Writing one recorded event.
//!
//! Deliberately absent: the sequence and the time of recording. They belong to this record, not to
//! the event, and another record that takes the event in gives it its own.

use chrono::SecondsFormat;
use domain::{ErasedFields, EventEnvelope, RecordedEvent, TraceParent};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::attributes::{
    ACTOR, CAUSATION, CONTENT_TYPE, CORRELATION, DATA, ERASED, FROM_ENVELOPE, ID, PLAN, PROJECT,
    SCHEMA_VERSION, SESSION, SOURCE, SPEC_VERSION, SUBJECT, TIME, TRACE, TYPE, USER,
};

/// Writes a recorded event as one CloudEvents JSON object on one line, without a newline at its
/// end: exactly what [`super::parse`] accepts, and what it was read from.
///
/// Of an event of which something was erased that is not so: `erasedfields` says of what, and one
/// whose details were erased is refused where its type needs any.
///
/// Attributes stand in a fixed order, the producer's own after ours, the payload last.
#[must_use]
pub fn write(event: &RecordedEvent) -> String {
    // Writing to a string cannot fail: every name is a string, and the writer never errs.
    serde_json::to_string(&AsCloudEvent(&event.envelope, event.erased)).unwrap_or_default()
}

struct AsCloudEvent<'a>(&'a EventEnvelope, ErasedFields);

impl AsCloudEvent<'_> {
    /// The trace id, where no `traceparent` among the extensions holds it already.
    fn trace(&self) -> Option<&str> {
        let trace = self.0.trace_id.as_deref()?;
        let parent = self.0.trace_parent();
        (parent.as_ref().map(TraceParent::trace_id) != Some(trace)).then_some(trace)
    }
}

impl Serialize for AsCloudEvent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let envelope = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(SPEC_VERSION, "1.0")?;
        map.serialize_entry(ID, &envelope.event_id)?;
        map.serialize_entry(SOURCE, &envelope.source)?;
        map.serialize_entry(TYPE, envelope.event_type.as_str())?;
        // As many digits as the time has, in groups of three.
        let time = envelope.occurred_at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        map.serialize_entry(TIME, &time)?;
        if let Some(content_type) = envelope.extensions.get(CONTENT_TYPE) {
            map.serialize_entry(CONTENT_TYPE, content_type)?;
        }
        let actor = envelope.actor.as_ref().map(ToString::to_string);
        for (name, value) in [
            (SUBJECT, envelope.subject.as_deref()),
            (PLAN, envelope.plan_id.as_deref()),
            (PROJECT, envelope.project_name.as_deref()),
            (SESSION, envelope.session_id.as_deref()),
            (ACTOR, actor.as_deref()),
            (USER, envelope.user_identity.as_deref()),
            (CORRELATION, envelope.correlation_id.as_deref()),
            (CAUSATION, envelope.causation_id.as_deref()),
            (TRACE, self.trace()),
        ] {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        if envelope.schema_version != 1 {
            map.serialize_entry(SCHEMA_VERSION, &envelope.schema_version)?;
        }
        if !self.1.is_empty() {
            map.serialize_entry(ERASED, &self.1.to_string())?;
        }
        for (name, value) in &envelope.extensions {
            if name == ERASED && !self.1.is_empty() {
                // Erased here and, before it was recorded here, somewhere else: no name may come twice.
                continue;
            }
            if name != CONTENT_TYPE && !FROM_ENVELOPE.contains(&name.as_str()) {
                map.serialize_entry(name, value)?;
            }
        }
        map.serialize_entry(DATA, &envelope.details)?;
        map.end()
    }
}
