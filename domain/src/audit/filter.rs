//! Questions to the record: which entries, which page of them, and how to count them.
//!
//! Deliberately absent: offsets. A page is asked for by the sequence it continues from, so that
//! it costs the same however far back it is and is not shifted by what is recorded meanwhile.

use std::fmt;
use std::str::Chars;

use chrono::{DateTime, Utc};

use super::{RecordedEvent, Sequence};

/// A wire name in which `*` stands for any run of letters and `?` for any one: `tool.*`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TypePattern(String);

impl TypePattern {
    /// The pattern in a text.
    #[must_use]
    pub fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// Every type of a context.
    #[must_use]
    pub fn context(context: &str) -> Self {
        Self(format!("{context}.*"))
    }

    /// The pattern as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the pattern stands for more than one name.
    #[must_use]
    pub fn has_wildcard(&self) -> bool {
        self.0.contains(['*', '?'])
    }

    /// Whether a name fits.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        glob(self.0.chars(), name.chars())
    }
}

impl fmt::Display for TypePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Matches letter by letter, with one point to go back to, so that no pattern takes more than a
/// product of lengths.
fn glob(mut pattern: Chars<'_>, mut name: Chars<'_>) -> bool {
    // What follows the last star, and the name from where that star's run could go on.
    let mut star: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        let here = name.clone();
        match (pattern.next(), name.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                star = Some((pattern.clone(), here.clone()));
                name = here;
            }
            (Some(wanted), Some(found)) if wanted == '?' || wanted == found => {}
            (_, None) => return false,
            (_, Some(_)) => {
                let Some((rest, run)) = &mut star else { return false };
                run.next();
                (pattern, name) = (rest.clone(), run.clone());
            }
        }
    }
}

/// A span of time, from `since` (included) to `until` (excluded); open where `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeSpan {
    /// The first moment that is in.
    pub since: Option<DateTime<Utc>>,
    /// The first moment that is out again.
    pub until: Option<DateTime<Utc>>,
}

impl TimeSpan {
    /// Whether a moment is in the span.
    #[must_use]
    pub fn contains(&self, moment: DateTime<Utc>) -> bool {
        self.since.is_none_or(|since| moment >= since)
            && self.until.is_none_or(|until| moment < until)
    }
}

/// Which entries are meant: those that fit every part that is given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuditFilter {
    /// Any of these types; all when empty.
    pub types: Vec<TypePattern>,
    /// Any of these contexts; all when empty.
    pub contexts: Vec<String>,
    /// The plan it belongs to.
    pub plan_id: Option<String>,
    /// The project it belongs to.
    pub project_name: Option<String>,
    /// The session it belongs to.
    pub session_id: Option<String>,
    /// The actor that caused it, as in `agent:planner`.
    pub actor: Option<String>,
    /// The human on whose behalf it happened.
    pub user_identity: Option<String>,
    /// The run of work it belongs to.
    pub correlation_id: Option<String>,
    /// When it was recorded.
    pub recorded: TimeSpan,
    /// When it happened.
    pub occurred: TimeSpan,
    /// A text that stands in its payload, letter by letter.
    pub contains: Option<String>,
}

impl AuditFilter {
    /// Whether an entry is meant. Adapters that filter in a database must agree with this.
    #[must_use]
    pub fn matches(&self, event: &RecordedEvent) -> bool {
        let envelope = &event.envelope;
        let is =
            |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
        (self.types.is_empty()
            || self.types.iter().any(|pattern| pattern.matches(envelope.event_type.as_str())))
            && (self.contexts.is_empty()
                || self.contexts.iter().any(|context| context == envelope.event_type.context()))
            && is(&self.plan_id, &envelope.plan_id)
            && is(&self.project_name, &envelope.project_name)
            && is(&self.session_id, &envelope.session_id)
            && self.actor.as_ref().is_none_or(|wanted| {
                envelope.actor.as_ref().is_some_and(|actor| actor.to_string() == *wanted)
            })
            && is(&self.user_identity, &envelope.user_identity)
            && is(&self.correlation_id, &envelope.correlation_id)
            && self.recorded.contains(event.recorded_at)
            && self.occurred.contains(envelope.occurred_at)
            && self.contains.as_ref().is_none_or(|text| {
                serde_json::to_string(&envelope.details)
                    .is_ok_and(|json| json.contains(&Self::as_stored(text)))
            })
    }

