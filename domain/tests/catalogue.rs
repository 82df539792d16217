//! The catalogue is the taxonomy: which types there are, what their payloads carry, and that what
//! an entry says of its type is true.
//!
//! The taxonomy is written out here a second time, on purpose: wire names and fields are a promise
//! to whoever reads old records, and a slip in a declaration must not pass as a change of plan.

use std::collections::HashSet;

use indelible_domain::events::{
    ActorEvent, AuditEvent, AuthEvent, BudgetEvent, CATALOGUE, CheckpointEvent, ConfigEvent,
    ContextEvent, CorrectionEvent, DecisionEvent, EntityEvent, GROUPS, InvariantEvent, PlanEvent,
    ResourceEvent, SandboxEvent, SessionEvent, ToolEvent, ValidationEvent,
};
use indelible_domain::{
    AuditCategory, Catalogue, Details, DetailsError, EventDescriptor, EventDraft, EventGroup,
};
use serde_json::{Value, json};

const TAXONOMY: &str = "\
plan.created: name string, goal string, automation_profile string?
plan.phase_changed: from string, to string
plan.state_changed: from string, to string
plan.applied: projects [string], files_changed whole, validation_results [json]
plan.cancelled: reason string, resources_released [string]
plan.errored: phase string, error string, retriable bool
decision.created: decision_id string, kind string, question string, chosen string, \
 alternatives [string], confidence number?
decision.approved: decision_id string, approver string
decision.corrected: decision_id string, mode string, guidance string
decision.superseded: decision_id string, superseded_by string
invariant.reconciled: invariant_id string, scope string, kept [string], dropped [string]
invariant.violated: invariant_id string, by string, evidence json
invariant.enforced: invariant_id string, action string
actor.invoked: actor string, provider string?, model string?, input_digest string?, \
 invocation_id string?
actor.completed: actor string, tokens_in whole?, tokens_out whole?, cost_usd number?, \
 duration_ms whole, invocation_id string?
actor.errored: actor string, error string, invocation_id string?
actor.escalated: actor string, to string, reason string, invocation_id string?
tool.invoked: invocation_id string, tool string, arguments json
tool.completed: invocation_id string, tool string, outcome json, duration_ms whole
tool.errored: invocation_id string, tool string, error string
tool.retried: invocation_id string, tool string, attempt whole, reason string
resource.accessed: resource_id string, mode string
resource.modified: resource_id string, modification string, sandbox_path string?, tool string?
resource.indexed: resource_id string, items whole
sandbox.created: sandbox_id string, strategy string
sandbox.committed: sandbox_id string, changes whole
sandbox.rolled_back: sandbox_id string, reason string
checkpoint.created: checkpoint_id string, sandbox_id string
checkpoint.restored: checkpoint_id string, sandbox_id string
context.built: fragments whole, tokens whole
context.query_executed: query string, hits whole, duration_ms whole
validation.started: validation_id string, kind string
validation.passed: validation_id string, duration_ms whole
validation.failed: validation_id string, failures [json]
session.created: session_id string, client string?
session.closed: session_id string, reason string
budget.warning: scope string, limit_micro_usd whole, spent_micro_usd whole
budget.exceeded: scope string, limit_micro_usd whole, spent_micro_usd whole
correction.applied: attempt_id string, original_decision_id string, mode string, guidance string
config.changed: key string, old json, new json
entity.deleted: entity_kind string, entity_id string
auth.succeeded: method string, principal string
auth.failed: method string, principal string?, reason string
audit.prune_started: from_sequence whole, to_sequence whole, older_than_days whole
audit.pruned: from_sequence whole, to_sequence whole, entries whole, older_than_days whole, \
 archive string?, archive_digest string?
audit.hold_placed: scope string, plan string?, correlation string?, from_sequence whole?, \
 to_sequence whole?, reason string
audit.hold_released: hold whole, reason string?
audit.key_rotated: old_verifier string, new_verifier string
audit.erasure_started: request_id string, reason string?, selected_by string, details bool, entries whole
audit.erased: request_id string, entries whole
audit.erasure_refused: request_id string, hold whole, entries whole
subscription.paused: name string, cursor whole
subscription.resumed: name string, cursor whole
subscription.rewound: name string, from_cursor whole, to_cursor whole
subscription.removed: name string, cursor whole, dead_letters whole
subscription.halted: name string, cursor whole, error string
dead_letter.retried: subscription string, event_sequence whole
dead_letter.discarded: subscription string, event_sequence whole";

