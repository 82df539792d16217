//! Walking through a payload.

use domain::Details;
use serde_json::Value;

use super::list::redact_list;
use super::mark;
use super::redactor::Rules;

/// Payloads nested deeper than this could not be read back from the record: the reader of JSON
/// gives up at 128, and an exported event is nested once more.
const DEEPEST: usize = 126;

/// Where a named thing says its name.
const NAMED_BY: &[&str] =
    &["key", "name", "header", "field", "setting", "variable", "option", "param", "parameter"];
/// Where a named thing keeps what it holds.
const HOLDERS: &[&str] = &[
    "value",
    "values",
    "old",
    "new",
    "old_value",
    "new_value",
    "oldValue",
    "newValue",
    "default",
    "previous",
    "current",
    "before",
    "after",
];

/// Redacts an object at some depth; `under` is the kind of secret whose name it stands under.
pub(super) fn redact_object(
    rules: &Rules,
    object: &mut Details,
    under: Option<&'static str>,
    depth: usize,
) -> usize {
    let named = if under.is_none() { secret_it_names(rules, object) } else { None };
    let mut count = 0;
    for (name, value) in object.iter_mut() {
        let kind = under
            .or_else(|| rules.names.kind_of(name))
            .or_else(|| named.filter(|_| is_one_of(HOLDERS, name)))
            .or_else(|| {
                // A number of that name counts what passed.
                let short = value.is_string() && rules.names.is_short_password(name);
                short.then_some("password")
            });
        count += redact_value(rules, value, kind, depth);
    }
    count + redact_names(rules, object)
}

/// The kind of secret that an object is about: `{"key": "db.password", "old": …, "new": …}`.
fn secret_it_names(rules: &Rules, object: &Details) -> Option<&'static str> {
    let names = object.iter().filter(|(name, _)| is_one_of(NAMED_BY, name));
    names.filter_map(|(_, value)| value.as_str()).find_map(|name| rules.names.kind_of(name))
}

fn is_one_of(known: &[&str], name: &str) -> bool {
    known.iter().any(|one| one.eq_ignore_ascii_case(name))
}

/// Names can be secrets themselves. The order stays.
fn redact_names(rules: &Rules, object: &mut Details) -> usize {
    if !object.keys().any(|name| rules.redacted(name).is_some()) {
        return 0;
    }
    let mut count = 0;
    for (name, value) in std::mem::take(object) {
        match rules.redacted(&name) {
            Some((redacted, more)) => {
                count += more;
                object.insert(redacted, value);
            }
            None => {
                object.insert(name, value);
            }
        }
    }
    count
}

pub(super) fn redact_value(
    rules: &Rules,
    value: &mut Value,
    under: Option<&'static str>,
    depth: usize,
) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 0,
        Value::Number(number) => match under {
            None => 0,
            Some(kind) => {
                *value = Value::String(rules.marker.mark(kind, &number.to_string()));
                1
            }
        },
        Value::String(text) => match under {
            None => rules.redact_text(text),
            Some(kind) => redact_whole(rules, text, kind),
        },
        Value::Array(_) | Value::Object(_) if depth >= DEEPEST => {
            *value = Value::String(rules.marker.mark("too-deep", ""));
            1
        }
        Value::Array(items) => redact_list(rules, items, under, depth + 1),
        Value::Object(object) => redact_object(rules, object, under, depth + 1),
    }
}

pub(super) fn redact_whole(rules: &Rules, text: &mut String, kind: &str) -> usize {
    if text.is_empty() || mark::is_mark(text) {
        return 0;
    }
    *text = rules.marker.mark(kind, text);
    1
}
