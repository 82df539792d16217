//! Redactors that break one promise each.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::DateTime;
use domain::{EventEnvelope, Redactor};
use indelible_tests::contract::Suite;
use indelible_tests::contract::redactor::RedactorMaker;
use infrastructure::redaction::{RedactionKey, RedactionSettings, SecretRedactor};
use serde_json::{Value, json};

use crate::table::{Table, row};

pub(crate) fn suite() -> Suite<dyn RedactorMaker> {
    indelible_tests::contract::redactor::suite()
}

pub(crate) fn table() -> Table<dyn RedactorMaker> {
    Table {
        unbroken: Box::new(|| sound(&RedactionSettings::default())),
        mutants: vec![
            row!(no_place_of_an_envelope_keeps_a_secret, made, Flaw::ForgetsTheSession),
            row!(no_place_of_an_envelope_keeps_a_secret, made, Flaw::ForgetsExtensions),
            row!(a_value_under_a_secret_name_never_survives, made, Flaw::KnowsNoNames),
            row!(a_value_under_a_secret_name_never_survives, made, Flaw::KeepsNumbers),
            row!(a_secret_hidden_anywhere_never_survives, made, Flaw::StaysNearTheTop),
            row!(the_number_of_secrets_is_told, made, Flaw::CountsEventsNotSecrets),
            row!(equal_secrets_become_equal_marks, made, Flaw::NumbersItsMarks),
            row!(secrets_that_differ_get_marks_that_differ, made, Flaw::HasOneMark),
            row!(ids_still_tell_events_apart, made, Flaw::HasOneMark),
            row!(ids_still_tell_events_apart, made, Flaw::ForgetsWhatCausedIt),
            row!(what_is_no_secret_is_kept, made, Flaw::TakesCommitsForSecrets),
            row!(what_kind_of_event_it_is_is_kept, made, Flaw::HidesTheTime),
            row!(what_kind_of_event_it_is_is_kept, made, Flaw::DropsTheWholeField),
            row!(nothing_makes_it_panic, made, Flaw::PanicsOverAnEmptyName),
            row!(nothing_makes_it_panic, made, Flaw::PanicsOverDepth),
            row!(redacting_again_changes_nothing, made, Flaw::MarksItsMarks),
            row!(equal_events_become_equal_events, made, Flaw::NumbersItsMarks),
            row!(an_event_does_not_grow_without_bound, made, Flaw::LeavesAReport),
            row!(the_count_is_zero_where_nothing_changed, made, Flaw::CountsNothing),
        ],
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    ForgetsTheSession,
    ForgetsExtensions,
    KnowsNoNames,
    KeepsNumbers,
    StaysNearTheTop,
    CountsEventsNotSecrets,
    NumbersItsMarks,
    HasOneMark,
    ForgetsWhatCausedIt,
    TakesCommitsForSecrets,
    HidesTheTime,
    DropsTheWholeField,
    PanicsOverAnEmptyName,
    PanicsOverDepth,
    MarksItsMarks,
    LeavesAReport,
    CountsNothing,
}

fn sound(settings: &RedactionSettings) -> SecretRedactor {
    SecretRedactor::new(settings, RedactionKey::from_bytes([7; 32])).unwrap()
}

fn made(flaw: Flaw) -> impl Fn() -> Flawed {
    move || {
        let names = ["password", "apiKey", "client_secret", "X-Auth-Token", "PRIVATE_KEY"];
        let mut settings = RedactionSettings::default();
        if flaw == Flaw::KnowsNoNames {
            settings.allowed_keys = names.map(str::to_owned).to_vec();
        }
        Flawed { flaw, inner: sound(&settings), marks: AtomicU32::new(0) }
    }
}

struct Flawed {
    flaw: Flaw,
    inner: SecretRedactor,
    marks: AtomicU32,
}

/// Calls `change` with every value of a payload, and how deep it lies.
fn each(value: &mut Value, depth: usize, change: &mut dyn FnMut(&mut Value, usize)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| each(item, depth + 1, change)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|field| each(field, depth + 1, change));
        }
        _ => {}
    }
    change(value, depth);
}

