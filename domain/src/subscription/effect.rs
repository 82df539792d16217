//! What a handler wants changed in the database that the record is in.
//!
//! Deliberately absent: a connection. A handler says what is to be changed, and it is changed in the
//! transaction that notes the event as handled; so no handler holds up those who write while it
//! thinks, and what it emits meanwhile cannot wait for itself.

use serde_json::Value;

use crate::audit::Sequence;

/// One statement in the language of the store, SQL in the one on SQLite, with a value for each `?`.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// The statement.
    pub statement: String,
    /// A value for each parameter, in order. Lists and objects are passed as JSON text, true and false
    /// as 1 and 0, whole numbers as such and others as floating-point numbers. A number that would not
    /// arrive as it is, such as a whole one beyond 64 bits, is refused: pass it as text.
    pub values: Vec<Value>,
}

impl Effect {
    /// A statement without parameters.
    #[must_use]
    pub fn new(statement: impl Into<String>) -> Self {
        Self { statement: statement.into(), values: Vec::new() }
    }

    /// The same with a value for its next parameter.
    #[must_use]
    pub fn with(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }
}

/// The effects of one event.
#[derive(Clone, Debug, PartialEq)]
pub struct EventEffects {
    /// The event.
    pub sequence: Sequence,
    /// What is to be changed because of it, in order.
    pub effects: Vec<Effect>,
}
