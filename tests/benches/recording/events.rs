//! The events that every way records.

use domain::events::ToolCompleted;
use domain::{Actor, DomainEvent, EventDraft, EventEnvelope};
use serde_json::json;

/// A tool call's end with about 330 bytes of details.
pub(crate) fn event(emitter: usize, n: usize) -> ToolCompleted {
    ToolCompleted {
        invocation_id: format!("call-{emitter}-{n}"),
        tool: "shell".to_owned(),
        outcome: json!({
            "exit_code": 0,
            "stdout": "running 12 tests\ntest rounding::half_even ... ok\ntest rounding::cents ... \
                       ok\ntest invoice::total_is_the_sum_of_its_lines ... ok\n\ntest result: ok. \
                       12 passed; 0 failed; finished in 0.31s\n",
            "files": ["src/invoice.rs", "src/rounding.rs"],
        }),
        duration_ms: 310,
    }
}

/// The same, with as much of the envelope as agents usually know: at most 64 sessions, each a run of
/// work, on 32 plans, however many emit.
pub(crate) fn draft(emitter: usize, n: usize) -> EventDraft {
    EventDraft::from(event(emitter, n))
        .from_source("/bench")
        .in_plan(format!("plan-{}", emitter % 32))
        .in_project("project")
        .in_session(format!("session-{}", emitter % 64))
        .by(Actor::agent("builder"))
        .for_user("person@example.org")
        .correlated_by(format!("run-{}", emitter % 64))
}

/// What a program without a bus would do itself: make an id, take the time, write the JSON.
pub(crate) struct Row {
    pub(crate) envelope: EventEnvelope,
    pub(crate) occurred_at: String,
    pub(crate) details: String,
}

pub(crate) fn row(emitter: usize, n: usize) -> Row {
    let now = chrono::Utc::now();
    let id = || ulid::Ulid::generate().to_string();
    let envelope = draft(emitter, n).seal(now, id, "/bench").unwrap();
    Row {
        occurred_at: stamp(now),
        details: serde_json::to_string(&envelope.details).unwrap(),
        envelope,
    }
}

pub(crate) fn stamp(moment: chrono::DateTime<chrono::Utc>) -> String {
    moment.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true)
}

/// The wire name, for whoever fills a row by hand.
pub(crate) const EVENT_TYPE: &str = ToolCompleted::DESCRIPTOR.event_type;
