//! The JSON Schema of a payload, built from a declaration.
//!
//! Deliberately absent: schemas of single fields, which the fields' own types give.

use schemars::Schema;
use serde_json::{Map, Value, json};

/// One field as it appears in a payload's schema.
pub struct FieldSchema {
    /// The name on the wire.
    pub name: &'static str,
    /// The field's doc comment; may be empty.
    pub docs: &'static str,
    /// The schema of the field's type.
    pub schema: Schema,
    /// Whether the field must be there.
    pub required: bool,
}

/// An object with these fields. Further fields are allowed, since producers evolve first.
#[must_use]
pub fn object(title: &str, docs: &str, fields: &[FieldSchema]) -> Schema {
    let required: Vec<&str> = fields.iter().filter(|f| f.required).map(|f| f.name).collect();
    let mut properties = Map::new();
    for field in fields {
        let mut schema = field.schema.clone();
        let docs = one_line(field.docs);
        if !docs.is_empty() {
            // Makes an object of `true`, the schema of any value, which has no room for words.
            schema.insert("description".to_owned(), json!(docs));
        }
        properties.insert(field.name.to_owned(), schema.to_value());
    }
    let mut schema = Schema::default();
    schema.insert("title".to_owned(), json!(title));
    schema.insert("description".to_owned(), json!(one_line(docs)));
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema.insert("required".to_owned(), json!(required));
    schema
}

fn one_line(docs: &str) -> String {
    docs.split_whitespace().collect::<Vec<_>>().join(" ")
}
