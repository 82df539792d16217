//! Reading one event.

use chrono::{DateTime, Datelike, Utc};
use domain::envelope::is_trace_id;
use domain::proof::CommittedField;
use domain::{Actor, Catalogue, Details, EventDescriptor, EventDraft, TraceParent};
use serde_json::Value;

use super::attributes::{
    ACTOR, Attributes, CAUSATION, CONTENT_TYPE, CORRELATION, DATA, DATA_BASE64, ERASED, ID, PLAN,
    PROJECT, SCHEMA_VERSION, SESSION, SOURCE, SPEC_VERSION, SUBJECT, TIME, TRACE, TRACE_PARENT,
    TYPE, USER,
};
use super::strict_json::Strict;
use super::{EventProblem, InvalidEvent};

/// Reads one event, the bytes of one JSON object, into a draft.
///
/// Attributes without a field of their own in the envelope are kept as they came; null counts as
/// absent. `schemaversion` says which version of its type the payload has, 1 where it is absent.
///
/// # Errors
/// When it is no event of the catalogue; the error names the field, what is there, and the fix.
pub fn parse(bytes: &[u8], catalogue: &Catalogue) -> Result<EventDraft, InvalidEvent> {
    let mut attributes = Attributes(object(bytes)?);
    let version = attributes.take_required(SPEC_VERSION)?;
    if version != "1.0" {
        return Err(InvalidEvent::mistyped(SPEC_VERSION, "\"1.0\"", &Value::String(version)));
    }
    let event_id = attributes.take_required(ID)?;
    let source = attributes.take_required(SOURCE)?;
    let event_type = attributes.take_required(TYPE)?;
    let Some(descriptor) = catalogue.find(&event_type) else {
        return Err(InvalidEvent::unknown_type(event_type, catalogue));
    };
    check_content_type(&attributes)?;
    refuse_erased(&attributes)?;
    let details = payload(&mut attributes)?;
    let schema_version = schema_version(&mut attributes)?;

    let mut draft =
        draft(descriptor, schema_version, details)?.with_id(event_id).from_source(source);
    if let Some(time) = attributes.take_text(TIME)? {
        draft = draft.occurred_at(utc(time)?);
    }
    if let Some(subject) = attributes.take_text(SUBJECT)? {
        draft = draft.about(subject);
    }
    if let Some(plan) = attributes.take_text(PLAN)? {
        draft = draft.in_plan(plan);
    }
    if let Some(project) = attributes.take_text(PROJECT)? {
        draft = draft.in_project(project);
    }
    if let Some(session) = attributes.take_text(SESSION)? {
        draft = draft.in_session(session);
    }
    if let Some(actor) = attributes.take_text(ACTOR)? {
        draft = draft.by(self::actor(actor)?);
    }
    if let Some(user) = attributes.take_text(USER)? {
        draft = draft.for_user(user);
    }
    if let Some(correlation) = attributes.take_text(CORRELATION)? {
        draft = draft.correlated_by(correlation);
    }
    if let Some(causation) = attributes.take_text(CAUSATION)? {
        draft = draft.caused_by(causation);
    }
    if let Some(trace) = trace(&mut attributes)? {
        draft = draft.in_trace(trace);
    }
    Ok(draft.with_extensions(extensions(attributes)?))
}

/// Empty details that stand for erased ones would be taken for those of a type that needs none.
fn refuse_erased(attributes: &Attributes) -> Result<(), InvalidEvent> {
    let erased = attributes.0.get(ERASED).and_then(Value::as_str).unwrap_or_default();
    if erased.split(',').any(|field| field == CommittedField::Details.name()) {
        return Err(InvalidEvent::at(ERASED, EventProblem::Erased));
    }
    Ok(())
}

fn object(bytes: &[u8]) -> Result<Details, InvalidEvent> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        InvalidEvent::whole(EventProblem::NotUtf8 { byte: error.valid_up_to() + 1 })
    })?;
    let Strict(value) = serde_json::from_str(text).map_err(|error| InvalidEvent::json(&error))?;
    match value {
        Value::Object(object) => Ok(object),
        other => Err(InvalidEvent::whole(EventProblem::NotAnObject {
            found: domain::event::describe(&other),
        })),
    }
}

/// JSON, or a format made of JSON; stays among the extensions, so that it is written as it came.
fn check_content_type(attributes: &Attributes) -> Result<(), InvalidEvent> {
    let Some(content_type) = attributes.text(CONTENT_TYPE)? else { return Ok(()) };
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let media_type = media_type.to_ascii_lowercase();
    if media_type == "application/json" || media_type.ends_with("+json") {
        return Ok(());
    }
    let found = Value::from(content_type);
    Err(InvalidEvent::mistyped(CONTENT_TYPE, "\"application/json\" or left out", &found))
}

