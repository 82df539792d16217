//! Promises of the redactor that a few examples can show.

use std::collections::HashSet;
use std::sync::Arc;

use domain::{EventEnvelope, Redactor};
use serde_json::{Value, json};

use super::secrets::{PLACES, everything, harmless, ordinary, planted, secret};

/// Texts that hold a secret, and the secret, one of each shape.
fn texts() -> [(String, String); 3] {
    let pem = "MC4CAQAwBQYDK2VwBCIEIE1hZGUgdXAgZm9yIGEgdGVzdC4";
    [
        (format!("x {}", secret(1)), secret(1)),
        ("see https://me:hunter22@example.org/e/1".to_owned(), "hunter22".to_owned()),
        (format!("-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----"), pem.to_owned()),
    ]
}

pub(super) async fn no_place_of_an_envelope_keeps_a_secret(redactor: Arc<dyn Redactor>) {
    for place in PLACES {
        for (text, secret) in texts() {
            let mut envelope = planted(place, &text);
            redactor.redact(&mut envelope);
            let left = everything(&envelope);
            assert!(!left.contains(&secret), "{place} keeps a secret: `{text}` became {left}");
        }
    }
}

pub(super) async fn a_value_under_a_secret_name_never_survives(redactor: Arc<dyn Redactor>) {
    for name in ["password", "apiKey", "client_secret", "X-Auth-Token", "PRIVATE_KEY"] {
        for value in [json!("plumtree"), json!(["plumtree"]), json!({ "is": { "x": "plumtree" } })]
        {
            let mut envelope = ordinary(json!([{ "deep": { name: value } }]));
            envelope.extensions.insert(name.to_lowercase(), json!("plumtree"));
            redactor.redact(&mut envelope);
            let left = everything(&envelope);
            assert!(!left.contains("plumtree"), "what stands under `{name}` survives: {left}");
        }
    }
    let mut number = ordinary(json!({ "password": 31_415_926 }));
    redactor.redact(&mut number);
    let left = everything(&number);
    assert!(!left.contains("31415926"), "a secret that is a number survives: {left}");
}

pub(super) async fn the_number_of_secrets_is_told(redactor: Arc<dyn Redactor>) {
    let mut one = ordinary(json!({ "password": "plumtree" }));
    assert_eq!(redactor.redact(&mut one), 1, "one secret, one replaced: {one:?}");
    let mut three = ordinary(json!([secret(1), { "password": "plumtree" }, "nothing"]));
    three.subject = Some(secret(2));
    assert_eq!(redactor.redact(&mut three), 3, "three secrets, three replaced: {three:?}");
}

/// The texts of a list, redacted.
fn marks(redactor: &dyn Redactor, texts: Vec<String>) -> Vec<Value> {
    let mut envelope = ordinary(json!(texts));
    redactor.redact(&mut envelope);
    match envelope.details.remove("outcome") {
        Some(Value::Array(marks)) => marks,
        other => panic!("a list of texts stays one: {other:?}"),
    }
}

pub(super) async fn equal_secrets_become_equal_marks(redactor: Arc<dyn Redactor>) {
    let texts = || vec![secret(1), "between".to_owned(), secret(1)];
    let first = marks(&*redactor, texts());
    assert_eq!(first[0], first[2], "the same secret twice in one event");
    let others = (0..4).map(|_| {
        let (redactor, texts) = (Arc::clone(&redactor), texts());
        std::thread::spawn(move || marks(&*redactor, texts))
    });
    for other in others.collect::<Vec<_>>() {
        let Ok(other) = other.join() else { panic!("many may redact at once") };
        assert_eq!(other, first, "the same secrets in events of several threads");
    }
}

pub(super) async fn secrets_that_differ_get_marks_that_differ(redactor: Arc<dyn Redactor>) {
    let marks = marks(&*redactor, (0..50).map(secret).collect());
    let different: HashSet<_> = marks.iter().map(Value::to_string).collect();
    assert_eq!(different.len(), marks.len(), "secrets that differ look the same: {marks:?}");
}

pub(super) async fn ids_still_tell_events_apart(redactor: Arc<dyn Redactor>) {
    let mut seen = HashSet::new();
    for number in 0..3000 {
        // An id that looks like a secret, and one that is none.
        for id in [secret(number), format!("refresh-token:{number:07}")] {
            let mut envelope =
                EventEnvelope { event_id: id.clone(), ..ordinary(json!({ "number": number })) };
            envelope.causation_id = Some(id.clone());
            envelope.correlation_id = Some(id.clone());
            redactor.redact(&mut envelope);
            let EventEnvelope { event_id, causation_id, correlation_id, .. } = envelope;
            assert_eq!(causation_id.as_ref(), Some(&event_id), "a cause is still found: {id}");
            assert_eq!(correlation_id.as_ref(), Some(&event_id), "a run is still found: {id}");
            let new = seen.insert(event_id.clone());
            assert!(new, "`{id}` became `{event_id}`, as another id did: its event would be lost");
        }
    }
}

pub(super) async fn what_is_no_secret_is_kept(redactor: Arc<dyn Redactor>) {
    for before in harmless() {
        let mut after = before.clone();
        let count = redactor.redact(&mut after);
        assert_eq!(after, before, "nothing in this event is secret");
        assert_eq!(count, 0, "nothing was replaced in {before:?}");
    }
}

pub(super) async fn what_kind_of_event_it_is_is_kept(redactor: Arc<dyn Redactor>) {
    let before = ordinary(json!({ "password": "plumtree", "exit": 0, "list": [secret(1), 2] }));
    let mut after = before.clone();
    redactor.redact(&mut after);
    assert_eq!(after.event_type, before.event_type, "the type");
    assert_eq!(after.schema_version, before.schema_version, "the version");
    assert_eq!(after.occurred_at, before.occurred_at, "the time");
    let names =
        |envelope: &EventEnvelope| -> Vec<String> { envelope.details.keys().cloned().collect() };
    assert_eq!(names(&after), names(&before), "the payload's fields, in their order");
    let Some(outcome) = after.details.get("outcome") else { panic!("a field is gone: {after:?}") };
    assert_eq!(outcome.get("exit"), Some(&json!(0)), "a field beside a secret");
    assert_eq!(outcome.pointer("/list/1"), Some(&json!(2)), "an item beside a secret");
}
