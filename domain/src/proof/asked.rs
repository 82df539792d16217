//! What an answer answers, as far as a leaf tells of it.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use super::LeafRecord;
use crate::audit::{AuditFilter, TimeSpan, TypePattern};

/// The parts of a query that can be seen in a leaf; an entry matches when it fits all that are given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Asked {
    /// Any of these types, with `*` and `?`; all when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// Any of these contexts; all when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contexts: Vec<String>,
    /// The plan it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<String>,
    /// The project it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_name: Option<String>,
    /// The session it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The run of work it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// When it was recorded.
    #[serde(skip_serializing_if = "AskedSpan::is_open")]
    pub recorded: AskedSpan,
    /// When it happened.
    #[serde(skip_serializing_if = "AskedSpan::is_open")]
    pub occurred: AskedSpan,
    /// What else was asked, by name. No leaf tells of it, so that an answer cannot be proven to be
    /// complete.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub beyond_leaves: Vec<String>,
}

impl Asked {
    /// What a filter asks.
    #[must_use]
    pub fn of(filter: &AuditFilter) -> Self {
        let AuditFilter { types, contexts, plan_id, project_name, session_id, actor, .. } = filter;
        let beyond = [
            ("actor", actor.is_some()),
            ("user_identity", filter.user_identity.is_some()),
            ("contains", filter.contains.is_some()),
        ];
        let given = beyond.into_iter().filter(|(_, given)| *given);
        Self {
            types: types.iter().map(ToString::to_string).collect(),
            contexts: contexts.clone(),
            plan_id: plan_id.clone(),
            project_name: project_name.clone(),
            session_id: session_id.clone(),
            correlation_id: filter.correlation_id.clone(),
            recorded: filter.recorded.into(),
            occurred: filter.occurred.into(),
            beyond_leaves: given.map(|(name, _)| name.to_owned()).collect(),
        }
    }

    /// Whether an entry is meant, as far as its leaf tells. It agrees with [`AuditFilter::matches`].
    #[must_use]
    pub fn matches(&self, leaf: &LeafRecord) -> bool {
        let is =
            |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
        let context =
            leaf.event_type.split_once('.').map_or(&*leaf.event_type, |(context, _)| context);
        let fits = |pattern: &String| TypePattern::new(pattern.as_str()).matches(&leaf.event_type);
        (self.types.is_empty() || self.types.iter().any(fits))
            && (self.contexts.is_empty() || self.contexts.iter().any(|wanted| wanted == context))
            && is(&self.plan_id, &leaf.plan_id)
            && is(&self.project_name, &leaf.project_name)
            && is(&self.session_id, &leaf.session_id)
            && is(&self.correlation_id, &leaf.correlation_id)
            && self.recorded.contains(&leaf.recorded_at)
            && self.occurred.contains(&leaf.occurred_at)
    }
}

/// A span of time as it is written: moments of RFC 3339, the first one in and the first one out again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AskedSpan {
    /// The first moment that is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The first moment that is out again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

impl AskedSpan {
    /// Whether it is open on both sides, so that every moment is in it.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// Whether a moment is in it. What is no moment is in none that has an end, and none is in one whose end
    /// is no moment.
    #[must_use]
    pub fn contains(&self, moment: &str) -> bool {
        let end =
            |end: &Option<String>| end.as_deref().map(DateTime::parse_from_rfc3339).transpose();
        let (Ok(since), Ok(until)) = (end(&self.since), end(&self.until)) else { return false };
        let span = TimeSpan {
            since: since.map(|since| since.to_utc()),
            until: until.map(|until| until.to_utc()),
        };
        let moment = DateTime::parse_from_rfc3339(moment);
        self.is_open() || moment.is_ok_and(|moment| span.contains(moment.to_utc()))
    }
}

impl From<TimeSpan> for AskedSpan {
    fn from(span: TimeSpan) -> Self {
        let text = |moment: DateTime<Utc>| moment.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        Self { since: span.since.map(text), until: span.until.map(text) }
    }
}
