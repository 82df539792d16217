//! What may stand in an event's field.
//!
//! Implement [`EventField`] for a type of your own to use it in a declaration.

use std::fmt::Debug;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::details::{Details, DetailsError, read_field, write_field};

/// A type that can be a field of an event.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of an event",
    label = "not an event field",
    note = "use String, bool, u32, u64, i64, f64, serde_json::Value, Vec<_> or Option<_>, \
            or implement `EventField` for `{Self}`"
)]
pub trait EventField:
    Clone + Debug + PartialEq + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
    /// What belongs here, in words for an error message: "a string".
    fn expected() -> String;

    /// A value for samples; `field` is the name of the field it is for.
    fn sample(field: &str) -> Self;

    /// The value when the field is not there, or `None` when it must be.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }

    /// Whether the field is left out of the payload.
    fn is_absent(&self) -> bool {
        false
    }

    /// Why JSON cannot carry this value, if it cannot. A type with numbers inside says so for
    /// those that are not finite, since they would be written as null.
    fn problem(&self) -> Option<&'static str> {
        None
    }

    /// Reads the field from a payload.
    ///
    /// # Errors
    /// When it is missing and not optional, or of another type.
    fn read_from(details: &Details, field: &str) -> Result<Self, DetailsError> {
        read_field(details, field)
    }

    /// Writes the field into a payload; an absent optional field is left out.
    ///
    /// # Errors
    /// When the value is one that JSON cannot carry.
    fn write_to(self, details: &mut Details, field: &str) -> Result<(), DetailsError> {
        write_field(details, field, self)
    }

    /// The field as JSON. Types that JSON has give themselves away instead of being copied.
    ///
    /// # Errors
    /// When the type's own serialisation fails.
    fn into_json(self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }

    /// The JSON Schema of the field.
    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Self>()
    }
}

impl EventField for String {
    fn expected() -> String {
        "a string".to_owned()
    }
    fn sample(field: &str) -> Self {
        format!("sample {}", field.replace('_', " "))
    }
    fn into_json(self) -> Result<Value, serde_json::Error> {
        Ok(Value::String(self))
    }
}

impl EventField for bool {
    fn expected() -> String {
        "true or false".to_owned()
    }
    fn sample(_: &str) -> Self {
        true
    }
}

impl EventField for u64 {
    fn expected() -> String {
        "a whole number, 0 or more".to_owned()
    }
    fn sample(_: &str) -> Self {
        42
    }
}

impl EventField for u32 {
    fn expected() -> String {
        "a whole number from 0 to 4294967295".to_owned()
    }
    fn sample(_: &str) -> Self {
        7
    }
}

impl EventField for i64 {
    fn expected() -> String {
        "a whole number".to_owned()
    }
    fn sample(_: &str) -> Self {
        -3
    }
}

impl EventField for f64 {
    fn expected() -> String {
        "a number".to_owned()
    }
    fn sample(_: &str) -> Self {
        0.25
    }
    fn problem(&self) -> Option<&'static str> {
        // serde_json would write null, and nobody could read the event back.
        (!self.is_finite()).then_some("it must be a finite number")
    }
}

impl EventField for Value {
    fn expected() -> String {
        "any JSON value".to_owned()
    }
    fn sample(field: &str) -> Self {
        json!({ field: ["sample", 1, null] })
    }
    fn into_json(self) -> Result<Value, serde_json::Error> {
        Ok(self)
    }
}

impl<T: EventField> EventField for Vec<T> {
    fn expected() -> String {
        format!("a list, each item {}", T::expected())
    }
    fn sample(field: &str) -> Self {
        vec![T::sample(field)]
    }
    fn problem(&self) -> Option<&'static str> {
        self.iter().find_map(EventField::problem)
    }
    fn into_json(self) -> Result<Value, serde_json::Error> {
        self.into_iter().map(EventField::into_json).collect()
    }
}

impl<T: EventField> EventField for Option<T> {
    fn expected() -> String {
        format!("{}, null or left out", T::expected())
    }
    fn sample(field: &str) -> Self {
        Some(T::sample(field))
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
    fn is_absent(&self) -> bool {
        self.is_none()
    }
    fn problem(&self) -> Option<&'static str> {
        self.as_ref().and_then(EventField::problem)
    }
    fn into_json(self) -> Result<Value, serde_json::Error> {
        self.map_or(Ok(Value::Null), EventField::into_json)
    }
}
