//! Which changes of a schema are safe: a change that is declared safe never keeps a payload of the
//! old shape from being read, and the others are named with what to do.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may give up, and says how much it tried"
)]

#[path = "schema_compatibility/shapes.rs"]
mod shapes;

use std::cell::Cell;

use domain::{Details, EventDescriptor, EventField, EventGroup, domain_events};
use indelible_tests::compatibility::schema::{Change, compare};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use shapes::{Dice, payloads};

/// The verdicts on a change of one field, named `f`, whose schemas these are.
fn verdicts(old: &Value, new: &Value) -> Vec<String> {
    let object =
        |field: &Value| json!({"type": "object", "properties": {"f": field}, "required": ["f"]});
    compare(&object(old), &object(new)).iter().map(ToString::to_string).collect()
}

#[test]
fn what_loosens_is_safe() {
    for (old, new, verdict) in [
        (
            json!({"type": "string"}),
            json!({"type": "string", "description": "A name."}),
            "safe: `f` is described in other words",
        ),
        (
            json!({"type": "string"}),
            json!({"type": ["string", "null"]}),
            "safe: `f` was string and is string or null",
        ),
        (json!({"type": "string"}), json!(true), "safe: `f` was string and is any JSON"),
        (
            json!({"type": "integer", "format": "uint32", "minimum": 0}),
            json!({"type": "integer", "format": "uint64", "minimum": 0}),
            "safe: `f` was integer (uint32) and is integer (uint64)",
        ),
        (
            json!({"type": "integer", "format": "uint32", "minimum": 0}),
            json!({"type": "integer", "format": "int64"}),
            "safe: `f` was integer (uint32) and is integer (int64)",
        ),
        (
            json!({"type": "string", "maxLength": 3}),
            json!({"type": "string", "maxLength": 4}),
            "safe: `f` was maxLength 3 and is maxLength 4",
        ),
        (
            json!({"type": "number", "minimum": 1}),
            json!({"type": "number", "minimum": 0.5}),
            "safe: `f` was minimum 1 and is minimum 0.5",
        ),
        (
            json!({"type": "string", "pattern": "a"}),
            json!({"type": "string"}),
            "safe: `f` was bound by `pattern` and is free of it",
        ),
        (
            json!({"type": "array", "items": {"type": "string"}}),
            json!({"type": "array"}),
            "safe: `f` was list of (string) and is list",
        ),
        (
            json!({"type": "string", "format": "date"}),
            json!({"type": "string"}),
            "safe: `f` was string (date) and is string",
        ),
        (json!({"enum": ["a"]}), json!({"enum": ["a", "b"]}), "safe: `f` may be \"b\" as well"),
        (
            json!({"const": "a"}),
            json!({"oneOf": [{"const": "a"}, {"const": "b", "description": "B"}]}),
            "safe: `f` may be \"b\" as well",
        ),
        (
            json!({"type": "string", "enum": ["a"]}),
            json!({"type": "string"}),
            "safe: `f` was `\"a\"` and is string",
        ),
        (
            json!({"type": "boolean"}),
            json!({"anyOf": [{"type": "boolean"}, {"type": "null"}]}),
            "safe: `f` was boolean and is boolean or null",
        ),
    ] {
        let found = verdicts(&old, &new);
        assert!(found.iter().any(|found| found.starts_with(verdict)), "{old} → {new}: {found:?}");
        assert!(found.iter().all(|found| found.starts_with("safe")), "{old} → {new}: {found:?}");
        let back = verdicts(&new, &old);
        let same = verdict.contains("described");
        assert_eq!(
            same,
            back.iter().all(|found| found.starts_with("safe")),
            "{new} → {old}: {back:?}"
        );
        assert_eq!(verdicts(&old, &old), Vec::<String>::new());
    }
}

