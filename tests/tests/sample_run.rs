//! The shipped sample of an agent's run is one that `record` accepts, and worth recording.
//!
//! Deliberately absent: recording it, which the command line's own tests do.

#![allow(clippy::unwrap_used, reason = "a test may give up")]

use std::collections::{BTreeSet, HashSet};

use application::cloud_events;
use chrono::{DateTime, Utc};
use domain::events::CATALOGUE;
use domain::{Details, EventEnvelope};
use serde_json::Value;

const SAMPLE: &str = include_str!("../../bootstrap/examples/agent-run.ndjson");

fn envelopes() -> Vec<EventEnvelope> {
    let sealed = SAMPLE.lines().enumerate().map(|(n, line)| {
        let draft = cloud_events::parse(line.as_bytes(), &CATALOGUE)
            .unwrap_or_else(|error| panic!("line {}: {error}", n + 1));
        draft
            .seal(DateTime::<Utc>::UNIX_EPOCH, || panic!("line {} has no id", n + 1), "")
            .unwrap_or_else(|error| panic!("line {}: {error}", n + 1))
    });
    sealed.collect()
}

#[test]
fn the_sample_tells_a_story_of_about_sixty_events_of_many_types() {
    let events = envelopes();
    let types: BTreeSet<&str> = events.iter().map(|event| event.event_type.as_str()).collect();
    assert!((55..=65).contains(&events.len()), "{}", events.len());
    assert!(types.len() >= 25, "{types:?}");
    for turn in ["validation.failed", "tool.retried", "budget.warning", "actor.escalated"] {
        assert!(types.contains(turn), "the story lacks `{turn}`");
    }
}

/// The schema of a type's first version.
fn first_schema(event_type: &str) -> Value {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/golden");
    let text = std::fs::read_to_string(format!("{golden}/{event_type}/v1.schema.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn every_payload_of_the_sample_is_one_of_its_type_and_knows_no_field_by_mistake() {
    let mut unknown = BTreeSet::new();
    for line in SAMPLE.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let entry = CATALOGUE.find(event["type"].as_str().unwrap()).unwrap();
        let details: Details = serde_json::from_value(event["data"].clone()).unwrap();
        assert_eq!((entry.check)(1, &details), Ok(()), "{line}");
        // The run was recorded when every type was in its first version.
        let schema = first_schema(entry.event_type);
        let known = schema["properties"].as_object().unwrap();
        unknown.extend(details.keys().filter(|name| !known.contains_key(*name)).cloned());
    }
    assert_eq!(unknown, BTreeSet::from(["verdict".to_owned()]), "one, to show that it is kept");
}

#[test]
fn ids_and_times_of_the_sample_ascend_and_causes_come_first() {
    let events = envelopes();
    assert!(events.is_sorted_by(|a, b| a.event_id < b.event_id && a.occurred_at < b.occurred_at));
    let lasted = events[events.len() - 1].occurred_at - events[0].occurred_at;
    assert!((2..=10).contains(&lasted.num_minutes()), "{lasted}");
    let mut seen = HashSet::new();
    for event in &events {
        assert!(event.causation_id.as_ref().is_none_or(|cause| seen.contains(cause)));
        seen.insert(event.event_id.clone());
    }
    assert!(events.iter().filter(|event| event.causation_id.is_some()).count() > 50);
    assert!(events.iter().filter(|event| event.trace_id.is_some()).count() > 5);
    let extensions = events.iter().flat_map(|event| event.extensions.keys().map(String::as_str));
    assert_eq!(extensions.collect::<BTreeSet<_>>(), ["datacontenttype", "traceparent"].into());
}

#[test]
fn the_sample_holds_made_up_secrets_for_redaction_to_show_itself() {
    let with_secret: Vec<_> = envelopes()
        .into_iter()
        .filter(|event| {
            serde_json::to_string(&event.details).is_ok_and(|text| text.contains("hunter2"))
        })
        .map(|event| event.event_type.to_string())
        .collect();
    assert_eq!(with_secret, ["tool.invoked", "tool.invoked", "config.changed"]);
}
