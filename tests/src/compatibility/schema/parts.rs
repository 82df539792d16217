//! The parts of a JSON Schema, in a form in which they can be compared, and a schema in words.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Says something to people and admits or refuses nothing.
pub(super) const ANNOTATIONS: &[&str] = &[
    "$schema",
    "$id",
    "$comment",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$defs",
    "definitions",
];

/// Maps of names to schemas: their keys are no keywords.
const MAPS: &[&str] = &["properties", "patternProperties", "dependentSchemas", "$defs"];

/// Parts that hold values rather than schemas.
const VALUES: &[&str] = &["const", "enum", "required", "type", "format", "pattern"];

/// A schema, with the root that its references start from.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) root: &'a Value,
    pub(super) schema: &'a Value,
}

impl<'a> Node<'a> {
    /// The same root at another place.
    pub(super) fn at(self, schema: &'a Value) -> Self {
        Self { schema, ..self }
    }

    /// What a reference leads to, if it is one and nothing but words stands beside it.
    pub(super) fn resolved(self) -> Self {
        let mut node = self;
        // Longer chains are circles.
        for _ in 0..16 {
            let Some(target) = node.target() else { break };
            node = node.at(target);
        }
        node
    }

    fn target(self) -> Option<&'a Value> {
        let object = self.schema.as_object()?;
        let reference = object.get("$ref")?.as_str()?;
        let alone = object.keys().all(|key| key == "$ref" || ANNOTATIONS.contains(&&**key));
        if alone { self.root.pointer(reference.strip_prefix('#')?) } else { None }
    }

    pub(super) fn get(self, keyword: &str) -> Option<&'a Value> {
        self.schema.get(keyword)
    }

    /// The types it admits, those of its values where only they are listed; none where it admits all.
    pub(super) fn types(self) -> Option<BTreeSet<&'a str>> {
        match self.get("type") {
            Some(Value::String(one)) => Some(BTreeSet::from([&**one])),
            Some(Value::Array(several)) => Some(several.iter().filter_map(Value::as_str).collect()),
            Some(_) => None,
            None => Some(self.values()?.into_iter().map(kind).collect()),
        }
    }

    /// The values it admits, where they are listed: by `enum`, by `const`, or by alternatives that
    /// are nothing else.
    pub(super) fn values(self) -> Option<Vec<&'a Value>> {
        let listed = match (self.get("enum"), self.get("const"), self.get("oneOf")) {
            (Some(Value::Array(values)), None, None) => values.iter().collect(),
            (None, Some(value), None) => vec![value],
            (None, None, Some(Value::Array(alternatives))) => {
                let mut values = Vec::new();
                for alternative in alternatives {
                    let plain = |key: &String| {
                        ["type", "const", "enum"].contains(&&**key) || ANNOTATIONS.contains(&&**key)
                    };
                    if !alternative.as_object()?.keys().all(plain) {
                        return None;
                    }
                    let alternative = self.at(alternative);
                    let types = alternative.types();
                    let admitted = alternative.values()?;
                    let fits =
                        |value: &&Value| types.as_ref().is_none_or(|t| t.contains(kind(value)));
                    if !admitted.iter().all(fits) {
                        return None;
                    }
                    values.extend(admitted);
                }
                values
            }
            _ => return None,
        };
        // What two alternatives have in common is admitted by neither.
        let distinct = (1..listed.len()).all(|n| !listed[..n].contains(&listed[n]));
        (distinct && !listed.is_empty()).then_some(listed)
    }

    /// Its alternatives, where it is nothing else; otherwise itself.
    pub(super) fn alternatives(self) -> Option<Vec<Self>> {
        let object = self.schema.as_object()?;
        let any = object.get("anyOf")?.as_array()?;
        let alone = object.keys().all(|key| key == "anyOf" || ANNOTATIONS.contains(&&**key));
        alone.then(|| any.iter().map(|one| self.at(one)).collect())
    }

    pub(super) fn properties(self) -> Option<&'a Map<String, Value>> {
        self.get("properties")?.as_object()
    }

    pub(super) fn required(self) -> BTreeSet<&'a str> {
        let names = self.get("required").and_then(Value::as_array);
        names.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// A part with its references replaced by what they lead to, and without words: two parts that
    /// are equal in this form admit the same.
    pub(super) fn expanded(self, keyword: &str) -> Option<Value> {
        let part = self.get(keyword)?;
        if VALUES.contains(&keyword) {
            return Some(part.clone());
        }
        Some(expand(self.root, part, MAPS.contains(&keyword), &mut Vec::new()))
    }
}

