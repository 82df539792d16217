//! The promises of the redactor.

mod envelope;
mod key;
mod names;
mod settings;
mod text;

use domain::events::ToolCompleted;
use domain::{EventDraft, EventEnvelope, Redactor};
use serde_json::{Value, json};

use super::*;

const KEY: [u8; 32] = [7; 32];

fn redactor() -> SecretRedactor {
    SecretRedactor::new(&RedactionSettings::default(), RedactionKey::from_bytes(KEY)).unwrap()
}

/// An envelope whose payload holds `outcome`.
fn envelope(outcome: Value) -> EventEnvelope {
    let event = ToolCompleted {
        invocation_id: "call-1".to_owned(),
        tool: "shell".to_owned(),
        outcome,
        duration_ms: 1,
    };
    let now = "2026-01-02T03:04:05Z".parse().unwrap();
    EventDraft::from(event).seal(now, || "01J1".to_owned(), "/here").unwrap()
}

/// What becomes of a value in a payload, and how many secrets it held.
fn redacted_by(redactor: &SecretRedactor, value: Value) -> (Value, usize) {
    let mut envelope = envelope(value);
    let count = redactor.redact(&mut envelope);
    let again = envelope.clone();
    assert_eq!(redactor.redact(&mut envelope), 0, "redacting again changes nothing");
    assert_eq!(envelope, again);
    (envelope.details["outcome"].take(), count)
}

/// What becomes of a value, with the hashes of marks left out.
fn redacted(value: Value) -> Value {
    thread_local! {
        static REDACTOR: SecretRedactor = redactor();
    }
    REDACTOR.with(|redactor| without_hashes(&redacted_by(redactor, value).0))
}

fn without_hashes(value: &Value) -> Value {
    let hashes = regex::Regex::new(r"(\[redacted:[a-z0-9_-]+):[0-9a-f]{8}\]").unwrap();
    serde_json::from_str(&hashes.replace_all(&value.to_string(), "$1]")).unwrap()
}

/// What becomes of a text.
fn text(text: &str) -> String {
    redacted(json!(text)).as_str().unwrap().to_owned()
}
