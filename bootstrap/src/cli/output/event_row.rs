//! A recorded event as a row.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::RecordedEvent;
use domain::proof::CommittedField;
use serde_json::{Map, Value, json};

use super::{Row, harmless, shortened};

/// A recorded event as a row.
pub(crate) struct EventRow<'a>(pub(crate) &'a RecordedEvent);

/// What is shown where a value was erased.
pub(crate) const ERASED: &str = "erased";

/// Letters of the details in a table that nobody's terminal limits.
const DETAILS: usize = 120;

impl Row for EventRow<'_> {
    const HEADINGS: &'static [&'static str] =
        &["SEQ", "RECORDED (UTC)", "TYPE", "ACTOR", "PLAN", "DETAILS"];
    const FIELDS: &'static [&'static str] = &[
        "sequence",
        "recorded_at",
        "event_id",
        "event_type",
        "schema_version",
        "occurred_at",
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
        "extensions",
        "details",
        "erased",
    ];

    const CUT_LAST: bool = true;

    fn cells(&self) -> Vec<String> {
        let RecordedEvent { sequence, recorded_at, envelope, erased } = self.0;
        let actor = envelope.actor.as_ref().map(ToString::to_string);
        let actor = actor.or_else(|| erased.contains(CommittedField::Actor).then(|| ERASED.into()));
        let or_dash = |text: Option<String>| harmless(&text.unwrap_or_else(|| "-".to_owned()));
        vec![
            sequence.to_string(),
            recorded_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            harmless(envelope.event_type.as_str()),
            or_dash(actor),
            or_dash(envelope.plan_id.as_deref().map(|plan| shortened(plan, 24))),
            brief(self.0, DETAILS),
        ]
    }

    fn fields(&self) -> Map<String, Value> {
        let RecordedEvent { sequence, recorded_at, envelope, erased } = self.0;
        let erased: Vec<&str> = erased.iter().map(CommittedField::name).collect();
        let values = [
            json!(sequence.0),
            json!(timestamp(*recorded_at)),
            json!(envelope.event_id),
            json!(envelope.event_type),
            json!(envelope.schema_version),
            json!(timestamp(envelope.occurred_at)),
            json!(envelope.source),
            json!(envelope.subject),
            json!(envelope.plan_id),
            json!(envelope.project_name),
            json!(envelope.session_id),
            json!(envelope.actor.as_ref().map(ToString::to_string)),
            json!(envelope.user_identity),
            json!(envelope.correlation_id),
            json!(envelope.causation_id),
            json!(envelope.trace_id),
            if envelope.extensions.is_empty() { Value::Null } else { json!(envelope.extensions) },
            json!(envelope.details),
            if erased.is_empty() { Value::Null } else { json!(erased) },
        ];
        Self::FIELDS.iter().map(|name| (*name).to_owned()).zip(values).collect()
    }
}

/// The details in at most `width` letters, harmless to a terminal.
pub(crate) fn brief(event: &RecordedEvent, width: usize) -> String {
    if event.erased.contains(CommittedField::Details) {
        return ERASED.to_owned();
    }
    let details: Vec<String> = event
        .envelope
        .details
        .iter()
        .map(|(name, value)| format!("{name}={}", value_in_short(value)))
        .collect();
    shortened(&harmless(&details.join(" ")), width)
}

/// A moment as it is written everywhere: RFC 3339, UTC, with as many digits as it has.
pub(crate) fn timestamp(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn value_in_short(value: &Value) -> String {
    match value {
        Value::String(text) => shortened(text, 40),
        other => shortened(&other.to_string(), 40),
    }
}
