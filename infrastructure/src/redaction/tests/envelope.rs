//! Redacting whole envelopes.

use domain::{Actor, AuditEntry};
use proptest::prelude::*;

use super::*;

/// Every text of an envelope, as it would be stored or shown.
fn everything(envelope: &EventEnvelope) -> String {
    let entry = AuditEntry::new(envelope.clone());
    format!("{envelope:?} {} {:?}", entry.details_json(), entry.extensions_json())
}

/// Puts a text into one place of an envelope after the other.
fn planted(place: usize, text: &str) -> EventEnvelope {
    let mut envelope = envelope(json!({}));
    let text = text.to_owned();
    match place {
        0 => envelope.event_id = text,
        1 => envelope.source = text,
        2 => envelope.subject = Some(text),
        3 => envelope.plan_id = Some(text),
        4 => envelope.project_name = Some(text),
        5 => envelope.session_id = Some(text),
        6 => envelope.actor = Some(Actor::agent(text)),
        7 => envelope.user_identity = Some(text),
        8 => envelope.correlation_id = Some(text),
        9 => envelope.causation_id = Some(text),
        10 => envelope.trace_id = Some(text),
        11 => drop(envelope.extensions.insert("partition".to_owned(), json!(text))),
        12 => drop(envelope.extensions.insert(text, json!(1))),
        _ => drop(envelope.details.insert("unknown".to_owned(), json!(text))),
    }
    envelope
}

#[test]
fn no_place_of_an_envelope_keeps_a_secret() {
    let redactor = redactor();
    let secret = format!("glpat-{}", "a1".repeat(10));
    for place in 0..14 {
        let mut envelope = planted(place, &format!("x {secret}"));
        assert_eq!(redactor.redact(&mut envelope), 1, "{place}");
        assert!(!everything(&envelope).contains(&secret), "{place}");
    }
    let mut envelope = envelope(json!({}));
    envelope.extensions.insert("authtoken".to_owned(), json!("hunter"));
    assert_eq!(redactor.redact(&mut envelope), 1);
    assert!(!everything(&envelope).contains("hunter"));
}

#[test]
fn different_ids_stay_different_whatever_they_look_like() {
    let redactor = redactor();
    let mut envelope = envelope(json!({}));
    let mut seen = std::collections::HashSet::new();
    for number in 0..200_000 {
        let name = format!("refresh-token:{number:07}");
        envelope.event_id.clone_from(&name);
        assert_eq!(redactor.redact(&mut envelope), 0);
        assert_eq!(envelope.event_id, name);
        // Of these several would share a mark of eight digits.
        envelope.event_id = format!("ghp_{number:036}");
        assert_eq!(redactor.redact(&mut envelope), 1);
        assert!(seen.insert(std::mem::take(&mut envelope.event_id)), "{number}");
    }
}

#[test]
fn what_refers_to_an_event_still_does_when_its_id_is_a_secret() {
    let mut envelope = envelope(json!({}));
    let secret = format!("ghp_{:036}", 1);
    envelope.causation_id = Some(secret.clone());
    envelope.correlation_id = Some(secret.clone());
    envelope.event_id = secret;
    assert_eq!(redactor().redact(&mut envelope), 3);
    assert_eq!(envelope.causation_id.as_ref(), Some(&envelope.event_id));
    assert_eq!(envelope.correlation_id.as_ref(), Some(&envelope.event_id));
}

