//! Why something happened: one run of work as a tree, in which each event stands below the one that
//! caused it.
//!
//! Deliberately absent: drawing. What a tree looks like is for whoever shows it. And recursion: what
//! producers said of causes may be deep, wide, and even go in a circle.

mod causes;
mod gather;
mod question;
mod tree;

#[cfg(test)]
mod tests;

pub use gather::{Explanation, Limits, explain};
pub use question::{ExplainError, Meaning, Note, Question};
pub use tree::{Cause, Place, Tree};

use chrono::{DateTime, Utc};
use domain::{Actor, EventType, RecordedEvent, Sequence};

use crate::work::Took;

/// One event of a run, as far as a tree needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its place on record.
    pub sequence: Sequence,
    /// Its id, unique within its source.
    pub event_id: String,
    /// Who produced it.
    pub source: String,
    /// Its wire name.
    pub event_type: EventType,
    /// When it happened, by its producer's clock.
    pub occurred_at: DateTime<Utc>,
    /// The actor that caused it.
    pub actor: Option<Actor>,
    /// The run of work that it says it belongs to.
    pub correlation_id: Option<String>,
    /// The id of its cause, as it says itself.
    pub causation_id: Option<String>,
    /// Its payload in short, as the caller wants to show it.
    pub brief: String,
    /// What became of the work that it began, where it began any.
    pub outcome: Option<Outcome>,
}

impl Node {
    fn of(event: &RecordedEvent, brief: String) -> Self {
        let envelope = &event.envelope;
        Self {
            sequence: event.sequence,
            event_id: envelope.event_id.clone(),
            source: envelope.source.clone(),
            event_type: envelope.event_type.clone(),
            occurred_at: envelope.occurred_at,
            actor: envelope.actor.clone(),
            correlation_id: envelope.correlation_id.clone(),
            causation_id: envelope.causation_id.clone(),
            brief,
            outcome: None,
        }
    }
}

/// What became of work that an event began, as far as its run says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing in the run ends it.
    Open,
    /// It ended.
    Ended {
        /// The place on record of the event that ended it.
        by: Sequence,
        /// Whether the work is done: else it failed.
        completed: bool,
        /// How long it took.
        took: Took,
    },
}