/// The kind of a field in the words of the taxonomy above; `?` where null is allowed.
fn kind(schema: &Value) -> String {
    let name = |name: &str| match name {
        "integer" => "whole".to_owned(),
        "boolean" => "bool".to_owned(),
        "array" => format!("[{}]", kind(&schema["items"])),
        other => other.to_owned(),
    };
    match &schema["type"] {
        Value::String(one) => name(one),
        Value::Array(several) => {
            let (nulls, rest): (Vec<_>, Vec<_>) = several.iter().partition(|t| *t == "null");
            let words: Vec<_> = rest.iter().filter_map(|t| t.as_str()).map(name).collect();
            format!("{}{}", words.join("|"), "?".repeat(nulls.len()))
        }
        _ => "json".to_owned(),
    }
}

fn described(event: &EventDescriptor) -> String {
    let schema = (event.schema)().to_value();
    let required: HashSet<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let fields: Vec<String> = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(field, schema)| {
            let kind = kind(schema);
            assert_eq!(
                required.contains(field.as_str()),
                !kind.ends_with('?'),
                "`{field}` of `{}` may be null but not be left out, or the reverse",
                event.event_type
            );
            format!("{field} {kind}")
        })
        .collect();
    format!("{}: {}", event.event_type, fields.join(", "))
}

#[test]
fn the_catalogue_is_the_taxonomy_type_by_type_and_field_by_field() {
    let declared: Vec<String> = CATALOGUE.events().map(described).collect();
    let expected: Vec<&str> = TAXONOMY.lines().collect();
    assert_eq!(
        expected.len(),
        43 + 15,
        "43 types of the platform, and what the system says of itself"
    );
    assert_eq!(declared, expected);
}

#[test]
fn what_opens_work_and_what_ends_it_is_declared_by_key() {
    let parts: Vec<String> = CATALOGUE
        .events()
        .filter_map(|event| Some((event.event_type, event.work?)))
        .map(|(name, work)| {
            format!("{name} {} {} by {}", work.role, work.opener, work.key_as_declared())
        })
        .collect();
    let expected = "\
actor.invoked opens actor.invoked by invocation_id or actor
actor.completed completes actor.invoked by invocation_id or actor
actor.errored fails actor.invoked by invocation_id or actor
actor.escalated resumes actor.invoked by invocation_id or actor
tool.invoked opens tool.invoked by invocation_id
tool.completed completes tool.invoked by invocation_id
tool.errored fails tool.invoked by invocation_id
tool.retried resumes tool.invoked by invocation_id
sandbox.created opens sandbox.created by sandbox_id
sandbox.committed completes sandbox.created by sandbox_id
sandbox.rolled_back fails sandbox.created by sandbox_id
validation.started opens validation.started by validation_id
validation.passed completes validation.started by validation_id
validation.failed fails validation.started by validation_id
session.created opens session.created by session_id
session.closed completes session.created by session_id
audit.erasure_started opens audit.erasure_started by request_id
audit.erased completes audit.erasure_started by request_id
audit.erasure_refused fails audit.erasure_started by request_id";
    assert_eq!(parts, expected.lines().collect::<Vec<_>>());
}

#[test]
fn every_type_is_found_by_its_wire_name_and_by_nothing_else() {
    for event in CATALOGUE.events() {
        let found = CATALOGUE.find(event.event_type).map(|found| found.rust_name);
        assert_eq!(found, Some(event.rust_name));
        assert_eq!(event.name().as_str(), event.event_type);
        assert_eq!(event.name().context(), event.context());
    }
    for unknown in ["", "plan", "plan.", "plan.creates", "PlanCreated"] {
        assert!(CATALOGUE.find(unknown).is_none(), "{unknown}");
    }
    let names: Vec<_> = CATALOGUE.event_types().collect();
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), 58);
}

#[test]
fn contexts_come_in_the_order_they_were_composed_and_hold_their_own_events() {
    let contexts: Vec<&str> = CATALOGUE.groups().map(|group| group.context).collect();
    let expected = [
        "plan",
        "decision",
        "invariant",
        "actor",
        "tool",
        "resource",
        "sandbox",
        "checkpoint",
        "context",
        "validation",
        "session",
        "budget",
        "correction",
        "config",
        "entity",
        "auth",
        "audit",
        "subscription",
        "dead_letter",
    ];
    assert_eq!(contexts, expected);
    for group in CATALOGUE.groups() {
        assert!(!group.docs.trim().is_empty());
        assert!(group.events.iter().all(|event| event.context() == group.context));
    }
}

