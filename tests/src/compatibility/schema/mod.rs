//! Which changes of a payload's JSON Schema are safe: what was recorded in the old shape is read in
//! the new one, and nothing of it is lost.
//!
//! ```
//! use indelible_tests::compatibility::schema;
//! use serde_json::json;
//! let old = json!({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]});
//! let mut new = old.clone();
//! new["properties"]["note"] = json!({"type": ["string", "null"]});
//! assert!(schema::compare(&old, &new).iter().all(schema::Change::is_safe));
//! new["required"] = json!(["name", "note"]);
//! let changes = schema::compare(&old, &new);
//! assert!(changes[0].to_string().starts_with("UNSAFE: `note` (string or null) is new and must be there"));
//! ```
//!
//! Deliberately absent: all of JSON Schema. What schemas of Rust types are made of is judged part by
//! part; of what lies beyond it every difference counts as unsafe.

mod change;
mod compare;
mod parts;

pub use change::{Change, ChangeKind};
pub use compare::compare;
pub use parts::shape;
