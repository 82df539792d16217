//! The promises of reading and writing CloudEvents.

mod parsing;
mod reading;
mod round_trip;

use chrono::{DateTime, Utc};
use domain::events::CATALOGUE;
use domain::{ErasedFields, EventDraft, RecordedEvent, Sequence};
use serde_json::{Value, json};

use super::{InvalidEvent, parse};

/// An event that uses every attribute of the envelope.
fn full() -> Value {
    json!({
        "specversion": "1.0",
        "id": "01J1",
        "source": "/agents/one",
        "type": "tool.completed",
        "time": "2026-07-01T09:00:00.003Z",
        "datacontenttype": "application/json",
        "subject": "call-7",
        "planid": "plan-1",
        "projectname": "demo",
        "sessionid": "session-1",
        "actor": "agent:planner",
        "useridentity": "someone@example.org",
        "correlationid": "run-1",
        "causationid": "01J0",
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "dataschema": "https://example.org/schema",
        "partition": 3,
        "sampled": true,
        "data": {
            "invocation_id": "call-7",
            "tool": "grep",
            "outcome": {"zeta": 1, "alpha": [null, "é"]},
            "duration_ms": 12,
            "unknown": "kept"
        }
    })
}

/// The full event with one attribute set to something else, or taken away.
fn with(name: &str, value: Option<Value>) -> Value {
    let mut event = full();
    let object = event.as_object_mut().unwrap();
    match value {
        Some(value) => object.insert(name.to_owned(), value),
        None => object.shift_remove(name),
    };
    event
}

fn read(event: &Value) -> Result<EventDraft, InvalidEvent> {
    parse(event.to_string().as_bytes(), &CATALOGUE)
}

fn moment() -> DateTime<Utc> {
    "2026-01-02T03:04:05.006Z".parse().unwrap()
}

fn recorded(draft: EventDraft) -> RecordedEvent {
    let envelope = draft.seal(moment(), || "made".to_owned(), "/here").unwrap();
    RecordedEvent {
        sequence: Sequence(1),
        recorded_at: moment(),
        envelope,
        erased: ErasedFields::NONE,
    }
}
