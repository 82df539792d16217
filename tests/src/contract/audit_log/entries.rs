//! Entries to try an audit log with.

use chrono::{DateTime, Utc};
use domain::{Actor, AuditEntry, Details, EventEnvelope, EventType};
use serde_json::{Value, json};

/// A moment to start from.
#[must_use]
pub fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000)
}

/// An envelope with every field filled.
#[must_use]
pub fn envelope(event_id: &str) -> EventEnvelope {
    EventEnvelope {
        event_id: event_id.to_owned(),
        event_type: EventType::from_static("plan.created"),
        schema_version: 1,
        occurred_at: start(),
        source: "urn:tests".to_owned(),
        subject: Some("plan/p1".to_owned()),
        plan_id: Some("p1".to_owned()),
        project_name: Some("indelible".to_owned()),
        session_id: Some("s1".to_owned()),
        actor: Some(Actor::agent("planner")),
        user_identity: Some("ada@example.org".to_owned()),
        correlation_id: Some("c1".to_owned()),
        causation_id: Some("e0".to_owned()),
        trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
        extensions: object(json!({ "region": "north" })),
        details: object(json!({ "name": "tidy", "goal": "main" })),
    }
}

/// An entry with an id of its own.
#[must_use]
pub fn entry(event_id: &str) -> AuditEntry {
    AuditEntry::new(envelope(event_id))
}

/// Entries with the ids `prefix-0`, `prefix-1` and so on.
#[must_use]
pub fn batch(prefix: &str, entries: usize) -> Vec<AuditEntry> {
    (0..entries).map(|n| entry(&format!("{prefix}-{n}"))).collect()
}

/// The fields of a JSON object; of anything else, none.
pub(super) fn object(value: Value) -> Details {
    match value {
        Value::Object(fields) => fields,
        _ => Details::new(),
    }
}

/// One entry of every type of the catalogue, and some that are hard to store.
pub(in crate::contract) fn samples() -> Vec<AuditEntry> {
    let catalogued = domain::events::CATALOGUE.events().map(|event| {
        let mut sample = envelope(&format!("sample-{}", event.event_type));
        sample.event_type = event.name();
        sample.details = (event.sample)();
        sample
    });
    let mut all: Vec<EventEnvelope> = catalogued.collect();
    for (n, text) in NASTY_DETAILS.iter().enumerate() {
        let mut nasty = envelope(&format!("nasty-{n}"));
        nasty.details = serde_json::from_str(text).unwrap_or_default();
        assert!(!nasty.details.is_empty(), "the suite's own JSON must be readable: {text}");
        nasty.extensions.clone_from(&nasty.details);
        all.push(nasty);
    }
    for (n, text) in NASTY_TEXTS.iter().enumerate() {
        let mut nasty = envelope(&format!("{text}-{n}"));
        nasty.source = format!("urn:{text}");
        nasty.actor = Some(Actor::human(format!("a:{text}")));
        for field in [
            &mut nasty.subject,
            &mut nasty.plan_id,
            &mut nasty.project_name,
            &mut nasty.session_id,
            &mut nasty.user_identity,
            &mut nasty.correlation_id,
            &mut nasty.causation_id,
            &mut nasty.trace_id,
        ] {
            *field = Some((*text).to_owned());
        }
        all.push(nasty);
    }
    let mut bare = envelope("bare");
    bare.schema_version = u32::MAX;
    bare.actor = None;
    bare.extensions = Details::new();
    bare.details = Details::new();
    bare.occurred_at = start() - chrono::TimeDelta::nanoseconds(1);
    for field in [
        &mut bare.subject,
        &mut bare.plan_id,
        &mut bare.project_name,
        &mut bare.session_id,
        &mut bare.user_identity,
        &mut bare.correlation_id,
        &mut bare.causation_id,
        &mut bare.trace_id,
    ] {
        *field = None;
    }
    all.push(bare);
    all.into_iter().map(AuditEntry::new).collect()
}

/// Numbers beyond any machine's, key order, escapes, depth.
const NASTY_DETAILS: [&str; 6] = [
    r#"{"z":1e400,"a":12345678901234567890123,"m":-0.0,"b":1.10}"#,
    r#"{"b":1,"a":{"d":[],"c":{}},"":null}"#,
    r#"{"text":"\u0000\u001f\"\\\/ é 日本 👩‍👩‍👧 \u2028 \ufeff"}"#,
    r#"{"'; DROP TABLE audit_log; --":"' OR 1=1"}"#,
    r#"{"deep":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[null]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"#,
    r#"{"e":1E+2,"f":0.1e-7,"g":true,"h":"2026-07-01T00:00:00Z"}"#,
];

const NASTY_TEXTS: [&str; 6] =
    ["", "nul\0inside", "é\u{301}\u{200b}日本👩‍👩‍👧", "'\"; --", "%_*?[a]", "line\r\nbreak\ttab "];
