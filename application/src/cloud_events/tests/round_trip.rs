//! Writing gives back what was read, and reading what was written.

use domain::Actor;
use domain::events::{CATALOGUE, PlanPhaseChanged};
use domain::{DomainEvent, EventEnvelope};
use proptest::option;
use proptest::prelude::*;
use serde_json::json;

use super::super::{EventProblem, write};
use super::*;

/// What becomes of a text that is read, recorded and written again.
fn again(text: &str) -> String {
    write(&recorded(parse(text.as_bytes(), &CATALOGUE).unwrap()))
}

#[test]
fn what_is_read_is_written_again() {
    let mut minimal = full();
    minimal.as_object_mut().unwrap().retain(|name, _| {
        ["specversion", "id", "source", "type", "time", "data"].contains(&name.as_str())
    });
    let versioned = with("schemaversion", Some(json!(1)));
    for event in [full(), minimal, versioned, with("traceparent", None)] {
        assert_eq!(serde_json::from_str::<Value>(&again(&event.to_string())).unwrap(), event);
    }
}

#[test]
fn every_type_of_the_catalogue_makes_the_round_trip() {
    for entry in CATALOGUE.events() {
        let mut event = with("type", Some(json!(entry.event_type)));
        event["data"] = Value::Object((entry.sample)());
        if entry.version > 1 {
            event["schemaversion"] = json!(entry.version);
        }
        assert_eq!(serde_json::from_str::<Value>(&again(&event.to_string())).unwrap(), event);
    }
}

#[test]
fn attributes_stand_in_a_fixed_order_with_the_payload_last() {
    let written: Value = serde_json::from_str(&again(&full().to_string())).unwrap();
    let written: Vec<_> = written.as_object().unwrap().keys().cloned().collect();
    let fixed: Vec<_> = full().as_object().unwrap().keys().cloned().collect();
    assert_eq!(written, fixed);
}

#[test]
fn the_digits_of_numbers_and_the_order_of_fields_are_kept() {
    let data = "{\"zeta\":1.50,\"from\":\"a\",\"big\":123456789012345678901234567890,\
                \"to\":\"b\",\"small\":-1e-400,\"alpha\":[0,-0.0]}";
    let event = format!(
        "{{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"plan.phase_changed\",\
         \"time\":\"2026-07-01T09:00:00Z\",\"ratio\":0.10,\"data\":{data}}}"
    );
    assert_eq!(again(&event), event);
}

#[test]
fn a_time_is_written_in_utc_with_the_digits_it_has() {
    for (read, written) in [
        ("2026-07-01T11:30:00+02:30", "2026-07-01T09:00:00Z"),
        ("2026-07-01T09:00:00.1Z", "2026-07-01T09:00:00.100Z"),
        ("2026-07-01T09:00:00.000120Z", "2026-07-01T09:00:00.000120Z"),
        ("2026-07-01T09:00:00.123456789Z", "2026-07-01T09:00:00.123456789Z"),
    ] {
        let text = again(&with("time", Some(json!(read))).to_string());
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["time"], json!(written));
    }
}

#[test]
fn a_later_schema_version_is_written() {
    let mut event = recorded(read(&full()).unwrap());
    event.envelope.schema_version = 3;
    let written: Value = serde_json::from_str(&write(&event)).unwrap();
    assert_eq!(written["schemaversion"], json!(3));
}

#[test]
fn extensions_cannot_stand_in_for_what_the_envelope_says() {
    let mut event = recorded(read(&full()).unwrap());
    let before = write(&event);
    event.envelope.extensions.insert("id".to_owned(), json!("forged"));
    event.envelope.extensions.insert("data".to_owned(), json!("forged"));
    assert_eq!(write(&event), before);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a-z/:_-]{1,12}"]
}

fn filled() -> impl Strategy<Value = String> {
    text().prop_filter("an id, a source and an actor's id are never empty", |t| !t.is_empty())
}

prop_compose! {
    fn extensions()(
        entries in proptest::collection::vec(("x[a-z0-9]{1,8}", text(), any::<bool>()), 0..4)
    ) -> domain::Details {
        entries
            .into_iter()
            .map(|(name, text, flag)| (name, if flag { json!(text) } else { json!(flag) }))
            .collect()
    }
}

prop_compose! {
    fn envelopes()(
        (event_id, source, from, to) in (filled(), filled(), text(), text()),
        (seconds, nanos) in (-62_000_000_000_i64..253_000_000_000, 0_u32..1_000_000_000),
        (subject, plan_id, project_name, session_id) in
            (option::of(text()), option::of(text()), option::of(text()), option::of(text())),
        actor in option::of((0..3, filled())),
        (user_identity, correlation_id, causation_id) in
            (option::of(text()), option::of(text()), option::of(text())),
        trace_id in option::of("[0-9a-f]{31}[1-9a-f]"),
        extensions in extensions(),
    ) -> EventEnvelope {
        EventEnvelope {
            event_id,
            event_type: PlanPhaseChanged::DESCRIPTOR.name(),
            schema_version: 1,
            occurred_at: DateTime::from_timestamp(seconds, nanos).unwrap(),
            source,
            subject,
            plan_id,
            project_name,
            session_id,
            actor: actor.map(|(kind, id)| match kind {
                0 => Actor::human(id),
                1 => Actor::agent(id),
                _ => Actor::system(id),
            }),
            user_identity,
            correlation_id,
            causation_id,
            trace_id,
            extensions,
            details: PlanPhaseChanged { from, to }.to_details().unwrap(),
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same_envelope(envelope in envelopes()) {
        let event = RecordedEvent {
            sequence: Sequence(9),
            recorded_at: moment(),
            envelope,
            erased: ErasedFields::NONE,
        };
        let written = write(&event);
        prop_assert!(!written.contains('\n'));
        let back = recorded(parse(written.as_bytes(), &CATALOGUE).unwrap());
        prop_assert_eq!(back.envelope, event.envelope);
    }

    #[test]
    fn no_text_makes_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, &CATALOGUE);
    }
}

#[test]
fn what_was_erased_is_said_once_by_the_names_of_its_fields() {
    use domain::proof::CommittedField::{Actor, Details, UserIdentity};
    let mut event = recorded(parse(full().to_string().as_bytes(), &CATALOGUE).unwrap());
    event.envelope.actor = None;
    event.envelope.extensions.insert("erasedfields".to_owned(), "subject".into());
    let text = write(&event);
    assert_eq!(text.matches("erasedfields").count(), 1, "as it came: {text}");
    assert!(text.contains(r#""erasedfields":"subject""#), "{text}");
    event.erased = [Actor, UserIdentity].into_iter().collect();
    let text = write(&event);
    assert_eq!(text.matches("erasedfields").count(), 1, "{text}");
    assert!(text.contains(r#""erasedfields":"actor,user_identity""#), "{text}");
    assert!(parse(text.as_bytes(), &CATALOGUE).is_ok(), "it can be recorded elsewhere: {text}");
    event.envelope.details.clear();
    event.erased = event.erased.with(Details);
    let refused = parse(write(&event).as_bytes(), &CATALOGUE).unwrap_err();
    assert_eq!(refused.problem, EventProblem::Erased, "also where its type needs no details");
}
