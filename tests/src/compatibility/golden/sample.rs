//! Events to be stored as samples: one with as little in it as its type allows, and one with as much
//! as there can be.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Actor, Details, DetailsError, EventDescriptor, EventDraft, EventEnvelope};
use serde_json::{Value, json};

use crate::expect::must;

/// A field that no type knows, as a producer may send that evolved first.
pub(super) const UNKNOWN_FIELD: &str = "a_later_field";

/// What a sample is an example of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Optional fields are left out.
    Minimal,
    /// Every field is there, with values at the limits of its type, and one more.
    Full,
}

impl Kind {
    pub(super) const ALL: [Self; 2] = [Self::Minimal, Self::Full];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Minimal => "minimal",
            Self::Full => "full",
        }
    }
}

/// Values at the limits of what JSON and our types hold, the more telling first.
fn extremes() -> Vec<Value> {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    vec![
        json!({
            "text": "Grüße, 世界 🦀 \u{0}\u{1f}\u{7f}\u{2028} \" \\ ' /",
            "digits": parsed("[123456789012345678901234567890, -1e-400, 1.50, -0.0, 1E+2]"),
            "": [null, true, [], {}],
        }),
        json!("Grüße, 世界 🦀\r\n\t \" \\ ' \u{1f}\u{7f}\u{2028}"),
        json!(-1.797_693_134_862_315_7e308),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(u32::MAX),
        json!(false),
    ]
}

/// The payload of a type's sample, in its current version.
///
/// # Errors
/// When the type's own sample cannot be read as one of it.
pub(super) fn details(event: &EventDescriptor, kind: Kind) -> Result<Details, DetailsError> {
    let sample = (event.sample)();
    let reads = |details: &Details| (event.check)(event.version, details).is_ok();
    let mut details = sample.clone();
    for name in sample.keys() {
        match kind {
            Kind::Minimal => {
                let mut without = details.clone();
                without.shift_remove(name);
                if reads(&without) {
                    details = without;
                }
            }
            Kind::Full => {
                let lists = extremes().into_iter().map(|value| json!([value, value]));
                let values = extremes().into_iter().chain(lists);
                let mut changed = values.map(|value| {
                    let mut changed = details.clone();
                    changed.insert(name.clone(), value);
                    changed
                });
                // A type of a product's own may admit none of them, and keeps its own sample.
                if let Some(changed) = changed.find(reads) {
                    details = changed;
                }
            }
        }
    }
    let mut details = (event.upgrade)(event.version, &details)?;
    if kind == Kind::Full {
        details.insert(UNKNOWN_FIELD.to_owned(), extremes().swap_remove(0));
    }
    Ok(details)
}

/// When the n-th sample of a type was recorded.
pub(super) fn recorded_at(number: u64) -> DateTime<Utc> {
    let hours = TimeDelta::hours(i64::try_from(number).unwrap_or_default());
    DateTime::UNIX_EPOCH + TimeDelta::days(20_454) + hours + TimeDelta::nanoseconds(1)
}

/// The n-th sample of a type, as it goes to the log.
pub(super) fn envelope(
    event: &EventDescriptor,
    details: Details,
    kind: Kind,
    number: u64,
) -> EventEnvelope {
    let draft = must(EventDraft::untyped(event, event.version, details))
        .with_id(format!("golden-{number}"))
        .from_source("/golden")
        .occurred_at(recorded_at(number) - TimeDelta::milliseconds(7));
    let draft = match kind {
        Kind::Minimal => draft,
        Kind::Full => {
            let attributes = json!({
                "datacontenttype": "application/json",
                "partition": 3,
                "sampled": true,
                "tracestate": "vendor=Grüße",
            });
            draft
                .about("subject: Grüße, 世界 '1'")
                .in_plan("plan-1")
                .in_project("project ß")
                .in_session("session-1")
                .by(Actor::agent("planner: 🦀"))
                .for_user("ann@example.org")
                .correlated_by("run-1")
                .caused_by("golden-0")
                .in_trace("4bf92f3577b34da6a3ce929d0e0e4736")
                .with_extensions(must(serde_json::from_value(attributes)))
        }
    };
    // Everything a seal would add is there already.
    must(draft.seal(DateTime::UNIX_EPOCH, String::new, ""))
}
