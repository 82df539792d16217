//! What is on record when a scenario begins.
//!
//! Deliberately absent: a way around the bus. History is emitted like everything else, before the
//! product has subscribed to anything.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use application::cloud_events::{EventReader, MAX_EVENT_BYTES, parse};
use chrono::{DateTime, Utc};
use domain::{Catalogue, EventDraft};

use super::{Outcome, ScenarioError};

/// What is on record when a scenario begins: drafts, recorded runs, and when each was recorded.
///
/// ```
/// use indelible::domain::events::PlanCreated;
/// use indelible::domain::{DomainEvent, EventDraft};
/// use indelible_tests::scenario::History;
/// let history = History::new()
///     .recorded_at("2026-07-01T09:00:00Z".parse().unwrap())
///     .then(EventDraft::from(PlanCreated::sample()).in_plan("p1"))
///     .recorded_at("2026-08-01T09:00:00Z".parse().unwrap())
///     .then(EventDraft::from(PlanCreated::sample()).in_plan("p2"));
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a history is given to a scenario: `TestApp::builder().given(history)`"]
pub struct History {
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
enum Step {
    At(DateTime<Utc>),
    Event(Box<EventDraft>),
    Text(String),
    File(PathBuf),
}

/// What is to be done to load a history.
pub(super) enum Load {
    /// Set the clock.
    Clock(DateTime<Utc>),
    /// Emit these, in order.
    Emit(Vec<EventDraft>),
}

impl History {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The events of a text of CloudEvents, one a line or as an array, as `indelible export` writes
    /// them.
    pub fn cloud_events(text: impl Into<String>) -> Self {
        Self { steps: vec![Step::Text(text.into())] }
    }

    /// The events of a file of CloudEvents: a run that was recorded elsewhere.
    pub fn from_file(file: impl AsRef<Path>) -> Self {
        Self { steps: vec![Step::File(file.as_ref().to_owned())] }
    }

    /// And then this event.
    pub fn then(mut self, event: impl Into<EventDraft>) -> Self {
        self.steps.push(Step::Event(Box::new(event.into())));
        self
    }

    /// What follows was recorded at this time. The scenario then has a manual clock.
    pub fn recorded_at(mut self, when: DateTime<Utc>) -> Self {
        self.steps.push(Step::At(when));
        self
    }

    /// And then all of another one.
    pub fn and(mut self, later: impl Into<Self>) -> Self {
        self.steps.extend(later.into().steps);
        self
    }

    /// When it begins, where it says so.
    pub(super) fn begins(&self) -> Option<DateTime<Utc>> {
        self.steps.iter().find_map(|step| match step {
            Step::At(when) => Some(*when),
            _ => None,
        })
    }

    /// What is to be done to load it.
    pub(super) fn load(self, catalogue: &Catalogue) -> Outcome<Vec<Load>> {
        let mut loads = Vec::new();
        for step in self.steps {
            match step {
                Step::At(when) => loads.push(Load::Clock(when)),
                Step::Event(draft) => match loads.last_mut() {
                    Some(Load::Emit(drafts)) => drafts.push(*draft),
                    _ => loads.push(Load::Emit(vec![*draft])),
                },
                Step::Text(text) => loads.push(Load::Emit(read(text.as_bytes(), catalogue)?)),
                Step::File(file) => {
                    let opened = std::fs::File::open(&file)
                        .map_err(|source| ScenarioError::HistoryFile { file, source })?;
                    loads.push(Load::Emit(read(opened, catalogue)?));
                }
            }
        }
        Ok(loads)
    }
}

/// Reads CloudEvents.
fn read(input: impl Read, catalogue: &Catalogue) -> Outcome<Vec<EventDraft>> {
    let reader = EventReader::new(BufReader::new(input), MAX_EVENT_BYTES);
    let mut drafts = Vec::new();
    for event in reader {
        let event = event?;
        let draft = parse(&event.bytes, catalogue)
            .map_err(|source| ScenarioError::HistoryEvent { line: event.line, source })?;
        drafts.push(draft);
    }
    Ok(drafts)
}

impl<E: Into<EventDraft>> FromIterator<E> for History {
    fn from_iter<I: IntoIterator<Item = E>>(events: I) -> Self {
        events.into_iter().fold(Self::new(), Self::then)
    }
}

impl<E: Into<EventDraft>, const N: usize> From<[E; N]> for History {
    fn from(events: [E; N]) -> Self {
        events.into_iter().collect()
    }
}

impl<E: Into<EventDraft>> From<Vec<E>> for History {
    fn from(events: Vec<E>) -> Self {
        events.into_iter().collect()
    }
}
