//! Turning one row into a draft.

use std::fmt::Write as _;

use domain::{Actor, Details, DetailsError, EventDescriptor, EventDraft};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::LegacyMapping;
use super::time::moment;
use crate::cloud_events::strict_json::Strict;

/// The source of every imported event.
pub const LEGACY_SOURCE: &str = "/legacy-audit-log";

/// Where the fields are listed that were filled.
const FILLED: &str = "legacy_filled";

/// A row of the earlier platform's `audit_log`; a column that is null is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LegacyRow {
    /// Its place in the table, to ask for the rows after it.
    pub position: i64,
    /// Its id, as text; empty where it has none, and then its position stands for it.
    pub id: String,
    /// The earlier name of the event's type.
    pub event_type: String,
    /// The plan it belongs to.
    pub plan_id: Option<String>,
    /// The project it belongs to.
    pub project_name: Option<String>,
    /// The actor that caused it, without a kind.
    pub actor_name: Option<String>,
    /// The human on whose behalf it happened.
    pub user_identity: Option<String>,
    /// The payload as JSON text.
    pub details: Option<String>,
    /// When it happened, however it was written.
    pub created_at: Option<String>,
}

/// Why a row cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LegacyRowError {
    /// Its name stands for none of our types.
    #[error("row {row}: `{name}` has no counterpart: say what it stands for with `--map {name}=…`")]
    Unmapped {
        /// The row's id.
        row: String,
        /// The earlier name.
        name: String,
    },
    /// It does not say when it happened.
    #[error(
        "row {row}: created_at must be a time such as 2026-07-01 09:00:00, or seconds since 1970, \
         not `{found}`: correct it in a copy of the file"
    )]
    Time {
        /// The row's id.
        row: String,
        /// What is there.
        found: String,
    },
    /// Its details are no JSON object.
    #[error(
        "row {row}: details must be a JSON object: correct it in a copy of the file ({problem})"
    )]
    BrokenDetails {
        /// The row's id.
        row: String,
        /// What is there instead.
        problem: String,
    },
    /// Its details cannot be those of the type.
    #[error(
        "row {row}: its details are not those of `{event_type}`: correct them in a copy of the file"
    )]
    Details {
        /// The row's id.
        row: String,
        /// The type it is mapped to.
        event_type: &'static str,
        /// The field, and what is wrong with it.
        #[source]
        source: DetailsError,
    },
}

/// Turns a row into an event of ours.
///
/// # Errors
/// When its name has no counterpart, when it does not say when it happened, or when a field of its
/// details has the wrong type.
pub fn draft(mut row: LegacyRow, mapping: &LegacyMapping) -> Result<EventDraft, LegacyRowError> {
    if row.id.trim().is_empty() {
        row.id = format!("position-{}", row.position);
    }
    let Some(descriptor) = mapping.find(&row.event_type) else {
        return Err(LegacyRowError::Unmapped { row: row.id, name: row.event_type });
    };
    let created_at = row.created_at.as_deref().unwrap_or_default();
    let Some(occurred_at) = moment(created_at) else {
        return Err(LegacyRowError::Time { row: row.id, found: created_at.to_owned() });
    };
    let event_id = event_id(&row);
    let details = details(&row)?;
    let details = filled(details, descriptor, &row).map_err(|source| LegacyRowError::Details {
        row: row.id.clone(),
        event_type: descriptor.event_type,
        source,
    })?;
    let mut draft = EventDraft::untyped(descriptor, descriptor.version, details)
        .map_err(|source| LegacyRowError::Details {
            row: row.id.clone(),
            event_type: descriptor.event_type,
            source,
        })?
        .with_id(event_id)
        .from_source(LEGACY_SOURCE)
        .occurred_at(occurred_at);
    if let Some(actor) = actor(&row) {
        draft = draft.by(actor);
    }
    if let Some(plan) = present(row.plan_id) {
        draft = draft.in_plan(plan);
    }
    if let Some(project) = present(row.project_name) {
        draft = draft.in_project(project);
    }
    if let Some(user) = present(row.user_identity) {
        draft = draft.for_user(user);
    }
    Ok(draft)
}

