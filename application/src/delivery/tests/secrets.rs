//! What is kept of a failure: its text, without its secrets, and not without end.

use domain::{EventEnvelope, Redactor};
use serde_json::Value;

use crate::delivery::secrets::harmless;

/// Knows one secret.
struct KnowsOne;

impl Redactor for KnowsOne {
    fn redact(&self, envelope: &mut EventEnvelope) -> usize {
        let mut found = 0;
        for value in envelope.details.values_mut() {
            if let Value::String(text) = value {
                found += text.matches("hunter2").count();
                *text = text.replace("hunter2", "[gone]");
            }
        }
        found
    }
}

fn kept(texts: &[&str]) -> Vec<String> {
    harmless(&KnowsOne, texts.iter().map(ToString::to_string).collect())
}

#[test]
fn a_text_without_secrets_is_kept_to_the_letter_and_a_secret_is_not() {
    let texts = ["no such invoice: 7", "", "caused \"so\"\n"];
    assert_eq!(kept(&texts), texts);
    assert_eq!(kept(&["refused hunter2 here"]), ["refused [gone] here"]);
}

#[test]
fn a_text_is_cut_where_it_is_too_long_and_not_one_letter_earlier() {
    let longest = "é".repeat(4_000);
    assert_eq!(kept(&[&longest]).concat(), longest);
    assert_eq!(kept(&[&format!("{longest}é")]), [format!("{longest}…")]);
}

#[test]
fn a_secret_is_found_also_where_its_text_is_cut() {
    let before = "x".repeat(3_997);
    assert_eq!(kept(&[&format!("{before}hunter2")]), [format!("{before}[go…")]);
}