fn each_text(envelope: &mut EventEnvelope, change: &mut dyn FnMut(&mut String)) {
    for field in envelope.details.values_mut().chain(envelope.extensions.values_mut()) {
        each(field, 0, &mut |value, _| {
            if let Value::String(text) = value {
                change(text);
            }
        });
    }
    [&mut envelope.event_id].into_iter().chain(&mut envelope.subject).for_each(change);
}

/// Puts back whatever lay deep.
fn restore(value: &mut Value, before: &Value, depth: usize) {
    match (value, before) {
        (value, before) if depth > 2 => value.clone_from(before),
        (Value::Array(items), Value::Array(before)) => {
            for (item, before) in items.iter_mut().zip(before) {
                restore(item, before, depth + 1);
            }
        }
        (Value::Object(fields), Value::Object(before)) => {
            for (field, before) in fields.values_mut().zip(before.values()) {
                restore(field, before, depth + 1);
            }
        }
        _ => {}
    }
}

impl Redactor for Flawed {
    fn redact(&self, envelope: &mut EventEnvelope) -> usize {
        let before = envelope.clone();
        if self.flaw == Flaw::PanicsOverAnEmptyName {
            let mut all = Value::Object(envelope.details.clone());
            each(&mut all, 0, &mut |value, _| {
                let empty = value.as_object().is_some_and(|fields| fields.contains_key(""));
                assert!(!empty, "a name has a first letter");
            });
        }
        if self.flaw == Flaw::PanicsOverDepth {
            let mut all = Value::Object(envelope.details.clone());
            each(&mut all, 0, &mut |_, depth| assert!(depth < 64, "the stack is small"));
        }
        let count = self.inner.redact(envelope);
        match self.flaw {
            Flaw::ForgetsTheSession => envelope.session_id = before.session_id,
            Flaw::ForgetsExtensions => envelope.extensions = before.extensions,
            Flaw::KeepsNumbers => {
                let number =
                    before.details.get("outcome").and_then(|outcome| outcome.get("password"));
                if number.is_some_and(Value::is_number) {
                    envelope.details = before.details;
                }
            }
            Flaw::StaysNearTheTop => {
                for (field, before) in envelope.details.values_mut().zip(before.details.values()) {
                    restore(field, before, 1);
                }
            }
            Flaw::CountsEventsNotSecrets => return count.min(1),
            Flaw::CountsNothing => return 0,
            Flaw::NumbersItsMarks => each_text(envelope, &mut |text| {
                if let Some(at) = text.find("[redacted:").filter(|_| count > 0) {
                    let number = self.marks.fetch_add(1, Ordering::SeqCst);
                    text.replace_range(at.., &format!("[redacted:no:{number:08x}]"));
                }
            }),
            Flaw::HasOneMark => each_text(envelope, &mut |text| {
                if text.contains("[redacted:") && count > 0 {
                    "[redacted:secret:00000000]".clone_into(text);
                }
            }),
            Flaw::ForgetsWhatCausedIt if count > 0 => envelope.causation_id = None,
            Flaw::TakesCommitsForSecrets => each_text(envelope, &mut |text| {
                if text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    "[redacted:hex:00000000]".clone_into(text);
                }
            }),
            Flaw::HidesTheTime if count > 0 => envelope.occurred_at = DateTime::UNIX_EPOCH,
            Flaw::DropsTheWholeField if count > 0 => {
                envelope.details.insert("outcome".to_owned(), json!("[redacted:field:00000000]"));
            }
            Flaw::MarksItsMarks => each_text(envelope, &mut |text| {
                if text.contains("[redacted:") {
                    text.push('!');
                }
            }),
            Flaw::LeavesAReport if count > 0 => {
                let report = Value::from("one was here; ".repeat(5000));
                envelope.details.insert("report".to_owned(), report);
            }
            _ => {}
        }
        count
    }
}