#[test]
fn what_breaks_is_unsafe_and_says_what_to_do() {
    for (old, new, verdict) in [
        (
            json!({"type": "string"}),
            json!({"type": "integer", "format": "uint64"}),
            "UNSAFE: `f` was string and is integer (uint64): put the type back, or raise the version",
        ),
        (
            json!({"type": "integer"}),
            json!({"type": "number"}),
            "UNSAFE: `f` was integer and is number",
        ),
        (
            json!({"type": "string"}),
            json!({"type": "string", "maxLength": 3}),
            "UNSAFE: `f` was without maxLength and is maxLength 3, which is less: loosen it again",
        ),
        (
            json!({"type": "string", "minLength": 1}),
            json!({"type": "string", "minLength": 2}),
            "UNSAFE: `f` was minLength 1",
        ),
        (
            json!({"type": "string"}),
            json!({"type": "string", "pattern": "a"}),
            "UNSAFE: `f` changed in `pattern`",
        ),
        (
            json!({"enum": ["a", "b"]}),
            json!({"enum": ["a"]}),
            "UNSAFE: `f` may no longer be \"b\", which is on record: keep the value",
        ),
        (
            json!({"type": "string"}),
            json!({"type": "string", "enum": ["a"]}),
            "UNSAFE: `f` was string and is `\"a\"`",
        ),
        (
            json!({"enum": ["a"]}),
            json!({"enum": ["a"], "const": "a"}),
            "UNSAFE: `f` changed in `const`",
        ),
        (
            json!({"const": 1}),
            json!({"oneOf": [{"type": "string", "const": 1}]}),
            "UNSAFE: `f` changed in `oneOf`",
        ),
        (json!(true), json!(false), "UNSAFE: `f` was any JSON and is nothing"),
        (
            json!({"anyOf": [{"type": "boolean"}, {"type": "null"}]}),
            json!({"type": "boolean"}),
            "UNSAFE: `f` was boolean or null and is boolean",
        ),
        (
            json!({"type": "object", "additionalProperties": true}),
            json!({"type": "object", "additionalProperties": false}),
            "UNSAFE: `f` changed in `additionalProperties`, which is not judged here: put it back",
        ),
        (
            json!({"type": "string", "format": "date"}),
            json!({"type": "string", "format": "time"}),
            "UNSAFE: `f` was string (date) and is string (time)",
        ),
        (
            json!({"type": "array"}),
            json!({"type": "array", "items": {"type": "string"}}),
            "UNSAFE: `f` was list and is list of (string)",
        ),
    ] {
        let found = verdicts(&old, &new);
        assert!(found.iter().any(|found| found.starts_with(verdict)), "{old} → {new}: {found:?}");
        assert_eq!(verdicts(&new, &new), Vec::<String>::new());
    }
}

#[test]
fn fields_come_and_go_safely_only_where_they_are_optional_and_stay() {
    let both = json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "boolean"}}, "required": ["a", "b"]});
    let one = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]});
    let mut optional = both.clone();
    optional["required"] = json!(["a"]);
    for (old, new, verdict) in [
        (&one, &optional, "safe: `b` is new, boolean, and may be left out"),
        (&both, &optional, "safe: `b` may be left out now"),
        (
            &one,
            &both,
            "UNSAFE: `b` (boolean) is new and must be there, which what is on record cannot know: make it an `Option`",
        ),
        (&optional, &both, "UNSAFE: `b` must be there now"),
        (
            &both,
            &one,
            "UNSAFE: `b` (boolean) is gone, and what is on record would be lost on reading: put it back",
        ),
        (&optional, &one, "UNSAFE: `b` (boolean) is gone"),
    ] {
        let found: Vec<String> = compare(old, new).iter().map(ToString::to_string).collect();
        assert!(found.len() == 1 && found[0].starts_with(verdict), "{found:?}");
    }
}

#[test]
fn types_of_a_products_own_are_compared_behind_their_references_whatever_they_are_called() {
    let with = |name: &str, leg: Value| {
        json!({
            "type": "object",
            "properties": {"legs": {"type": "array", "items": {"$ref": format!("#/$defs/{name}")}}},
            "required": ["legs"],
            "$defs": {name: {
                "type": "object",
                "properties": {"by": leg, "next": {"anyOf": [{"$ref": format!("#/$defs/{name}")}, {"type": "null"}]}},
                "required": ["by"],
            }},
        })
    };
    let old = with("Leg", json!({"enum": ["post"]}));
    assert_eq!(compare(&old, &with("Stretch", json!({"enum": ["post"]}))), []);
    let found = compare(&old, &with("Leg", json!({"type": "boolean"})));
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(found[0].starts_with("UNSAFE: `legs[].by` was `\"post\"` and is boolean"), "{found:?}");
    // A reference inside a part that is not judged is followed as well.
    let not = |kind: &str| json!({"not": {"$ref": "#/$defs/X"}, "$defs": {"X": {"type": kind}}});
    assert_eq!(compare(&not("string"), &not("string")), []);
    assert!(!compare(&not("string"), &not("integer"))[0].is_safe());
}

#[test]
fn what_is_declared_safe_admits_every_payload_of_the_old_shape_and_loses_nothing() {
    let config = Config { failure_persistence: None, ..Config::default() };
    let cases = config.cases;
    let mut runner = TestRunner::new(config);
    let (safe, changed) = (Cell::new(0_u32), Cell::new(0_u32));
    let pairs =
        (payloads(), proptest::collection::vec(any::<u8>(), 4..60)).prop_flat_map(|(old, dice)| {
            let new = old.evolved(&mut Dice(dice.iter()));
            let payloads = proptest::collection::vec(old.values(), 8);
            (Just(old), Just(new), payloads)
        });
    let outcome = runner.run(&pairs, |(old, new, payloads)| {
        let changes = compare(&old.schema(), &new.schema());
        if changes.iter().all(Change::is_safe) {
            let validator = jsonschema::validator_for(&new.schema()).unwrap();
            for payload in &payloads {
                prop_assert!(old.admits(payload), "the model is wrong: {payload}");
                prop_assert!(new.admits(payload), "{payload} is lost: {changes:?}");
                prop_assert!(validator.is_valid(payload), "{payload} is refused: {changes:?}");
            }
            prop_assert!(new.keeps(&old), "a field is lost: {changes:?}");
            safe.set(safe.get() + 1);
            changed.set(changed.get() + u32::from(!changes.is_empty()));
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}\n{runner}"));
    println!("{cases} cases: {} safe, {} of them changed", safe.get(), changed.get());
    assert!(safe.get() > cases / 8 && safe.get() < cases, "the cases are one-sided");
    assert!(changed.get() > cases / 20, "too few of the cases are changes");
}

/// How a parcel travels.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Carrier {
    Post,
    Drone,
}

/// The same, some releases later.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum MoreCarriers {
    /// On foot.
    Post,
    Drone,
    Bicycle,
}