    /// A text as it stands inside a stored payload: escaped as in a JSON string.
    #[must_use]
    pub fn as_stored(text: &str) -> String {
        let quoted = serde_json::Value::from(text).to_string();
        quoted[1..quoted.len() - 1].to_owned()
    }
}

/// Which part of the matching entries to return, and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Only entries after this one.
    pub after: Option<Sequence>,
    /// Only entries before this one.
    pub before: Option<Sequence>,
    /// At most this many.
    pub limit: u32,
    /// Newest first.
    pub reverse: bool,
}

impl Page {
    /// The oldest entries.
    #[must_use]
    pub const fn first(limit: u32) -> Self {
        Self { after: None, before: None, limit, reverse: false }
    }

    /// The entries that follow this one.
    #[must_use]
    pub const fn after(sequence: Sequence, limit: u32) -> Self {
        Self { after: Some(sequence), before: None, limit, reverse: false }
    }

    /// The newest entries, newest first.
    #[must_use]
    pub const fn latest(limit: u32) -> Self {
        Self { after: None, before: None, limit, reverse: true }
    }

    /// Whether a sequence lies within the page's bounds.
    #[must_use]
    pub fn admits(&self, sequence: Sequence) -> bool {
        self.after.is_none_or(|after| sequence > after)
            && self.before.is_none_or(|before| sequence < before)
    }
}

/// What entries are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TallyBy {
    /// The wire name.
    Type,
    /// The part of it before the dot.
    Context,
    /// The plan.
    Plan,
    /// The project.
    Project,
    /// The actor.
    Actor,
    /// The human on whose behalf.
    User,
    /// The hour of recording, UTC, as in `2026-07-01T09`.
    Hour,
    /// The day of recording, UTC, as in `2026-07-01`.
    Day,
}

impl TallyBy {
    /// The key under which an entry is counted; `None` where it has none.
    #[must_use]
    pub fn key(self, event: &RecordedEvent) -> Option<String> {
        let envelope = &event.envelope;
        match self {
            Self::Type => Some(envelope.event_type.as_str().to_owned()),
            Self::Context => Some(envelope.event_type.context().to_owned()),
            Self::Plan => envelope.plan_id.clone(),
            Self::Project => envelope.project_name.clone(),
            Self::Actor => envelope.actor.as_ref().map(ToString::to_string),
            Self::User => envelope.user_identity.clone(),
            Self::Hour => Some(event.recorded_at.format("%Y-%m-%dT%H").to_string()),
            Self::Day => Some(event.recorded_at.format("%Y-%m-%d").to_string()),
        }
    }
}

/// One line of a count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// What was counted; `None` for entries that have no such field.
    pub key: Option<String>,
    /// How many entries.
    pub entries: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run_and_a_question_mark_for_any_one_letter() {
        for (pattern, name) in [
            ("tool.*", "tool.invoked"),
            ("*", ""),
            ("*.created", "plan.created"),
            ("p*n.c*d", "plan.created"),
            ("*a*b*", "aaab"),
            ("tool.?nvoked", "tool.invoked"),
            ("pl?n.made", "plän.made"),
            ("a**", "a"),
            ("[a]", "[a]"),
        ] {
            assert!(TypePattern::new(pattern).matches(name), "{pattern} fits {name}");
        }
        for (pattern, name) in [
            ("tool.*", "tools.invoked"),
            ("", "a"),
            ("?", ""),
            ("??", "ä"),
            ("*a", "ab"),
            ("a*b*c", "acb"),
            ("[a]", "a"),
        ] {
            assert!(!TypePattern::new(pattern).matches(name), "{pattern} does not fit {name}");
        }
    }
}
