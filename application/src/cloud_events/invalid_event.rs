//! Why a text is not an event, in the words of whoever sent it.
//!
//! Deliberately absent: line numbers, which belong to the input the event stood in; see
//! [`super::RawEvent::line`].

use std::fmt;

use domain::event::describe;
use domain::{Catalogue, DetailsError};
use serde_json::Value;

use crate::nearest::{Alternatives, nearest};

/// A text that is not an event of the catalogue. Nothing of it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidEvent {
    /// The attribute that is wrong, such as `time` or `data.duration_ms`; none where the text as a
    /// whole is.
    pub field: Option<String>,
    /// What is wrong with it.
    pub problem: EventProblem,
}

/// What can be wrong with an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventProblem {
    /// It is not text.
    #[error("invalid UTF-8 at byte {byte}: write events as UTF-8 text")]
    NotUtf8 {
        /// The first byte that is wrong, from 1.
        byte: usize,
    },
    /// It is not JSON, or one object names something twice.
    #[error("broken JSON at line {line} of the event, column {column}: {problem}")]
    Json {
        /// The line within the event, from 1.
        line: usize,
        /// The column within the line, from 1, in bytes.
        column: usize,
        /// What the JSON reader said.
        problem: String,
    },
    /// It ends too early.
    #[error(
        "the JSON ends too early, at column {column}: write each event whole on one line, or put \
         the events into a JSON array"
    )]
    CutOff {
        /// The column of the end, from 1, in bytes.
        column: usize,
    },
    /// It is JSON of another kind.
    #[error("an event must be a JSON object, not {found}")]
    NotAnObject {
        /// What is there, shortened.
        found: String,
    },
    /// A required field is absent.
    #[error("it is missing: add it as {expected}")]
    Missing {
        /// What belongs there, in words.
        expected: String,
    },
    /// A field is there and holds something else.
    #[error("it must be {expected}, not {found}")]
    Mistyped {
        /// What belongs there, in words.
        expected: String,
        /// What is there, shortened.
        found: String,
    },
    /// The catalogue has no such type.
    #[error("`{name}` is not in the catalogue: {alternatives}; `indelible catalog` lists all")]
    UnknownType {
        /// The type, as it was sent.
        name: String,
        /// The names most like it.
        alternatives: Alternatives,
    },
    /// No attribute can have this name.
    #[error("attribute names are made of a-z and 0-9 alone: {fix}")]
    AttributeName {
        /// What to do.
        fix: String,
    },
    /// The payload is binary.
    #[error("the payload must be a JSON object in `data`: binary payloads cannot be audited")]
    Binary,
    /// The payload was erased before the event was exported.
    #[error("the details of this event were erased, and cannot be recorded again: leave it out")]
    Erased,
    /// The payload cannot be read for another reason.
    #[error(transparent)]
    Details(DetailsError),
}

impl fmt::Display for InvalidEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.problem),
            None => self.problem.fmt(f),
        }
    }
}

impl std::error::Error for InvalidEvent {}

impl InvalidEvent {
    pub(super) fn whole(problem: EventProblem) -> Self {
        Self { field: None, problem }
    }

    pub(super) fn at(field: impl Into<String>, problem: EventProblem) -> Self {
        Self { field: Some(field.into()), problem }
    }

    pub(super) fn mistyped(field: &str, expected: impl Into<String>, found: &Value) -> Self {
        let expected = expected.into();
        Self::at(field, EventProblem::Mistyped { expected, found: describe(found) })
    }

    pub(super) fn unknown_type(name: String, catalogue: &Catalogue) -> Self {
        let types = catalogue.events().map(|event| event.event_type);
        let alternatives = nearest(&name, types);
        Self::at(super::attributes::TYPE, EventProblem::UnknownType { name, alternatives })
    }

    pub(super) fn details(error: DetailsError) -> Self {
        match error {
            DetailsError::Missing { field, expected } => {
                Self::at(format!("data.{field}"), EventProblem::Missing { expected })
            }
            DetailsError::Mistyped { field, expected, found } => {
                Self::at(format!("data.{field}"), EventProblem::Mistyped { expected, found })
            }
            // Whatever else there is comes of reading another version than the current one.
            other => Self::at(super::attributes::SCHEMA_VERSION, EventProblem::Details(other)),
        }
    }

    pub(super) fn json(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        if error.is_eof() && line == 1 {
            return Self::whole(EventProblem::CutOff { column });
        }
        let text = error.to_string();
        // The reader repeats the place at the end of its message.
        let problem = text.rsplit_once(" at line ").map_or(&*text, |(problem, _)| problem);
        Self::whole(EventProblem::Json { line, column, problem: problem.to_owned() })
    }
}