fn expand(root: &Value, part: &Value, is_map: bool, within: &mut Vec<String>) -> Value {
    match part {
        Value::Array(items) => items.iter().map(|item| expand(root, item, false, within)).collect(),
        Value::Object(object) => {
            let mut expanded = Map::new();
            for (key, value) in object {
                if !is_map && ANNOTATIONS.contains(&&**key) {
                    continue;
                }
                let inner = match value.as_str().filter(|_| !is_map && key == "$ref") {
                    Some(name) if !within.iter().any(|seen| seen == name) => {
                        within.push(name.to_owned());
                        let target = name.strip_prefix('#').and_then(|path| root.pointer(path));
                        let target = target.unwrap_or(value);
                        let inner = expand(root, target, false, within);
                        within.pop();
                        inner
                    }
                    _ if !is_map && VALUES.contains(&&**key) => value.clone(),
                    _ => expand(root, value, !is_map && MAPS.contains(&&**key), within),
                };
                expanded.insert(key.clone(), inner);
            }
            Value::Object(expanded)
        }
        plain => plain.clone(),
    }
}

/// The type of a value, as a schema names it.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Compares two limits; none where one of them is no number.
pub(super) fn order(a: &Value, b: &Value) -> Option<Ordering> {
    let whole = |value: &Value| value.to_string().parse::<i128>().ok();
    if let (Some(a), Some(b)) = (whole(a), whole(b)) {
        return Some(a.cmp(&b));
    }
    a.as_f64()?.partial_cmp(&b.as_f64()?)
}

/// Whether every number of one format fits into another.
pub(super) fn fits_into(narrow: &str, wide: &str) -> bool {
    let range = |format: &str| {
        let (signed, bits) = match format.strip_prefix("uint") {
            Some(bits) => (false, bits),
            None => (true, format.strip_prefix("int")?),
        };
        let bits: u32 = bits.parse().ok().filter(|bits| (8..=64).contains(bits))?;
        let top = if signed { bits - 1 } else { bits };
        Some((if signed { -(1_i128 << top) } else { 0 }, (1_i128 << top) - 1))
    };
    match (range(narrow), range(wide)) {
        (Some((least, most)), Some((floor, ceiling))) => floor <= least && most <= ceiling,
        _ => (narrow, wide) == ("float", "double"),
    }
}

/// A schema in a few words, as in `string or null`, for people who compare two.
#[must_use]
pub fn shape(root: &Value, schema: &Value) -> String {
    words(Node { root, schema }, 4)
}

fn words(node: Node<'_>, depth: usize) -> String {
    let node = node.resolved();
    if depth == 0 {
        return "…".to_owned();
    }
    if let Some(values) = node.values() {
        let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
        return values.join(" or ");
    }
    if let Some(alternatives) = node.alternatives() {
        let each: Vec<String> = alternatives.iter().map(|one| words(*one, depth - 1)).collect();
        return each.join(" or ");
    }
    let Some(types) = node.types() else { return "any JSON".to_owned() };
    let one = |name: &str| match name {
        "array" => match node.get("items") {
            Some(items) => format!("list of ({})", words(node.at(items), depth - 1)),
            None => "list".to_owned(),
        },
        "object" => match node.properties() {
            Some(fields) => {
                let names: Vec<&str> = fields.keys().map(String::as_str).collect();
                format!("object with {}", names.join(", "))
            }
            None => "object".to_owned(),
        },
        plain => match node.get("format").and_then(Value::as_str) {
            Some(format) if plain != "null" => format!("{plain} ({format})"),
            _ => plain.to_owned(),
        },
    };
    // Null comes last, whatever the schema's order.
    let (null, rest): (Vec<&str>, Vec<&str>) = types.iter().partition(|name| **name == "null");
    rest.into_iter().chain(null).map(one).collect::<Vec<_>>().join(" or ")
}
