//! Walking through a payload.

use domain::Details;
use serde_json::Value;

use super::mark;
use super::names::SecretNames;
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
            .or_else(|| named.filter(|_| HOLDERS.contains(&name.as_str())));
        count += redact_value(rules, value, kind, depth);
    }
    count + redact_names(rules, object)
}

/// The kind of secret that an object is about: `{"key": "db.password", "old": …, "new": …}`.
fn secret_it_names(rules: &Rules, object: &Details) -> Option<&'static str> {
    NAMED_BY.iter().find_map(|by| rules.names.kind_of(object.get(*by)?.as_str()?))
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

fn redact_value(
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

fn redact_whole(rules: &Rules, text: &mut String, kind: &str) -> usize {
    if text.is_empty() || mark::is_mark(text) {
        return 0;
    }
    *text = rules.marker.mark(kind, text);
    1
}

fn redact_list(
    rules: &Rules,
    items: &mut [Value],
    under: Option<&'static str>,
    depth: usize,
) -> usize {
    if under.is_some() {
        return items.iter_mut().map(|item| redact_value(rules, item, under, depth)).sum();
    }
    let mut count = 0;
    let is_pair = items.len() == 2;
    let is_curl = items.first().and_then(Value::as_str).is_some_and(|program| {
        program.rsplit('/').next().is_some_and(|name| name.trim_end_matches(".exe") == "curl")
    });
    let mut after = After::Nothing;
    for item in items {
        let next = item
            .as_str()
            .map_or(After::Nothing, |text| After::of(rules.names, text, is_pair, is_curl));
        count += match (after, &mut *item) {
            (After::Secret(kind), Value::String(text)) if !text.starts_with('-') => {
                redact_whole(rules, text, kind)
            }
            (After::Secret(kind), Value::Number(_)) => redact_value(rules, item, Some(kind), depth),
            (After::Login, Value::String(text)) => redact_login(rules, text),
            _ => redact_value(rules, item, None, depth),
        };
        after = next;
    }
    count
}

/// What an element of a list says about the one after it.
#[derive(Clone, Copy)]
enum After {
    Nothing,
    /// It is a secret.
    Secret(&'static str),
    /// It is `user:password`.
    Login,
}

impl After {
    fn of(names: &SecretNames, text: &str, is_pair: bool, is_curl: bool) -> Self {
        if is_curl && matches!(text, "-u" | "--user" | "--proxy-user") {
            return Self::Login;
        }
        let is_flag = text.starts_with('-') && !text.contains(['=', ' ']);
        if !is_flag && !is_pair {
            return Self::Nothing;
        }
        match names.kind_of(text) {
            Some(kind) if is_flag => Self::Secret(kind),
            // A pair of a header's name and its value; other pairs may be any two words.
            Some(kind @ ("authorization" | "cookie" | "api-key")) => Self::Secret(kind),
            _ => Self::Nothing,
        }
    }
}

fn redact_login(rules: &Rules, text: &mut String) -> usize {
    let Some(colon) = text.find(':') else { return rules.redact_text(text) };
    let mut password = text.split_off(colon + 1);
    let count = redact_whole(rules, &mut password, "password");
    text.push_str(&password);
    count
}
