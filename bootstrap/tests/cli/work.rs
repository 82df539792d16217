//! `open` and `stats --by tool`: what was begun, and how it ended.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Sandbox, sequences};

/// A record of the sample run.
pub(crate) fn sample() -> Sandbox {
    let sandbox = Sandbox::new();
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/agent-run.ndjson");
    sandbox.run(&["record", run.to_str().unwrap()]).success();
    sandbox
}

/// An event; `more` goes over what it says otherwise.
pub(crate) fn event(id: &str, event_type: &str, data: Value, more: Value) -> Value {
    let mut event = json!({
        "specversion": "1.0", "id": id, "source": "/tests", "type": event_type,
        "time": "2026-07-01T09:00:00Z", "data": data,
    });
    let event_fields = event.as_object_mut().unwrap();
    event_fields.extend(more.as_object().unwrap().clone());
    event
}

pub(crate) fn invoked(id: &str, key: &str, more: Value) -> Value {
    event(id, "tool.invoked", json!({ "invocation_id": key, "tool": "ls", "arguments": {} }), more)
}

pub(crate) fn completed(id: &str, key: &str, more: Value) -> Value {
    let data = json!({ "invocation_id": key, "tool": "ls", "outcome": 1, "duration_ms": 5 });
    event(id, "tool.completed", data, more)
}

pub(crate) fn errored(id: &str, key: &str, more: Value) -> Value {
    event(id, "tool.errored", json!({ "invocation_id": key, "tool": "ls", "error": "no" }), more)
}

/// A record of these events.
pub(crate) fn record_of(events: &[Value]) -> Sandbox {
    let sandbox = Sandbox::new();
    let lines = events.iter().fold(String::new(), |mut lines, event| {
        let _ = writeln!(lines, "{event}");
        lines
    });
    sandbox.feed(&["record"], lines.as_bytes()).success();
    sandbox
}

/// Three calls, of which the second has ended; the third is of another plan and a minute older.
pub(crate) fn with_open_calls() -> Sandbox {
    record_of(&[
        invoked("a", "1", json!({ "planid": "p", "subject": "s\u{1b}[31m", "actor": "agent:x" })),
        invoked("b", "2", json!({ "planid": "p" })),
        completed("c", "2", json!({ "planid": "p" })),
        invoked("d", "1", json!({ "planid": "q", "time": "2026-07-01T08:59:00Z" })),
    ])
}

#[test]
fn what_never_ended_is_listed_oldest_first_with_its_age() {
    let sandbox = with_open_calls();
    let rows = sandbox.run(&["open"]).success().rows();
    assert_eq!(sequences(&rows), [1, 4]);
    assert_eq!(rows[0]["event_type"], "tool.invoked");
    assert_eq!((&rows[0]["key"], &rows[0]["plan_id"]), (&json!("1"), &json!("p")));
    assert_eq!((&rows[0]["actor"], &rows[1]["actor"]), (&json!("agent:x"), &Value::Null));
    assert_eq!(rows[0]["begun_at"], "2026-07-01T09:00:00Z");
    let age = |row: &Value| row["age_ms"].as_u64().unwrap();
    assert!(age(&rows[1]) >= age(&rows[0]) + 60_000);

    let table = sandbox.run(&["open", "--format", "table"]).success();
    assert!(!table.out.contains('\u{1b}'), "{}", table.out);
    table.prints(&["AGE", "SUBJECT", "agent:x"]).explains(&["show 1", "explain 1"]);
    sandbox.run(&["open", "--format", "csv"]).success().prints(&["sequence,event_id", "\n4,d,"]);
    let json: Value =
        serde_json::from_str(&sandbox.run(&["open", "--format", "json"]).success().out).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 2);
}

