//! The properties of the parsers, the redactor and the settings, where there is no fuzzer: over the
//! fuzzer's corpora, over every input that ever broke one, and over inputs made from them.
//!
//! `PROPTEST_CASES` says how many inputs are made for each; how many were tried is printed with
//! `-- --nocapture`. Deliberately absent: the properties themselves; see `tests/properties`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may give up, and says how much it tried"
)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use indelible_tests::properties::{self, ALL, Property};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};

/// What inputs to these parsers are made of.
const WORDS: &[&str] = &[
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "=",
    "\n",
    "\r",
    " ",
    "'",
    "`",
    "*",
    "?",
    "-",
    ".",
    "/",
    "@",
    "\\u0000",
    "\\n",
    "%20",
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "18446744073709551616",
    "é",
    "🦀",
    "\u{0}",
    "\u{2028}",
    "specversion",
    "schemaversion",
    "\"data\":",
    "password",
    "token=",
    "api_key: ",
    "Bearer ",
    "curl -u a:",
    "https://a:b@c",
    "[redacted:",
    "[redacted:password:0123abcd]",
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "\n---\n",
    "INDELIBLE_",
    "INDELIBLE_AUDIT_MAX_BATCH=",
    "audit.",
    "[audit]",
    "redaction.extra-patterns=x=",
    "2026-07-01",
    "T09:00:00Z",
    "+23:59",
    "9999-12-31",
    "2h",
    "agent:",
];

/// One change of an input: where, how much is taken away, and what is put there.
type Edit = (Index, usize, Vec<u8>);

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let text = prop_oneof![
        4 => select(WORDS).prop_map(|word| word.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..6),
    ];
    proptest::collection::vec((any::<Index>(), 0..12_usize, text), 0..12)
}

fn edited(mut input: Vec<u8>, edits: &[Edit]) -> Vec<u8> {
    for (place, taken, put) in edits {
        let start = place.index(input.len() + 1);
        let end = (start + taken).min(input.len());
        input.splice(start..end, put.iter().copied());
    }
    input
}

/// The files of one of a target's folders; none where there is no folder.
fn inputs(folder: &str, target: &str) -> Vec<(String, Vec<u8>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(folder).join(target);
    let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
    let read = entries.map(|entry| {
        let path = entry.unwrap().path();
        (path.display().to_string(), fs::read(path).unwrap())
    });
    read.collect()
}

fn hold((target, property): Property) {
    let corpus = inputs("corpus", target);
    let regressions = inputs("regressions", target);
    assert!(corpus.len() >= 5, "tests/fuzz/corpus/{target} is missing: bring it back");
    for (file, input) in corpus.iter().chain(&regressions) {
        let held = catch_unwind(AssertUnwindSafe(|| property(input)));
        assert!(held.is_ok(), "`{target}` does not hold for {file}: mend what it shows");
    }
    let seeds: Vec<Vec<u8>> = corpus.iter().map(|(_, input)| input.clone()).collect();
    let made = (proptest::option::weighted(0.9, select(seeds)), edits())
        .prop_map(|(seed, edits)| edited(seed.unwrap_or_default(), &edits));
    let config = Config { failure_persistence: None, ..Config::default() };
    let cases = config.cases;
    let outcome = TestRunner::new(config).run(&made, |input| {
        property(&input);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!(
            "`{target}` does not hold: mend it, and keep the input, as bytes, in \
             tests/fuzz/regressions/{target}: {error}"
        );
    }
    println!(
        "{target}: {cases} cases, {} inputs of the corpus, {} that once broke it",
        corpus.len(),
        regressions.len()
    );
}

#[test]
fn events_are_split_and_read_alike_however_they_arrive_and_written_as_they_were_read() {
    hold(("cloud_events", properties::cloud_events));
}

#[test]
fn patterns_moments_actors_and_texts_are_what_they_say() {
    hold(("filters", properties::filters));
}

#[test]
fn redaction_is_done_once_and_for_all_and_adds_no_more_than_its_marks() {
    hold(("redaction", properties::redaction));
}

#[test]
fn settings_are_put_together_or_refused_with_a_reason() {
    hold(("settings", properties::settings));
}

#[test]
fn every_property_has_a_fuzz_target_and_the_other_way_round() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/fuzz_targets");
    let mut targets: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    targets.sort();
    assert_eq!(targets, ALL.map(|(name, _)| name));
    let manifest = include_str!("../fuzz/Cargo.toml");
    let script = include_str!("../fuzz/run");
    for (name, _) in ALL {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "`{name}` is not built");
        assert!(script.contains(name), "`{name}` is not run by tests/fuzz/run");
    }
}
