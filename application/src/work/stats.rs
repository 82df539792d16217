//! Work counted by kind or by tool: how much, how it ended, and how long it took.
//!
//! Deliberately absent: money and tokens, which events of other kinds carry.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::ports::QueryError;
use domain::{AuditFilter, AuditQuery, Catalogue, EventEnvelope};
use futures::TryStreamExt;

use super::{Durations, Matching, Step, Took, entries_of_work};

/// The type that opens a tool's work.
const TOOL: &str = "tool.invoked";

/// What work is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkBy {
    /// The tool that was called; other work is left out.
    Tool,
    /// The type that opens it.
    Kind,
}

impl WorkBy {
    /// The type whose work alone is counted, where it is one.
    fn opener(self) -> Option<&'static str> {
        match self {
            Self::Tool => Some(TOOL),
            Self::Kind => None,
        }
    }

    /// The name under which work is counted that `begin` began or resumed.
    fn name(self, begin: &EventEnvelope, opener: &str) -> String {
        match self {
            Self::Kind => opener.to_owned(),
            Self::Tool => {
                let tool = begin.details.get("tool").and_then(serde_json::Value::as_str);
                tool.unwrap_or_default().to_owned()
            }
        }
    }
}

/// What is known of the work of one name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkStats {
    /// How often it was begun, each further attempt not counted.
    pub calls: u64,
    /// Attempts that were completed.
    pub completed: u64,
    /// Attempts that failed. Work that failed, was resumed and then completed counts here and there.
    pub failed: u64,
    /// Attempts that have not ended.
    pub open: u64,
    /// How often it was resumed: tried again, or handed on.
    pub retries: u64,
    /// How long those attempts took that ended.
    pub durations: Durations,
}

/// All that was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkReport {
    /// By name; the one with the most calls first, equals by name.
    pub rows: Vec<(String, WorkStats)>,
    /// Ends whose beginning is not on record: it was pruned, or never recorded.
    pub without_beginning: u64,
}

/// What is kept of a beginning: the name it counts under, and when it was.
type Begun = Option<(String, DateTime<Utc>)>;

/// Counts the work whose beginning `filter` means.
///
/// # Errors
/// When the record cannot be read.
pub async fn work_stats<L: AuditQuery + ?Sized>(
    log: Arc<L>,
    catalogue: Catalogue,
    filter: &AuditFilter,
    by: WorkBy,
) -> Result<WorkReport, QueryError> {
    let mut matching: Matching<Begun> = Matching::new(catalogue);
    let mut rows: BTreeMap<String, WorkStats> = BTreeMap::new();
    let mut without_beginning = 0;
    let mut events = pin!(entries_of_work(log, catalogue, by.opener()).await?);
    while let Some(event) = events.try_next().await? {
        let envelope = &event.envelope;
        let meant = filter.matches(&event);
        let work = catalogue.find(envelope.event_type.as_str()).and_then(|event| event.work);
        let name = || by.name(envelope, work.map_or("", |work| work.opener));
        match matching.take(&event, |_| meant.then(|| (name(), envelope.occurred_at))) {
            Step::Opened if meant => {
                let row = rows.entry(name()).or_default();
                (row.calls, row.open) = (row.calls + 1, row.open + 1);
            }
            Step::Reopened if meant => {
                let row = rows.entry(name()).or_default();
                (row.retries, row.open) = (row.retries + 1, row.open + 1);
            }
            Step::Continued if meant => rows.entry(name()).or_default().retries += 1,
            Step::Ended { begun: Some((name, begun_at)), completed } => {
                let row = rows.entry(name).or_default();
                row.open -= 1;
                *(if completed { &mut row.completed } else { &mut row.failed }) += 1;
                row.durations.add(Took::between(begun_at, envelope));
            }
            Step::Unmatched { .. } if meant => without_beginning += 1,
            _ => {}
        }
    }
    let mut rows: Vec<_> = rows.into_iter().collect();
    // The order by name holds among equals.
    rows.sort_by_key(|(_, row)| std::cmp::Reverse(row.calls));
    Ok(WorkReport { rows, without_beginning })
}