#[test]
fn filters_are_about_the_beginning_and_an_end_counts_whatever_it_looks_like() {
    let sandbox = with_open_calls();
    let open =
        |args: &[&str]| sequences(&sandbox.run(&[&["open"], args].concat()).success().rows());
    assert_eq!(open(&["--plan", "q"]), [4]);
    // The end of the second call is of another type, and is found all the same.
    assert_eq!(open(&["--type", "tool.invoked"]), [1, 4]);
    assert_eq!(open(&["--since", "1h"]), [1, 4]);
    assert_eq!(open(&["--until", "1h"]), Vec::<u64>::new());
    assert_eq!(open(&["--older-than", "1h"]), [1, 4]);
    assert_eq!(open(&["--older-than", "2026-07-01T09:00:00Z"]), [4]);
    assert_eq!(open(&["--older-than", "900years"]), Vec::<u64>::new());
}

#[test]
fn that_nothing_is_open_is_said_in_so_many_words() {
    let sandbox = sample();
    let all = sandbox.run(&["open"]).success().explains(&["nothing is open: whatever was begun"]);
    assert_eq!(all.out, "");
    sandbox.run(&["open", "--older-than", "1s"]).success().explains(&["nothing that fits is open"]);
    sandbox.run(&["open", "--type", "tool.invokd"]).success().explains(&["`tool.invoked`"]);
    let empty = record_of(&[]);
    empty.run(&["open"]).success().explains(&["nothing is open: the record is empty"]);
    sandbox.run(&["open", "--older-than", "soon"]).with_code(2).explains(&["2h"]);
    Sandbox::new().run(&["open"]).with_code(1).explains(&["audit.db"]);
}

#[test]
fn tools_are_counted_with_their_outcomes_and_exact_durations() {
    let sandbox = sample();
    let rows = sandbox.run(&["stats", "--by", "tool"]).success().rows();
    assert_eq!(
        rows,
        [
            json!({
                "name": "shell", "calls": 3, "completed": 3, "failed": 1, "open": 0, "retries": 1,
                "p50_ms": 7330, "p95_ms": 60020, "max_ms": 60020,
                "durations": 4, "durations_reported": 3,
            }),
            json!({
                "name": "read_file", "calls": 1, "completed": 1, "failed": 0, "open": 0,
                "retries": 0, "p50_ms": 18, "p95_ms": 18, "max_ms": 18,
                "durations": 1, "durations_reported": 1,
            }),
        ]
    );
    sandbox
        .run(&["stats", "--by", "tool", "--format", "table"])
        .success()
        .prints(&["P95 MS", "60020"])
        .explains(&[
            "4 of 5 durations are as their producers reported them, the others are the time",
        ]);
    sandbox
        .run(&["stats", "--by", "tool", "--contains", "read_file", "--format", "table"])
        .success()
        .explains(&["note: durations are as their producers reported them"]);
    let kinds = sandbox.run(&["stats", "--by", "work"]).success().rows();
    let of = |name: &str| kinds.iter().find(|row| row["name"] == name).unwrap().clone();
    assert_eq!(of("actor.invoked")["completed"], 3);
    assert_eq!(of("sandbox.created")["completed"], 1);
    let nothing = ["stats", "--by", "tool", "--plan", "another"];
    sandbox.run(&nothing).success().explains(&["nothing on record fits"]);
}

#[test]
fn calls_that_never_ended_and_ends_that_never_began_are_told_apart() {
    let sandbox = record_of(&[
        completed("z", "0", json!({})),
        invoked("a", "1", json!({})),
        errored("b", "1", json!({ "time": "2026-07-01T08:00:00Z" })),
        invoked("c", "2", json!({})),
    ]);
    let stats = sandbox.run(&["stats", "--by", "tool"]).success();
    let rows = stats.rows();
    assert_eq!(rows.len(), 1);
    let counts = ["calls", "completed", "failed", "open"].map(|name| rows[0][name].as_u64());
    assert_eq!(counts, [Some(2), Some(0), Some(1), Some(1)]);
    assert_eq!(rows[0]["max_ms"], 0, "a clock that went back took no time");
    let note = "note: not counted: 1 event that ended work whose beginning is not on record\n";
    assert_eq!(stats.err, note);
}
