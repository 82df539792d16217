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

/// The version of every type whose shape the earlier platform wrote. It did not live to see another.
const VERSION: u32 = 1;

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
    let mut draft = EventDraft::untyped(descriptor, VERSION, details)
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
            match (descriptor.check)(VERSION, &details) {
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
    match (descriptor.check)(VERSION, details) {
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
mod tests;
