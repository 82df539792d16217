//! The payload of an event as JSON, and what can be wrong with it.
//!
//! Deliberately absent: limits on size or depth, which belong to whoever reads from outside.

use serde_json::Value;

use super::EventField;

/// An event's payload: a JSON object whose fields and numbers are kept as they came.
pub type Details = serde_json::Map<String, Value>;

/// Why a payload is not one of its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DetailsError {
    /// A required field is absent.
    #[error("field `{field}` is missing: add it as {expected}")]
    Missing {
        /// The field's name.
        field: String,
        /// What belongs there, in words.
        expected: String,
    },
    /// A field is there and holds something else.
    #[error("field `{field}` must be {expected}, not {found}")]
    Mistyped {
        /// The field's name.
        field: String,
        /// What belongs there, in words.
        expected: String,
        /// What is there, shortened.
        found: String,
    },
    /// A field of a typed event holds what JSON cannot carry.
    #[error("field `{field}` cannot be written as JSON: {problem}")]
    Unwritable {
        /// The field's name.
        field: String,
        /// What stands in the way.
        problem: String,
    },
    /// The version is from the future, or zero.
    #[error(
        "schema version {version} is unknown: this program reads versions 1 to {current}; \
         update it, or send an earlier version"
    )]
    UnknownVersion {
        /// The version that was asked for.
        version: u32,
        /// The newest this program knows.
        current: u32,
    },
    /// An earlier version for which nobody declared an upcaster.
    #[error(
        "schema version {version} cannot be read as version {current}: \
         declare `upcast = ...` on the event"
    )]
    NoUpcaster {
        /// The version that was asked for.
        version: u32,
        /// The current version.
        current: u32,
    },
}

/// See [`EventField::read_from`].
pub(super) fn read_field<T: EventField>(details: &Details, field: &str) -> Result<T, DetailsError> {
    let Some(value) = details.get(field) else {
        return T::absent().ok_or_else(|| DetailsError::Missing {
            field: field.to_owned(),
            expected: T::expected(),
        });
    };
    let mistyped = |found: String| DetailsError::Mistyped {
        field: field.to_owned(),
        expected: T::expected(),
        found,
    };
    let read = T::deserialize(value).map_err(|_| mistyped(describe(value)))?;
    // `1e999` is JSON and would be read as infinity, which could not be written again.
    match read.problem() {
        Some(problem) => Err(mistyped(format!("{} ({problem})", describe(value)))),
        None => Ok(read),
    }
}

/// See [`EventField::write_to`].
pub(super) fn write_field<T: EventField>(
    details: &mut Details,
    field: &str,
    value: T,
) -> Result<(), DetailsError> {
    if value.is_absent() {
        return Ok(());
    }
    let unwritable =
        |problem: String| DetailsError::Unwritable { field: field.to_owned(), problem };
    if let Some(problem) = value.problem() {
        return Err(unwritable(problem.to_owned()));
    }
    let json = value.into_json().map_err(|error| unwritable(error.to_string()))?;
    details.insert(field.to_owned(), json);
    Ok(())
}

/// A value in words, short enough for an error message: the string "abc".
#[must_use]
pub fn describe(value: &Value) -> String {
    const SHOWN: usize = 40;
    let kind = match value {
        Value::Null => return "null".to_owned(),
        Value::Bool(_) => "the boolean",
        Value::Number(_) => "the number",
        Value::String(_) => "the string",
        Value::Array(items) => return format!("a list of {}", items.len()),
        Value::Object(_) => return "an object".to_owned(),
    };
    let text = value.to_string();
    if text.chars().count() <= SHOWN {
        return format!("{kind} {text}");
    }
    format!("{kind} {}…", text.chars().take(SHOWN).collect::<String>())
}
