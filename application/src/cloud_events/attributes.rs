//! The names of CloudEvents attributes, and taking them out of an event one by one.

use domain::Details;
use serde_json::Value;

use super::{EventProblem, InvalidEvent};

pub(super) const SPEC_VERSION: &str = "specversion";
pub(super) const ID: &str = "id";
pub(super) const SOURCE: &str = "source";
pub(super) const TYPE: &str = "type";
pub(super) const TIME: &str = "time";
pub(super) const CONTENT_TYPE: &str = "datacontenttype";
pub(super) const SUBJECT: &str = "subject";
pub(super) const PLAN: &str = "planid";
pub(super) const PROJECT: &str = "projectname";
pub(super) const SESSION: &str = "sessionid";
pub(super) const ACTOR: &str = "actor";
pub(super) const USER: &str = "useridentity";
pub(super) const CORRELATION: &str = "correlationid";
pub(super) const CAUSATION: &str = "causationid";
/// W3C trace context, whole.
pub(super) const TRACE_PARENT: &str = "traceparent";
/// The trace id alone, for events that were not sent with a `traceparent`.
pub(super) const TRACE: &str = "traceid";
pub(super) const SCHEMA_VERSION: &str = "schemaversion";
/// Which fields were erased before the event was written, with a comma between them.
pub(super) const ERASED: &str = "erasedfields";
pub(super) const DATA: &str = "data";
pub(super) const DATA_BASE64: &str = "data_base64";

/// Attributes that are written from the envelope, whatever its extensions hold.
pub(super) const FROM_ENVELOPE: [&str; 15] = [
    SPEC_VERSION,
    ID,
    SOURCE,
    TYPE,
    TIME,
    SUBJECT,
    PLAN,
    PROJECT,
    SESSION,
    ACTOR,
    USER,
    CORRELATION,
    CAUSATION,
    DATA,
    DATA_BASE64,
];

/// The attributes of an event that have not been taken yet, in the order they came.
pub(super) struct Attributes(pub(super) Details);

impl Attributes {
    /// Takes an attribute; null counts as absent.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        // Not `remove`, which would move the last attribute into the gap.
        self.0.shift_remove(name).filter(|value| !value.is_null())
    }

    /// Takes a text.
    pub(super) fn take_text(&mut self, name: &str) -> Result<Option<String>, InvalidEvent> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(InvalidEvent::mistyped(name, "a string", &other)),
        }
    }

    /// Takes a text that must be there and not empty.
    pub(super) fn take_required(&mut self, name: &str) -> Result<String, InvalidEvent> {
        const EXPECTED: &str = "a string that is not empty";
        match self.take_text(name)? {
            None => {
                Err(InvalidEvent::at(name, EventProblem::Missing { expected: EXPECTED.to_owned() }))
            }
            Some(text) if text.is_empty() => {
                Err(InvalidEvent::mistyped(name, EXPECTED, &Value::String(text)))
            }
            Some(text) => Ok(text),
        }
    }

    /// A text that stays where it is.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, InvalidEvent> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(InvalidEvent::mistyped(name, "a string", other)),
        }
    }
}
