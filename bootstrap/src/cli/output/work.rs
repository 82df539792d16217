//! Work as rows: what is open, and what is known of the work of one name.

use std::time::Duration;

use application::work::{OpenWork, WorkStats};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::rows::object;
use super::{Row, harmless, shortened, timestamp};

/// So many milliseconds as a person reads them: `1m 44s 222ms`.
pub(crate) fn span(ms: u64) -> String {
    humantime::format_duration(Duration::from_millis(ms)).to_string()
}

/// Work that is open.
pub(crate) struct OpenRow<'a> {
    /// The work.
    pub(crate) work: &'a OpenWork,
    /// What time it is.
    pub(crate) now: DateTime<Utc>,
}

impl OpenRow<'_> {
    /// Since when it has been open; 0 where a producer's clock is ahead of ours.
    fn age_ms(&self) -> u64 {
        u64::try_from((self.now - self.work.begun_at).num_milliseconds()).unwrap_or(0)
    }
}

impl Row for OpenRow<'_> {
    const HEADINGS: &'static [&'static str] =
        &["SEQ", "BEGUN (UTC)", "AGE", "TYPE", "KEY", "ACTOR", "PLAN", "SUBJECT"];
    const FIELDS: &'static [&'static str] = &[
        "sequence",
        "event_id",
        "event_type",
        "key",
        "subject",
        "plan_id",
        "actor",
        "correlation_id",
        "begun_at",
        "age_ms",
    ];
    const CUT_LAST: bool = true;

    fn cells(&self) -> Vec<String> {
        let or_dash =
            |text: Option<&str>| text.map_or("-".to_owned(), |text| shortened(&harmless(text), 24));
        let work = self.work;
        vec![
            work.sequence.to_string(),
            work.begun_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            // Of an age, nobody reads the milliseconds.
            span(self.age_ms() / 1000 * 1000),
            work.event_type.to_string(),
            shortened(&harmless(&work.key), 40),
            or_dash(work.actor.as_ref().map(ToString::to_string).as_deref()),
            or_dash(work.plan_id.as_deref()),
            harmless(work.subject.as_deref().unwrap_or("-")),
        ]
    }

    fn fields(&self) -> Map<String, Value> {
        let work = self.work;
        object(
            Self::FIELDS,
            [
                json!(work.sequence.0),
                json!(work.event_id),
                json!(work.event_type),
                json!(work.key),
                json!(work.subject),
                json!(work.plan_id),
                json!(work.actor.as_ref().map(ToString::to_string)),
                json!(work.correlation_id),
                json!(timestamp(work.begun_at)),
                json!(self.age_ms()),
            ],
        )
    }
}

/// What is known of the work of one name.
pub(crate) struct WorkRow<'a> {
    /// The tool, or the type that opens it.
    pub(crate) name: &'a str,
    /// What is known.
    pub(crate) stats: &'a WorkStats,
}

impl Row for WorkRow<'_> {
    const HEADINGS: &'static [&'static str] =
        &["NAME", "CALLS", "COMPLETED", "FAILED", "OPEN", "RETRIES", "P50 MS", "P95 MS", "MAX MS"];
    const FIELDS: &'static [&'static str] = &[
        "name",
        "calls",
        "completed",
        "failed",
        "open",
        "retries",
        "p50_ms",
        "p95_ms",
        "max_ms",
        "durations",
        "durations_reported",
    ];

    fn cells(&self) -> Vec<String> {
        let WorkStats { calls, completed, failed, open, retries, durations } = self.stats;
        let or_dash = |ms: Option<u64>| ms.map_or("-".to_owned(), |ms| ms.to_string());
        vec![
            harmless(self.name),
            calls.to_string(),
            completed.to_string(),
            failed.to_string(),
            open.to_string(),
            retries.to_string(),
            or_dash(durations.percentile(50)),
            or_dash(durations.percentile(95)),
            or_dash(durations.max()),
        ]
    }

    fn fields(&self) -> Map<String, Value> {
        let WorkStats { calls, completed, failed, open, retries, durations } = self.stats;
        object(
            Self::FIELDS,
            [
                json!(self.name),
                json!(calls),
                json!(completed),
                json!(failed),
                json!(open),
                json!(retries),
                json!(durations.percentile(50)),
                json!(durations.percentile(95)),
                json!(durations.max()),
                json!(durations.total()),
                json!(durations.reported()),
            ],
        )
    }
}