/// The row's id and a digest of what stands beside it: the same row is the same event, and a row of
/// another file that happens to have the same id is not. The payload is no part of the digest, for
/// it may hold secrets, and whoever sees the id could try guesses against it.
fn event_id(row: &LegacyRow) -> String {
    let columns = [
        Some(&row.event_type),
        row.plan_id.as_ref(),
        row.project_name.as_ref(),
        row.actor_name.as_ref(),
        row.user_identity.as_ref(),
        row.created_at.as_ref(),
    ];
    let mut digest = Sha256::new();
    for column in columns {
        // Each with its length, so that no two rows run together to the same bytes.
        let text = column.map_or("", String::as_str);
        digest.update(text.len().to_be_bytes());
        digest.update(text);
    }
    let mut id = format!("legacy-{}-", row.id);
    for byte in digest.finalize().iter().take(8) {
        // Writing to a string does not fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}

/// An empty column says as little as one that is null.
fn present(column: Option<String>) -> Option<String> {
    column.filter(|text| !text.is_empty())
}

/// A name that says its kind is taken at its word, the user's own name is a person, and any other
/// actor of the earlier platform is an agent.
fn actor(row: &LegacyRow) -> Option<Actor> {
    let name = present(row.actor_name.clone())?;
    if let Ok(actor) = name.parse() {
        return Some(actor);
    }
    if row.user_identity.as_ref() == Some(&name) {
        return Some(Actor::human(name));
    }
    Some(Actor::agent(name))
}

fn details(row: &LegacyRow) -> Result<Details, LegacyRowError> {
    let broken = |problem| LegacyRowError::BrokenDetails { row: row.id.clone(), problem };
    let text = row.details.as_deref().unwrap_or_default().trim();
    if text.is_empty() {
        return Ok(Details::new());
    }
    let Strict(value) = serde_json::from_str(text).map_err(|error| broken(error.to_string()))?;
    match value {
        Value::Object(details) => Ok(details),
        Value::Null => Ok(Details::new()),
        other => Err(broken(domain::event::describe(&other))),
    }
}

/// The details with every required field; those that had to be filled are listed among them.
fn filled(
    mut details: Details,
    descriptor: &EventDescriptor,
    row: &LegacyRow,
) -> Result<Details, DetailsError> {
    let mut filled: Vec<String> = Vec::new();
    while let Some(field) = wanting(descriptor, &details)? {
        let told = told_by_columns(&field, row).into_iter();
        let nothing = [json!(null), json!("unknown"), json!(0), json!([]), json!(false)];
        for value in told.chain(nothing) {
            details.insert(field.clone(), value);
            // The first that the field can hold; if it can hold none, the type says so below.
            match (descriptor.check)(descriptor.version, &details) {
                Err(DetailsError::Mistyped { field: wrong, .. }) if wrong == field => {}
                _ => break,
            }
        }
        filled.push(field);
    }
    if !filled.is_empty() {
        details.insert(FILLED.to_owned(), json!(filled));
    }
    Ok(details)
}

/// The next required field that is missing or null; an error when one has the wrong type.
fn wanting(
    descriptor: &EventDescriptor,
    details: &Details,
) -> Result<Option<String>, DetailsError> {
    match (descriptor.check)(descriptor.version, details) {
        Ok(()) => Ok(None),
        Err(DetailsError::Missing { field, .. }) => Ok(Some(field)),
        Err(DetailsError::Mistyped { field, .. })
            if details.get(&field).is_some_and(Value::is_null) =>
        {
            Ok(Some(field))
        }
        Err(error) => Err(error),
    }
}

/// What the row's columns tell about a field.
fn told_by_columns(field: &str, row: &LegacyRow) -> Option<Value> {
    let user = present(row.user_identity.clone());
    let actor = present(row.actor_name.clone());
    let project = present(row.project_name.clone());
    match field {
        "principal" | "approver" => user.or(actor).map(Value::from),
        "actor" | "by" => actor.or(user).map(Value::from),
        "projects" => project.map(|project| json!([project])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::EventEnvelope;
    use domain::events::CATALOGUE;
    use std::error::Error;

    fn row(event_type: &str, details: &str) -> LegacyRow {
        LegacyRow {
            position: 7,
            id: "7".to_owned(),
            event_type: event_type.to_owned(),
            plan_id: Some("p1".to_owned()),
            project_name: Some("demo".to_owned()),
            actor_name: Some("planner".to_owned()),
            user_identity: Some("me@example.org".to_owned()),
            details: Some(details.to_owned()),
            created_at: Some("2026-07-01 09:00:00".to_owned()),
        }
    }

    fn sealed(row: LegacyRow) -> EventEnvelope {
        let now = "2030-01-01T00:00:00Z".parse().unwrap();
        let draft = draft(row, &LegacyMapping::default()).unwrap();
        draft.seal(now, || "made".to_owned(), "/here").unwrap()
    }

    fn refusal(row: LegacyRow) -> LegacyRowError {
        draft(row, &LegacyMapping::default()).unwrap_err()
    }

    #[test]
    fn a_row_becomes_an_event_of_ours_with_its_own_time_and_a_stable_id() {
        let details = "{\"files_changed\": 3, \"extra\": 1.50, \"projects\": [\"a\"], \
                       \"validation_results\": []}";
        let envelope = sealed(row("plan_applied", details));
        assert!(envelope.event_id.starts_with("legacy-7-"), "{}", envelope.event_id);
        assert_eq!(envelope.source, LEGACY_SOURCE);
        assert_eq!(envelope.event_type.as_str(), "plan.applied");
        assert_eq!(envelope.occurred_at.to_rfc3339(), "2026-07-01T09:00:00+00:00");
        assert_eq!(envelope.plan_id.as_deref(), Some("p1"));
        assert_eq!(envelope.project_name.as_deref(), Some("demo"));
        assert_eq!(envelope.actor, Some(Actor::agent("planner")));
        assert_eq!(envelope.user_identity.as_deref(), Some("me@example.org"));
        let text = serde_json::to_string(&envelope.details).unwrap();
        assert_eq!(text, details.replace(": ", ":").replace(", ", ","));
    }

    #[test]
    fn the_id_tells_rows_apart_and_nothing_about_their_payload() {
        let id = |row| sealed(row).event_id;
        let first = id(row("plan_cancelled", "{\"password\": \"hunter22\"}"));
        assert_eq!(first, id(row("plan_cancelled", "{\"password\": \"other\"}")));
        let cancelled = || row("plan_cancelled", "{}");
        for other in [
            LegacyRow { id: "8".to_owned(), ..cancelled() },
            row("plan_applied", "{}"),
            LegacyRow { plan_id: None, ..cancelled() },
            LegacyRow { project_name: None, ..cancelled() },
            LegacyRow { actor_name: None, ..cancelled() },
            LegacyRow { user_identity: None, ..cancelled() },
            LegacyRow { created_at: Some("2026-07-01 09:00:01".to_owned()), ..cancelled() },
        ] {
            assert_ne!(id(other.clone()), first, "{other:?}");
        }
    }

    #[test]
    fn rows_without_an_id_are_told_apart_by_their_position() {
        let nameless =
            |position| LegacyRow { position, id: " ".to_owned(), ..row("plan_cancelled", "{}") };
        let [first, second] = [1, 2].map(|position| sealed(nameless(position)).event_id);
        assert!(first.starts_with("legacy-position-1-"), "{first}");
        assert_ne!(first, second);
        assert_eq!(sealed(nameless(1)).event_id, first);
        let late = LegacyRow { created_at: None, ..nameless(1) };
        assert!(refusal(late).to_string().starts_with("row position-1: "));
    }

    #[test]
    fn what_is_missing_is_taken_from_the_columns_or_plainly_filled_and_listed() {
        let details = |event_type, text| Value::Object(sealed(row(event_type, text)).details);
        assert_eq!(
            details("auth_success", "{\"ip\": \"::1\"}"),
            json!({"ip": "::1", "method": "unknown", "principal": "me@example.org",
                "legacy_filled": ["method", "principal"]})
        );
        assert_eq!(
            details("plan_applied", ""),
            json!({"projects": ["demo"], "files_changed": 0, "validation_results": [],
                "legacy_filled": ["projects", "files_changed", "validation_results"]})
        );
        assert_eq!(
            details("config_changed", "{\"key\": \"a\", \"old\": 1}"),
            json!({"key": "a", "old": 1, "new": null, "legacy_filled": ["new"]})
        );
        assert_eq!(details("plan_errored", "null")["retriable"], json!(false));
        assert_eq!(
            details("auth_failure", "{\"method\": null, \"reason\": \"x\"}"),
            json!({"method": "unknown", "reason": "x", "legacy_filled": ["method"]})
        );
        assert_eq!(details("actor_errored", "{\"error\": \"x\"}")["actor"], json!("planner"));
    }

    #[test]
    fn every_type_of_the_catalogue_can_be_imported_into_from_an_empty_row() {
        for entry in CATALOGUE.events() {
            let empty = LegacyRow {
                id: "1".to_owned(),
                event_type: entry.event_type.to_owned(),
                created_at: Some("0".to_owned()),
                ..LegacyRow::default()
            };
            assert_eq!(sealed(empty).event_type.as_str(), entry.event_type);
        }
    }

    #[test]
    fn an_actor_says_its_kind_or_is_the_user_or_an_agent() {
        let actor = |name: &str| {
            let named = Some(name.to_owned());
            sealed(LegacyRow { actor_name: named, ..row("plan_cancelled", "{}") }).actor
        };
        assert_eq!(actor("system:cron"), Some(Actor::system("cron")));
        assert_eq!(actor("me@example.org"), Some(Actor::human("me@example.org")));
        assert_eq!(actor("reviewer"), Some(Actor::agent("reviewer")));
        assert_eq!(actor(""), None);
    }

    #[test]
    fn a_row_that_cannot_be_imported_is_refused_with_its_id_and_the_fix() {
        assert_eq!(
            refusal(row("plan_exploded", "{}")).to_string(),
            "row 7: `plan_exploded` has no counterpart: say what it stands for with \
             `--map plan_exploded=…`"
        );
        let late = LegacyRow { created_at: Some("late".to_owned()), ..row("plan_applied", "{}") };
        assert_eq!(
            refusal(late).to_string(),
            "row 7: created_at must be a time such as 2026-07-01 09:00:00, or seconds since 1970, \
             not `late`: correct it in a copy of the file"
        );
        assert_eq!(
            refusal(row("plan_applied", "[1]")).to_string(),
            "row 7: details must be a JSON object: correct it in a copy of the file (a list of 1)"
        );
        let broken = refusal(row("plan_applied", "{'a': 1}")).to_string();
        assert!(broken.contains("(key must be a string at line 1 column 2)"), "{broken}");
        let mistyped = refusal(row("plan_applied", "{\"projects\": \"a\"}"));
        assert_eq!(
            mistyped.to_string(),
            "row 7: its details are not those of `plan.applied`: correct them in a copy of the file"
        );
        assert_eq!(
            mistyped.source().unwrap().to_string(),
            "field `projects` must be a list, each item a string, not the string \"a\""
        );
    }
}
