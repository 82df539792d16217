//! Rows of the earlier platform, and the events they become.

use super::*;
use domain::events::{BudgetExceeded, CATALOGUE};
use domain::{DomainEvent, EventEnvelope};
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
fn a_type_that_has_changed_since_is_imported_in_the_shape_it_had_then() {
    let details = "{\"scope\":\"run\",\"limit_usd\":0.50,\"spent_usd\":0.6}";
    let envelope = sealed(row("budget_exceeded", details));
    assert_eq!(envelope.schema_version, 1);
    assert_eq!(serde_json::to_string(&envelope.details).unwrap(), details);
    let exceeded = BudgetExceeded::from_versioned(1, &envelope.details).unwrap();
    assert_eq!((exceeded.limit_micro_usd, exceeded.spent_micro_usd), (500_000, 600_000));

    let lacking = sealed(row("budget_exceeded", "{\"scope\":\"run\",\"limit_usd\":0.50}"));
    assert_eq!(lacking.details["spent_usd"], json!(0));
    assert_eq!(lacking.details["legacy_filled"], json!(["spent_usd"]));
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
    // Also where an earlier field had to be filled.
    let later = refusal(row("plan_applied", "{\"files_changed\": \"three\"}"));
    let said = later.source().unwrap().to_string();
    assert!(said.starts_with("field `files_changed` must be"), "{said}");
}