macro_rules! field_type {
    ($($Type:ident: $sample:ident),*) => {$(
        impl EventField for $Type {
            fn expected() -> String {
                "a carrier".to_owned()
            }
            fn sample(_: &str) -> Self {
                Self::$sample
            }
        }
    )*};
}
field_type!(Carrier: Drone, MoreCarriers: Bicycle);

/// One type's declaration in many shapes; returns the catalogue entries.
macro_rules! shapes_of {
    ($($module:ident { $($fields:tt)* })*) => {
        $(mod $module {
            #[allow(unused_imports)]
            use super::*;
            domain_events! {
                /// A context.
                pub(crate) enum Group {
                    /// A fact.
                    #[event("a.fact", version = 1, audit = Data)]
                    Fact { $($fields)* },
                }
            }
        })*
        fn declarations() -> Vec<(&'static str, EventDescriptor)> {
            vec![$((stringify!($module), $module::Group::GROUP.events[0])),*]
        }
    };
}

shapes_of! {
    nothing {}
    text { f: String }
    described { /** What it is. */ f: String }
    maybe_text { f: Option<String> }
    any { f: Value }
    maybe_any { f: Option<Value> }
    u32_ { f: u32 }
    u64_ { f: u64 }
    i64_ { f: i64 }
    f64_ { f: f64 }
    switch { f: bool }
    texts { f: Vec<String> }
    maybe_texts { f: Vec<Option<String>> }
    carrier { f: Carrier }
    more_carriers { f: MoreCarriers }
    maybe_carrier { f: Option<Carrier> }
    maybe_more { f: Option<MoreCarriers> }
    one_more { f: String, g: Option<u64> }
    two { f: String, g: u64 }
}

/// Payloads of a declaration: its sample, and others at the limits of its field.
fn payloads_of(event: &EventDescriptor) -> Vec<Details> {
    let values = [
        json!(null),
        json!("x"),
        json!("post"),
        json!("drone"),
        json!("bicycle"),
        json!(0),
        json!(u32::MAX),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(0.5),
        json!(true),
        json!(["x"]),
        json!([null]),
        json!([]),
        json!({"a": 1}),
    ];
    let sample = (event.sample)();
    let without = sample.keys().map(|name| {
        let mut details = sample.clone();
        details.shift_remove(name);
        details
    });
    let changed = values.into_iter().map(|value| {
        let mut details = sample.clone();
        details.insert("f".to_owned(), value);
        details
    });
    let all = changed.chain(without).chain([sample.clone(), Details::new()]);
    all.filter(|details| (event.check)(1, details).is_ok()).collect()
}

/// In an optional field null says as much as nothing.
fn without_null(mut details: Details) -> Details {
    details.retain(|_, value| !value.is_null());
    details
}

#[test]
fn between_types_as_they_are_declared_a_safe_change_reads_everything_and_an_unsafe_one_does_not() {
    let (mut safe, mut unsafe_ones) = (Vec::new(), 0);
    for (old_name, old) in declarations() {
        for (new_name, new) in declarations() {
            let changes = compare(&(old.schema)().to_value(), &(new.schema)().to_value());
            let lost: Vec<Details> = payloads_of(&old)
                .into_iter()
                // What the old type did not know, the new one need not take for its own.
                .filter(|details| details.keys().all(|name| (old.sample)().contains_key(name)))
                .filter_map(|details| (old.upgrade)(1, &details).ok())
                .filter(|written| {
                    let read = (new.upgrade)(1, written).map(without_null);
                    read != Ok(without_null(written.clone()))
                })
                .collect();
            if changes.iter().all(Change::is_safe) {
                assert_eq!(lost, Vec::<Details>::new(), "{old_name} → {new_name}: {changes:?}");
                safe.push(format!("{old_name} → {new_name}"));
            } else {
                assert!(!lost.is_empty(), "{old_name} → {new_name} is harmless: {changes:?}");
                unsafe_ones += 1;
            }
        }
    }
    for expected in [
        "nothing → maybe_text",
        "text → described",
        "described → text",
        "text → maybe_text",
        "text → any",
        "u32_ → u64_",
        "u32_ → i64_",
        "texts → maybe_texts",
        "carrier → more_carriers",
        "carrier → maybe_more",
        "carrier → text",
        "text → one_more",
    ] {
        assert!(safe.iter().any(|pair| pair == expected), "{expected} is not safe; safe: {safe:?}");
    }
    assert!(unsafe_ones > 200, "{unsafe_ones}");
}
