//! What is told to the program, and what it tells: events by their number, receipts, rows.

use std::fmt::Write as _;
use std::ops::Range;

use serde_json::{Value, json};

/// The number in an event's id.
const ID: &str = "event-";

/// A receipt, as `record --receipts` prints it.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) event_id: String,
    pub(crate) sequence: u64,
}

impl Told {
    /// A receipt from its line. A line that a kill has cut in two is none.
    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(line).ok()?;
        Some(Self {
            event_id: value["event_id"].as_str()?.to_owned(),
            sequence: value["sequence"].as_u64()?,
        })
    }
}

/// The payload of the `n`-th event: a few bytes to a quarter of a page, never the same twice.
pub(crate) fn details(n: usize) -> Value {
    let goal = format!("step {n}, ").repeat(n * 37 % 97);
    json!({ "name": format!("plan {n}"), "goal": goal, "automation_profile": null })
}

/// Events as they are fed, one a line.
pub(crate) fn lines(events: Range<usize>) -> String {
    events.fold(String::new(), |mut text, n| {
        let event = json!({
            "specversion": "1.0",
            "id": format!("{ID}{n}"),
            "source": "/containers",
            "type": "plan.created",
            "time": "2026-07-01T09:00:00Z",
            "planid": format!("plan-{}", n % 7),
            "data": details(n),
        });
        let _ = writeln!(text, "{event}");
        text
    })
}

/// The number of the event with this id.
pub(crate) fn number(event_id: &str) -> usize {
    event_id
        .strip_prefix(ID)
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("`{event_id}` was never offered"))
}

/// The ids in the rows of `log --format ndjson`.
pub(crate) fn event_ids(rows: &str) -> Vec<String> {
    let id = |line| {
        let row: Value = serde_json::from_str(line).expect("a row is JSON");
        row["event_id"].as_str().expect("an id is a text").to_owned()
    };
    rows.lines().map(id).collect()
}
