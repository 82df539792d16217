//! Durable subscriptions and dead letters as rows.

use application::delivery::SubscriptionLag;
use chrono::{DateTime, Utc};
use domain::RecordedEvent;
use domain::subscription::DeadLetter;
use serde_json::{Map, Value, json};

use super::rows::object;
use super::{EventRow, Row, harmless, shortened, span, timestamp};

/// Letters of an error in a table that nobody's terminal limits.
const ERROR: usize = 120;

/// Who runs a subscription, as far as a person needs it: machine and process. What makes an instance
/// unlike any other is of use to programs alone.
pub(crate) fn holder(owner: &str) -> String {
    harmless(owner.rsplit_once(':').map_or(owner, |(place, _)| place))
}

/// A durable subscription, at this moment.
pub(crate) struct SubscriptionRow<'a> {
    pub(crate) lag: &'a SubscriptionLag,
    pub(crate) now: DateTime<Utc>,
}

impl SubscriptionRow<'_> {
    /// Who runs it, unless the lease has run out.
    fn holder(&self) -> Option<&str> {
        let held = self.lag.status.holder.as_ref();
        held.filter(|(_, until)| *until > self.now).map(|(holder, _)| holder.as_str())
    }
}

impl Row for SubscriptionRow<'_> {
    const HEADINGS: &'static [&'static str] =
        &["NAME", "DONE", "LAG", "AGE", "STATE", "RUN BY", "DEAD", "LAST ERROR"];
    const FIELDS: &'static [&'static str] = &[
        "name",
        "cursor",
        "lag_events",
        "lag_seconds",
        "state",
        "holder",
        "held_until",
        "dead_letters",
        "failed_sequence",
        "failed_at",
        "errors",
        "created_at",
    ];

    const CUT_LAST: bool = true;

    fn cells(&self) -> Vec<String> {
        let SubscriptionLag { status, events, age } = self.lag;
        let holder = self.holder().map(holder);
        let error = status.failure.as_ref().map(|failure| failure.errors.join(": "));
        vec![
            status.name.to_string(),
            status.cursor.to_string(),
            events.to_string(),
            // Of an age, nobody reads the milliseconds.
            span(age.as_secs().saturating_mul(1000)),
            status.state.as_str().to_owned(),
            holder.unwrap_or_else(|| "-".to_owned()),
            status.dead_letters.to_string(),
            shortened(&harmless(error.as_deref().unwrap_or("-")), ERROR),
        ]
    }

    fn fields(&self) -> Map<String, Value> {
        let SubscriptionLag { status, events, age } = self.lag;
        let failure = status.failure.as_ref();
        let until = status.holder.as_ref().filter(|_| self.holder().is_some());
        object(
            Self::FIELDS,
            [
                json!(status.name.as_str()),
                json!(status.cursor.0),
                json!(events),
                json!(age.as_secs()),
                json!(status.state.as_str()),
                json!(self.holder()),
                json!(until.map(|(_, until)| timestamp(*until))),
                json!(status.dead_letters),
                json!(failure.and_then(|it| it.sequence).map(|it| it.0)),
                json!(failure.map(|it| timestamp(it.at))),
                json!(failure.map(|it| &it.errors)),
                json!(timestamp(status.created_at)),
            ],
        )
    }
}

/// An event that a durable subscription could not handle.
pub(crate) struct DeadLetterRow<'a>(pub(crate) &'a DeadLetter);

impl Row for DeadLetterRow<'_> {
    const HEADINGS: &'static [&'static str] =
        &["SUBSCRIPTION", "SEQ", "ATTEMPTS", "FAILED (UTC)", "RETRY", "ERROR"];
    const FIELDS: &'static [&'static str] =
        &["subscription", "sequence", "attempts", "failed_at", "retry_requested", "errors"];

    const CUT_LAST: bool = true;

    fn cells(&self) -> Vec<String> {
        let letter = self.0;
        vec![
            letter.subscription.to_string(),
            letter.sequence.to_string(),
            letter.attempts.to_string(),
            letter.failed_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            if letter.retry_requested { "asked" } else { "-" }.to_owned(),
            shortened(&harmless(&letter.errors.join(": ")), ERROR),
        ]
    }

    fn fields(&self) -> Map<String, Value> {
        let letter = self.0;
        object(
            Self::FIELDS,
            [
                json!(letter.subscription.as_str()),
                json!(letter.sequence.0),
                json!(letter.attempts),
                json!(timestamp(letter.failed_at)),
                json!(letter.retry_requested),
                json!(letter.errors),
            ],
        )
    }
}

/// The same with the event itself, where that is still on record.
pub(crate) struct WholeDeadLetterRow<'a> {
    pub(crate) letter: &'a DeadLetter,
    pub(crate) event: Option<&'a RecordedEvent>,
}

impl Row for WholeDeadLetterRow<'_> {
    const HEADINGS: &'static [&'static str] = DeadLetterRow::HEADINGS;
    const FIELDS: &'static [&'static str] = &[
        "subscription",
        "sequence",
        "attempts",
        "failed_at",
        "retry_requested",
        "errors",
        "event",
    ];

    fn cells(&self) -> Vec<String> {
        DeadLetterRow(self.letter).cells()
    }

    fn fields(&self) -> Map<String, Value> {
        let mut fields = DeadLetterRow(self.letter).fields();
        let event = self.event.map(|event| EventRow(event).fields());
        fields.insert("event".to_owned(), json!(event));
        fields
    }
}
