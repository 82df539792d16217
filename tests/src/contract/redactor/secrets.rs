//! Events with and without secrets, and everything that could be read of an event.

use domain::events::{CATALOGUE, ToolCompleted};
use domain::{Actor, AuditEntry, Details, EventDraft, EventEnvelope};
use serde_json::{Value, json};

use crate::contract::audit_log::start;
use crate::expect::must;

/// A forge's token that nobody has: the same for the same number.
#[must_use]
pub fn secret(number: u32) -> String {
    format!("ghp_aB3{number:033}")
}

/// An event whose payload holds a value and nothing secret besides.
#[must_use]
pub fn ordinary(outcome: Value) -> EventEnvelope {
    let event = ToolCompleted {
        invocation_id: "call-1".to_owned(),
        tool: "shell".to_owned(),
        outcome,
        duration_ms: 1,
    };
    must(EventDraft::from(event).seal(start(), || "01J1".to_owned(), "/here"))
}

/// Every text that could be read of an event, stored or shown.
#[must_use]
pub fn everything(envelope: &EventEnvelope) -> String {
    let entry = AuditEntry::new(envelope.clone());
    format!("{envelope:?} {} {:?}", entry.details_json(), entry.extensions_json())
}

/// Every place of an envelope that a text can stand in.
pub(super) const PLACES: [&str; 14] = [
    "event_id",
    "source",
    "subject",
    "plan_id",
    "project_name",
    "session_id",
    "actor",
    "user_identity",
    "correlation_id",
    "causation_id",
    "trace_id",
    "an extension",
    "an extension's name",
    "the payload",
];

/// An event with a text in one place.
pub(super) fn planted(place: &str, text: &str) -> EventEnvelope {
    let mut envelope = ordinary(json!({}));
    let text = text.to_owned();
    match place {
        "event_id" => envelope.event_id = text,
        "source" => envelope.source = text,
        "subject" => envelope.subject = Some(text),
        "plan_id" => envelope.plan_id = Some(text),
        "project_name" => envelope.project_name = Some(text),
        "session_id" => envelope.session_id = Some(text),
        "actor" => envelope.actor = Some(Actor::agent(text)),
        "user_identity" => envelope.user_identity = Some(text),
        "correlation_id" => envelope.correlation_id = Some(text),
        "causation_id" => envelope.causation_id = Some(text),
        "trace_id" => envelope.trace_id = Some(text),
        "an extension" => drop(envelope.extensions.insert("partition".to_owned(), json!(text))),
        "an extension's name" => drop(envelope.extensions.insert(text, json!(1))),
        _ => drop(envelope.details.insert("unknown".to_owned(), json!(text))),
    }
    envelope
}

/// Events in which nothing is secret.
pub(super) fn harmless() -> Vec<EventEnvelope> {
    let texts = [
        "call-1",
        "tidy the main branch",
        "src/contract/mod.rs:17",
        "2026-07-01T09:30:00Z",
        "01J1XK5C8R5B9W9Q6T3N2M1P0A",
        "9fceb02d0ae598e95dc970b74767f19372d61af8",
        "https://example.org/plans/17?page=2",
        "1.10",
        "",
        "naïve 日本 \u{1f469}\u{200d}\u{1f467} \u{0} \"quoted\" \\ {x: [1]}",
    ];
    let mut all: Vec<_> =
        PLACES.iter().flat_map(|place| texts.map(|text| planted(place, text))).collect();
    all.push(ordinary(json!({ "exit": 0, "lines": [1, 2.5, null, true], "deep": { "er": {} } })));
    all.extend(CATALOGUE.events().map(|event| EventEnvelope {
        event_type: event.name(),
        details: (event.sample)(),
        ..ordinary(Value::Null)
    }));
    all.push(EventEnvelope { details: Details::new(), ..ordinary(Value::Null) });
    all
}