#[test]
fn an_id_loses_its_secret_shapes_once_and_for_all() {
    let redactor = redactor();
    for secret in ["https://me:hunter22@example.org/e/1", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x"]
    {
        for place in [0, 1, 8, 9] {
            let mut envelope = planted(place, secret);
            assert_eq!(redactor.redact(&mut envelope), 1, "{place}");
            assert!(!everything(&envelope).contains(secret), "{place}");
            let once = envelope.clone();
            assert_eq!(redactor.redact(&mut envelope), 0, "{place}");
            assert_eq!(envelope, once);
        }
    }
    let [mut id, mut subject] = [0, 2].map(|place| planted(place, "https://me:hunter22@a/"));
    redactor.redact(&mut id);
    redactor.redact(&mut subject);
    let short = subject.subject.unwrap();
    let digits = &short[short.len() - 12..short.len() - 4];
    assert!(id.event_id.contains(&format!(":{digits}")), "the same secret shows the same digits");
}

#[test]
fn equal_secrets_become_equal_marks_and_others_do_not() {
    let redactor = redactor();
    let (value, count) =
        redacted_by(&redactor, json!([{"password": "a"}, {"password": "a"}, {"password": "b"}]));
    assert_eq!(count, 3);
    assert_eq!(value[0], value[1]);
    assert_ne!(value[0], value[2]);
    // Whatever names the kind, the digits are the secret's.
    let (value, _) =
        redacted_by(&redactor, json!([{"password": "abc"}, "PASSWORD=abc", "--token abc"]));
    let digits = |text: &Value| {
        let text = text.to_string();
        let end = text.rfind(']').unwrap();
        text[end - 8..end].to_owned()
    };
    assert_eq!(digits(&value[0]), digits(&value[1]));
    assert_eq!(digits(&value[0]), digits(&value[2]));
}

#[test]
fn an_envelope_without_secrets_is_left_as_it_is() {
    let mut envelope = planted(2, "call-1");
    let before = envelope.clone();
    assert_eq!(redactor().redact(&mut envelope), 0);
    assert_eq!(envelope, before);
}

#[test]
fn a_container_without_a_redactor_of_its_own_gets_the_built_in_one() {
    use shaku::HasComponent;
    shaku::module! {
        Container {
            components = [SecretRedactor],
            providers = []
        }
    }
    let container = Container::builder().build();
    let redactor: &dyn Redactor = container.resolve_ref();
    let mut envelope = envelope(json!({"password": "hunter"}));
    assert_eq!(redactor.redact(&mut envelope), 1);
    assert!(!everything(&envelope).contains("hunter"));
}

/// Pieces of which texts are made that the scanner has an opinion about.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-zA-Z0-9]{0,12}",
        proptest::sample::select(vec![
            "password",
            "token",
            "secret",
            "api_key",
            "Cookie",
            "Authorization",
            "Bearer ",
            "curl",
            " -u ",
            "://",
            "@",
            ":",
            "=",
            " = ",
            "==",
            "=>",
            "\"",
            "'",
            "\\\"",
            "\\",
            "{",
            "}",
            "[",
            "]",
            "(",
            ")",
            ",",
            ";",
            "&",
            "?",
            "<",
            ">",
            "--",
            "--token ",
            "-p",
            "-u",
            "_",
            "\n",
            "\\n",
            "$",
            "%20",
            "-----BEGIN PRIVATE KEY-----",
            "-----END PRIVATE KEY-----",
            "[redacted:x:01234567]",
            "[redacted:",
            "ghp_",
            "sk-",
            "eyJ",
            "AKIA",
            "hunter2",
            "abc",
            "str",
            "None",
            "PWD",
        ])
        .prop_map(str::to_owned),
    ]
}

fn texts() -> impl Strategy<Value = String> {
    proptest::collection::vec(piece(), 0..12).prop_map(|pieces| pieces.concat())
}

fn json_values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        texts().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((texts(), inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// Hides a value somewhere: below any lists and objects, in any text.
fn hidden(secret: &str, path: &[(u8, String)]) -> Value {
    path.iter().fold(json!(secret), |inner, (kind, text)| match kind % 4 {
        0 => json!([1, inner, text]),
        1 => json!({ text: inner, "other": null }),
        2 => json!({ "deep": { text: [inner] } }),
        _ => json!(format!("{text} {inner} {text}")),
    })
}

thread_local! {
    static REDACTOR: SecretRedactor = redactor();
}

proptest! {
    #[test]
    fn redacting_never_panics_ends_and_changes_nothing_the_second_time(value in json_values()) {
        let mut first = envelope(value);
        let before = everything(&first).len();
        let mut second = first.clone();
        REDACTOR.with(|redactor| {
            let count = redactor.redact(&mut first);
            // A mark is some thirty letters long, and each replaces a letter at least.
            prop_assert!(everything(&first).len() <= before * 40);
            let once = first.clone();
            prop_assert_eq!(redactor.redact(&mut first), 0);
            prop_assert_eq!(&first, &once);
            prop_assert_eq!(redactor.redact(&mut second), count);
            prop_assert_eq!(&second, &once);
            Ok(())
        })?;
    }

    #[test]
    fn a_secret_hidden_anywhere_never_survives(
        body in "[a-z][0-9][A-Z][a-zA-Z0-9]{33}",
        place in 0_usize..14,
        path in proptest::collection::vec((any::<u8>(), "[a-z \u{e9}]{0,8}"), 0..5),
    ) {
        let secret = format!("ghp_{body}");
        let mut envelope = planted(place, &format!("\u{e9} {secret}"));
        envelope.details.insert("outcome".to_owned(), hidden(&secret, &path));
        REDACTOR.with(|redactor| redactor.redact(&mut envelope));
        prop_assert!(!everything(&envelope).contains(&body));
    }

    #[test]
    fn what_stands_below_a_secret_name_never_survives(
        secret in "[a-z]{12}",
        path in proptest::collection::vec((0_u8..3, "[a-z]{0,8}"), 0..5),
    ) {
        let hidden = json!({ "clientSecret": hidden(&secret, &path) });
        let mut envelope = envelope(hidden);
        REDACTOR.with(|redactor| redactor.redact(&mut envelope));
        prop_assert!(!everything(&envelope).contains(&secret));
    }
}