#[test]
fn every_sample_is_whole_and_passes_its_own_check_and_schema() {
    for event in CATALOGUE.events() {
        let schema = (event.schema)().to_value();
        let sample = (event.sample)();
        assert_eq!((event.check)(event.version, &sample), Ok(()), "{}", event.event_type);
        assert!(
            schema["properties"].as_object().unwrap().keys().eq(sample.keys()),
            "the sample of `{}` leaves fields empty",
            event.event_type
        );
        let validator = jsonschema::validator_for(&schema).unwrap();
        assert!(validator.is_valid(&Value::Object(sample.clone())), "{}", event.event_type);

        let mut evolved = sample.clone();
        evolved.insert("a_later_field".to_owned(), json!(1));
        assert!(validator.is_valid(&Value::Object(evolved)), "producers evolve first");
    }
}

#[test]
fn schema_and_check_refuse_the_same_payloads() {
    for event in CATALOGUE.events() {
        let schema = (event.schema)().to_value();
        let validator = jsonschema::validator_for(&schema).unwrap();
        for field in (event.sample)().keys() {
            for broken in [None, Some(json!(null)), Some(json!("text")), Some(json!(-1.5))] {
                let mut details = (event.sample)();
                match &broken {
                    None => drop(details.remove(field)),
                    Some(value) => drop(details.insert(field.clone(), value.clone())),
                }
                assert_eq!(
                    (event.check)(event.version, &details).is_ok(),
                    validator.is_valid(&Value::Object(details)),
                    "`{field}` of `{}` as {broken:?}",
                    event.event_type
                );
            }
        }
    }
}

#[test]
fn every_entry_says_what_happened_in_one_line_and_why_it_is_on_record() {
    for event in CATALOGUE.events() {
        let summary = event.summary();
        assert!(summary.ends_with('.') && !summary.contains('\n'), "{summary}");
        assert_eq!(event.version > 1, event.upcast.is_some(), "a later version and its upcaster");
        let written = serde_json::to_value(event.category).unwrap();
        assert_eq!(written, json!(event.category.as_str()));
    }
    let used: HashSet<AuditCategory> = CATALOGUE.events().map(|event| event.category).collect();
    assert_eq!(used.len(), 9, "a category that no event has is of no use");
}

/// Decodes an event's sample through its context's enum and back.
fn through_the_enum<G: EventGroup + Into<EventDraft>>() {
    for event in G::GROUP.events {
        let sample = (event.sample)();
        let decoded = G::decode(event.event_type, event.version, &sample);
        let Some(Ok(decoded)) = decoded else {
            panic!("`{}` is not decoded by its own context", event.event_type)
        };
        assert_eq!(decoded.event_type(), event.name());
        let draft: EventDraft = decoded.into();
        assert_eq!(draft.event_type(), &event.name());
        let sealed = draft.seal(chrono::DateTime::UNIX_EPOCH, || "id".to_owned(), "/here").ok();
        assert_eq!(sealed.map(|envelope| envelope.details), Some(sample));

        assert_eq!(
            G::decode(event.event_type, 99, &Details::new()),
            Some(Err(DetailsError::UnknownVersion { version: 99, current: event.version }))
        );
    }
    assert!(G::decode("nobody.knows_it", 1, &Details::new()).is_none());
}

#[test]
fn every_type_is_decoded_by_wire_name_through_its_contexts_enum() {
    through_the_enum::<PlanEvent>();
    through_the_enum::<DecisionEvent>();
    through_the_enum::<InvariantEvent>();
    through_the_enum::<ActorEvent>();
    through_the_enum::<ToolEvent>();
    through_the_enum::<ResourceEvent>();
    through_the_enum::<SandboxEvent>();
    through_the_enum::<CheckpointEvent>();
    through_the_enum::<ContextEvent>();
    through_the_enum::<ValidationEvent>();
    through_the_enum::<SessionEvent>();
    through_the_enum::<BudgetEvent>();
    through_the_enum::<CorrectionEvent>();
    through_the_enum::<ConfigEvent>();
    through_the_enum::<EntityEvent>();
    through_the_enum::<AuthEvent>();
    through_the_enum::<AuditEvent>();
}

#[test]
#[should_panic(expected = "the wire name `plan.created` is declared twice")]
fn composing_a_context_twice_at_run_time_panics_and_names_the_first_repeated_name() {
    let _ = Catalogue::compose(&[GROUPS, &[AuditEvent::GROUP], GROUPS]);
}

#[test]
fn an_empty_catalogue_and_empty_parts_are_fine() {
    assert_eq!(Catalogue::compose(&[]).events().count(), 0);
    assert_eq!(Catalogue::compose(&[&[], &[AuditEvent::GROUP], &[]]).events().count(), 8);
}
