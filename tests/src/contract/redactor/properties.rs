//! Promises of the redactor over events made at random, of texts that a redactor has an opinion
//! about.

use std::sync::Arc;

use domain::{EventEnvelope, Redactor};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::secrets::{PLACES, everything, ordinary, planted};
use crate::contract::cases::for_each;

/// How many events are tried unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 128;

/// A mark is some thirty letters long, and each replaces a letter at least.
const GROWTH: usize = 40;

/// Pieces that mean something to a scanner for secrets.
const PIECES: [&str; 44] = [
    "password",
    "token",
    "secret",
    "api_key",
    "Cookie",
    "Authorization",
    "Bearer ",
    "Basic ",
    "curl",
    " -u ",
    "--token ",
    "-p",
    "://",
    "@",
    ":",
    "=",
    " = ",
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
    ",",
    ";",
    "&",
    "?",
    "<",
    "_",
    "\n",
    "\\n",
    "$",
    "%20",
    "ghp_",
    "eyJ",
    "AKIA",
    "hunter2",
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "[redacted:",
];

fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        2 => any::<String>(),
        3 => "[a-zA-Z0-9]{0,12}",
        9 => prop::sample::select(&PIECES[..]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

fn leaves() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        6 => texts().prop_map(Value::from),
    ]
}

/// Values below lists and objects, whose names mean something too.
fn values() -> impl Strategy<Value = Value> {
    let below = prop::collection::vec((any::<bool>(), texts()), 0..4);
    prop::collection::vec((below, texts(), leaves()), 0..5).prop_map(|entries| {
        let fields = entries.into_iter().map(|(below, name, leaf)| {
            let value = below.into_iter().fold(leaf, |inner, (list, name)| {
                if list { json!([name, inner]) } else { json!({ name: inner }) }
            });
            (name, value)
        });
        Value::Object(fields.collect())
    })
}

/// An event with a value in its payload and a text somewhere in its envelope.
fn events() -> impl Strategy<Value = EventEnvelope> {
    (values(), prop::sample::select(&PLACES[..]), texts()).prop_map(|(value, place, text)| {
        let mut envelope = planted(place, &text);
        envelope.details.insert("outcome".to_owned(), value);
        envelope
    })
}

pub(super) async fn nothing_makes_it_panic(redactor: Arc<dyn Redactor>) {
    for_each(CASES, events(), |mut envelope| {
        redactor.redact(&mut envelope);
    });
    // Deeper than anybody writes by hand, and longer.
    let deep = (0..100).fold(json!("password=x"), |inner, _| json!([{ "a": inner }]));
    redactor.redact(&mut ordinary(deep));
    redactor.redact(&mut ordinary(json!("password=\"\\".repeat(20_000))));
}

pub(super) async fn redacting_again_changes_nothing(redactor: Arc<dyn Redactor>) {
    for_each(CASES, events(), |mut envelope| {
        redactor.redact(&mut envelope);
        let once = envelope.clone();
        let count = redactor.redact(&mut envelope);
        assert_eq!(envelope, once, "an event that is redacted is left as it is");
        assert_eq!(count, 0, "and nothing is replaced in it");
    });
}

pub(super) async fn equal_events_become_equal_events(redactor: Arc<dyn Redactor>) {
    for_each(CASES, events(), |mut one| {
        let mut other = one.clone();
        let counts = (redactor.redact(&mut one), redactor.redact(&mut other));
        assert_eq!(one, other, "equal events become equal events");
        assert_eq!(counts.0, counts.1, "with as many secrets replaced");
    });
}

pub(super) async fn an_event_does_not_grow_without_bound(redactor: Arc<dyn Redactor>) {
    for_each(CASES, events(), |mut envelope| {
        let before = everything(&envelope).len();
        for _ in 0..3 {
            redactor.redact(&mut envelope);
            let after = everything(&envelope).len();
            assert!(after <= before * GROWTH, "{before} bytes grew to {after}");
        }
    });
    // Where each secret is short, and where one is very long.
    for text in ["password=a ".repeat(500), "token=".to_owned() + &"x".repeat(5000)] {
        let mut envelope = ordinary(json!(text));
        let before = everything(&envelope).len();
        redactor.redact(&mut envelope);
        let after = everything(&envelope).len();
        assert!(after <= before * 8, "{before} bytes grew to {after}");
    }
}

pub(super) async fn the_count_is_zero_where_nothing_changed(redactor: Arc<dyn Redactor>) {
    for_each(CASES, events(), |mut envelope| {
        let before = envelope.clone();
        let count = redactor.redact(&mut envelope);
        assert_eq!(count == 0, envelope == before, "{count} replaced, and yet");
    });
}

pub(super) async fn a_secret_hidden_anywhere_never_survives(redactor: Arc<dyn Redactor>) {
    let path = prop::collection::vec((0..4_u8, "[a-z \u{e9}]{0,8}"), 0..5);
    let planted_somewhere =
        ("[a-z][0-9][A-Z][a-zA-Z0-9]{33}", prop::sample::select(&PLACES[..]), path).prop_map(
            |(body, place, path)| {
                let secret = format!("ghp_{body}");
                let mut envelope = planted(place, &format!("\u{e9} {secret}"));
                let hidden =
                    path.into_iter().fold(json!(secret), |inner, (kind, text)| match kind {
                        0 => json!([1, inner, text]),
                        1 => json!({ text: inner, "other": null }),
                        2 => json!({ "deep": { text: [inner] } }),
                        _ => json!(format!("{text} {inner} {text}")),
                    });
                envelope.details.insert("outcome".to_owned(), hidden);
                (body, envelope)
            },
        );
    for_each(CASES, planted_somewhere, |(body, mut envelope)| {
        redactor.redact(&mut envelope);
        let left = everything(&envelope);
        assert!(!left.contains(&body), "a secret survives: {left}");
    });
}