fn payload(attributes: &mut Attributes) -> Result<Details, InvalidEvent> {
    if attributes.take(DATA_BASE64).is_some() {
        return Err(InvalidEvent::at(DATA_BASE64, EventProblem::Binary));
    }
    match attributes.take(DATA) {
        // Whichever field the type requires is then reported as missing.
        None => Ok(Details::new()),
        Some(Value::Object(details)) => Ok(details),
        Some(other) => Err(InvalidEvent::mistyped(DATA, "a JSON object", &other)),
    }
}

/// The payload as one of the version that was named, or of the first where none was.
fn draft(
    descriptor: &EventDescriptor,
    named: Option<u32>,
    details: Details,
) -> Result<EventDraft, InvalidEvent> {
    let forgotten = (named.is_none() && descriptor.version > 1)
        .then(|| (descriptor.check)(descriptor.version, &details).is_ok());
    EventDraft::untyped(descriptor, named.unwrap_or(1), details).map_err(|error| {
        if forgotten == Some(true) {
            // The payload is fine, and what it lacks as one of the first version would mislead.
            let expected = format!("{}, the version that the payload has", descriptor.version);
            return InvalidEvent::at(SCHEMA_VERSION, EventProblem::Missing { expected });
        }
        InvalidEvent::details(error)
    })
}

/// A version that is written out all the same although it says nothing stays where it is.
fn schema_version(attributes: &mut Attributes) -> Result<Option<u32>, InvalidEvent> {
    let Some(value) = attributes.0.get(SCHEMA_VERSION).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let version = value.as_u64().and_then(|version| u32::try_from(version).ok());
    let Some(version) = version else {
        return Err(InvalidEvent::mistyped(SCHEMA_VERSION, "a whole number, 1 or more", value));
    };
    if version != 1 {
        attributes.take(SCHEMA_VERSION);
    }
    Ok(Some(version))
}

fn utc(time: String) -> Result<DateTime<Utc>, InvalidEvent> {
    DateTime::parse_from_rfc3339(&time)
        .map(|time| time.with_timezone(&Utc))
        .ok()
        // An offset can push a time out of the years that can be written.
        .filter(|time| (0..=9999).contains(&time.year()))
        .ok_or_else(|| {
            let expected = "a time as in RFC 3339, such as \"2026-07-01T09:00:00.003Z\"";
            InvalidEvent::mistyped(TIME, expected, &Value::String(time))
        })
}

fn actor(text: String) -> Result<Actor, InvalidEvent> {
    text.parse().map_err(|_| {
        let expected = "human:ID, agent:ID or system:ID, such as \"agent:planner\"";
        InvalidEvent::mistyped(ACTOR, expected, &Value::String(text))
    })
}

/// The trace id; a `traceparent` stays among the extensions, since only a part of it is the id.
fn trace(attributes: &mut Attributes) -> Result<Option<String>, InvalidEvent> {
    if let Some(parent) = attributes.text(TRACE_PARENT)? {
        let read: TraceParent = parent.parse().map_err(|_| {
            let expected = "a W3C trace context, such as \
                            \"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\"";
            InvalidEvent::mistyped(TRACE_PARENT, expected, &Value::from(parent))
        })?;
        return Ok(Some(read.trace_id().to_owned()));
    }
    match attributes.take_text(TRACE)? {
        Some(trace) if !is_trace_id(&trace) => {
            Err(InvalidEvent::mistyped(TRACE, "32 hex digits in lower case", &Value::String(trace)))
        }
        trace => Ok(trace),
    }
}

/// What is left: attributes of the producer's own.
fn extensions(attributes: Attributes) -> Result<Details, InvalidEvent> {
    let mut extensions = attributes.0;
    extensions.retain(|_, value| !value.is_null());
    for (name, value) in &extensions {
        if name.is_empty() || !name.bytes().all(is_name_byte) {
            return Err(InvalidEvent::at(name, EventProblem::AttributeName { fix: rename(name) }));
        }
        if matches!(value, Value::Array(_) | Value::Object(_)) {
            let expected = "a string, a number, or true or false (put anything else into `data`)";
            return Err(InvalidEvent::mistyped(name, expected, value));
        }
    }
    Ok(extensions)
}

fn is_name_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9')
}

fn rename(name: &str) -> String {
    let allowed: String =
        name.to_lowercase().chars().filter(|c| u8::try_from(*c).is_ok_and(is_name_byte)).collect();
    if allowed.is_empty() {
        return "rename it, or put it into `data`".to_owned();
    }
    format!("rename it to `{allowed}`, or put it into `data`")
}
