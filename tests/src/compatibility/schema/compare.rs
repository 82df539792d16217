//! Comparing two schemas part by part.
//!
//! The parts of a schema are all of them conditions on a value, so that what is safe part by part is
//! safe as a whole. Where two parts depend on each other, or one is not known here, a difference is
//! unsafe.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ptr;

use serde_json::{Value, json};

use super::change::{Change, ChangeKind};
use super::parts::{ANNOTATIONS, Node, fits_into, order, shape};

/// The parts that are judged by themselves.
const JUDGED: &[&str] =
    &["$ref", "type", "format", "enum", "const", "properties", "required", "items"];

/// Limits that admit more the lower they are, and those that do the higher they are.
const FLOORS: &[&str] = &["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
const CEILINGS: &[&str] =
    &["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];

/// What a schema says to people.
const WORDS: &[&str] = &["title", "description", "default", "examples", "deprecated"];

/// Conditions of which all that is known is that a value may or may not meet them.
const CONDITIONS: &[&str] = &["pattern", "multipleOf", "uniqueItems"];

/// What became of a payload's shape, from `old` to `new`; empty where they admit and say the same.
///
/// If every change [is safe](Change::is_safe), every payload of the old schema is one of the new
/// schema. One thing no schema can tell: a field that producers sent before it was known stands on
/// record too, and an optional field that is added under its name must hold the same.
#[must_use]
pub fn compare(old: &Value, new: &Value) -> Vec<Change> {
    let mut comparison = Comparison { changes: Vec::new(), under_way: Vec::new() };
    let (everything, nothing) = (json!({}), json!({ "not": {} }));
    let plain = |schema| match schema {
        &Value::Bool(true) => &everything,
        &Value::Bool(false) => &nothing,
        other => other,
    };
    let (old, new) = (plain(old), plain(new));
    comparison.schemas("", Node { root: old, schema: old }, Node { root: new, schema: new });
    // Unsafe ones first: they are what has to be dealt with.
    let mut changes = comparison.changes;
    changes.sort_by_key(Change::is_safe);
    // One change may show in several parts.
    changes.dedup();
    changes
}

struct Comparison {
    changes: Vec<Change>,
    /// Pairs that are being compared further out, so that types that hold themselves come to an end.
    under_way: Vec<(*const Value, *const Value)>,
}

impl Comparison {
    fn note(&mut self, field: &str, kind: ChangeKind) {
        self.changes.push(Change { field: field.to_owned(), kind });
    }

    fn loosened(&mut self, field: &str, from: String, to: String) {
        self.note(field, ChangeKind::Loosened { from, to });
    }

    fn tightened(&mut self, field: &str, from: String, to: String) {
        self.note(field, ChangeKind::Tightened { from, to });
    }

    fn schemas(&mut self, field: &str, old: Node<'_>, new: Node<'_>) {
        // The words beside a reference are about this field, those behind it about the type.
        if WORDS.iter().any(|words| old.get(words) != new.get(words)) {
            self.note(field, ChangeKind::Described);
        }
        let (old, new) = (old.resolved(), new.resolved());
        let pair = (ptr::from_ref(old.schema), ptr::from_ref(new.schema));
        if self.under_way.contains(&pair) {
            return;
        }
        self.under_way.push(pair);
        if old.alternatives().is_some() || new.alternatives().is_some() {
            self.alternatives(field, old, new);
        } else if self.types(field, old, new) {
            self.values(field, old, new);
            self.formats(field, old, new);
            self.fields(field, old, new);
            self.items(field, old, new);
            self.limits(field, old, new);
            self.the_rest(field, old, new);
        }
        self.under_way.pop();
    }

    /// Every old alternative must be safe as one of the new.
    fn alternatives(&mut self, field: &str, old: Node<'_>, new: Node<'_>) {
        let several = |node: Node<'_>| node.alternatives().unwrap_or_else(|| vec![node]).len();
        let olds = old.alternatives().unwrap_or_else(|| vec![old]);
        let news = new.alternatives().unwrap_or_else(|| vec![new]);
        let mut described = false;
        for one in &olds {
            let best =
                news.iter().filter_map(|other| self.safely(*one, *other)).min_by_key(Vec::len);
            let Some(changes) = best else {
                let (from, to) = (shape(old.root, old.schema), shape(new.root, new.schema));
                return self.note(field, ChangeKind::TypeChanged { from, to });
            };
            described |= !changes.is_empty();
        }
        let (from, to) = (shape(old.root, old.schema), shape(new.root, new.schema));
        if from != to || several(old) != several(new) {
            self.loosened(field, from, to);
        } else if described {
            self.note(field, ChangeKind::Described);
        }
    }

    /// The changes from one to the other, if all of them are safe.
    fn safely(&self, old: Node<'_>, new: Node<'_>) -> Option<Vec<Change>> {
        let mut inner = Self { changes: Vec::new(), under_way: self.under_way.clone() };
        inner.schemas("", old, new);
        inner.changes.iter().all(Change::is_safe).then_some(inner.changes)
    }

    /// Whether it holds what it held, so that it is of use to look further.
    fn types(&mut self, field: &str, old: Node<'_>, new: Node<'_>) -> bool {
        let (before, after) = (old.types(), new.types());
        let listed = old.values().is_some() && new.values().is_some();
        if before == after || listed && old.get("type") == new.get("type") {
            return true;
        }
        let (from, to) = (shape(old.root, old.schema), shape(new.root, new.schema));
        let wider = match (before, after) {
            (_, None) => true,
            // Whole numbers are numbers, yet a large one would lose digits.
            (Some(before), Some(after)) => before.is_subset(&after),
            (None, Some(_)) => false,
        };
        if wider {
            self.loosened(field, from, to);
        } else {
            self.note(field, ChangeKind::TypeChanged { from, to });
        }
        wider
    }

    fn values(&mut self, field: &str, old: Node<'_>, new: Node<'_>) {
        let words = |node: Node<'_>| shape(node.root, node.schema);
        match (old.values(), new.values()) {
            (Some(before), Some(after)) => {
                for value in before.iter().filter(|value| !after.contains(value)) {
                    self.note(field, ChangeKind::ValueRemoved { value: value.to_string() });
                }
                for value in after.iter().filter(|value| !before.contains(value)) {
                    self.note(field, ChangeKind::ValueAdded { value: value.to_string() });
                }
            }
            (Some(_), None) if !["enum", "const", "oneOf"].iter().any(|k| new.get(k).is_some()) => {
                self.loosened(field, words(old), words(new));
            }
            (None, Some(_)) if !["enum", "const", "oneOf"].iter().any(|k| old.get(k).is_some()) => {
                self.tightened(field, words(old), words(new));
            }
            _ => {
                for keyword in ["enum", "const", "oneOf"] {
                    self.only_equal(field, old, new, keyword);
                }
            }
        }
    }

    fn formats(&mut self, field: &str, old: Node<'_>, new: Node<'_>) {
        let (before, after) = (old.get("format"), new.get("format"));
        if before == after {
            return;
        }
        let (from, to) = (shape(old.root, old.schema), shape(new.root, new.schema));
        match (before.and_then(Value::as_str), after.and_then(Value::as_str)) {
            (_, None) => self.loosened(field, from, to),
            (None, Some(_)) => self.tightened(field, from, to),
            (Some(before), Some(after)) if fits_into(before, after) => {
                self.loosened(field, from, to);
            }
            _ => self.note(field, ChangeKind::TypeChanged { from, to }),
        }
    }

    fn fields(&mut self, field: &str, old: Node<'_>, new: Node<'_>) {
        let (must_before, must_now) = (old.required(), new.required());
        let path = |name: &str| {
            if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") }
        };
        let empty = serde_json::Map::new();
        let before = old.properties().unwrap_or(&empty);
        let after = new.properties().unwrap_or(&empty);
        for (name, schema) in before {
            let Some(other) = after.get(name) else {
                let shape = shape(old.root, schema);
                self.note(&path(name), ChangeKind::FieldRemoved { shape });
                continue;
            };
            self.schemas(&path(name), old.at(schema), new.at(other));
            if must_before.contains(&**name) && !must_now.contains(&**name) {
                self.note(&path(name), ChangeKind::BecameOptional);
            }
        }
        for (name, schema) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
            let shape = shape(new.root, schema);
            let kind = if must_now.contains(&**name) {
                ChangeKind::RequiredFieldAdded { shape }
            } else {
                ChangeKind::OptionalFieldAdded { shape }
            };
            self.note(&path(name), kind);
        }
        for name in must_now.difference(&must_before) {
            if before.contains_key(*name) || !after.contains_key(*name) {
                self.note(&path(name), ChangeKind::BecameRequired);
            }
        }
    }

    fn items(&mut self, field: &str, old: Node<'_>, new: Node<'_>) {
        let words = |node: Node<'_>| shape(node.root, node.schema);
        match (old.get("items"), new.get("items")) {
            (Some(before), Some(after)) => {
                self.schemas(&format!("{field}[]"), old.at(before), new.at(after));
            }
            (Some(_), None) => self.loosened(field, words(old), words(new)),
            (None, Some(_)) => self.tightened(field, words(old), words(new)),
            (None, None) => {}
        }
    }

    fn limits(&mut self, field: &str, old: Node<'_>, new: Node<'_>) {
        let floors = FLOORS.iter().map(|keyword| (*keyword, Ordering::Less));
        let ceilings = CEILINGS.iter().map(|keyword| (*keyword, Ordering::Greater));
        for (keyword, more) in floors.chain(ceilings) {
            let words = |limit: Option<&Value>| match limit {
                Some(limit) => format!("{keyword} {limit}"),
                None => format!("without {keyword}"),
            };
            let (before, after) = (old.get(keyword), new.get(keyword));
            match (before, after) {
                (Some(_), None) => self.loosened(field, words(before), words(after)),
                (None, Some(_)) => self.tightened(field, words(before), words(after)),
                (Some(a), Some(b)) if a != b => match order(b, a) {
                    Some(Ordering::Equal) => {}
                    Some(order) if order == more => {
                        self.loosened(field, words(before), words(after));
                    }
                    Some(_) => self.tightened(field, words(before), words(after)),
                    None => self.only_equal(field, old, new, keyword),
                },
                _ => {}
            }
        }
    }

    fn the_rest(&mut self, field: &str, old: Node<'_>, new: Node<'_>) {
        let keys = |node: Node<'_>| -> BTreeSet<String> {
            node.schema.as_object().into_iter().flat_map(|object| object.keys().cloned()).collect()
        };
        let all: BTreeSet<String> = keys(old).union(&keys(new)).cloned().collect();
        for keyword in &all {
            let keyword = keyword.as_str();
            let elsewhere = [JUDGED, FLOORS, CEILINGS, ANNOTATIONS, &["oneOf"]];
            if CONDITIONS.contains(&keyword) && new.get(keyword).is_none() {
                self.loosened(field, format!("bound by `{keyword}`"), "free of it".to_owned());
            } else if keyword == "$ref" || !elsewhere.iter().any(|list| list.contains(&keyword)) {
                self.only_equal(field, old, new, keyword);
            }
        }
        if new.schema == &Value::Bool(false) && old.schema != new.schema {
            self.tightened(field, shape(old.root, old.schema), "nothing".to_owned());
        }
    }

    fn only_equal(&mut self, field: &str, old: Node<'_>, new: Node<'_>, keyword: &str) {
        if old.expanded(keyword) != new.expanded(keyword) {
            self.note(field, ChangeKind::Unjudged { keyword: keyword.to_owned() });
        }
    }
}
