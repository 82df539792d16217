//! Which events an expectation is about.
//!
//! Conditions are asked of what was emitted, what was recorded and what was handed on alike, so that
//! a failing expectation can say which of the three is missing, and by which condition.

use std::fmt::{self, Display};

use domain::{DomainEvent, EventEnvelope};

/// What an envelope says where a condition asks, `Err` when that is not what was asked for.
type Ask = Box<dyn Fn(&EventEnvelope) -> Result<(), String> + Send + Sync>;

/// Conditions on the events of one type.
pub(super) struct Conditions {
    event_type: &'static str,
    /// Of the envelope.
    fields: Vec<(String, Ask)>,
    /// Of the event inside, which has to be read first.
    events: Vec<(String, Ask)>,
}

impl Conditions {
    /// Every event of this type.
    pub(super) fn of<E: DomainEvent>() -> Self {
        Self { event_type: E::DESCRIPTOR.event_type, fields: Vec::new(), events: Vec::new() }
    }

    /// The wire name.
    pub(super) fn event_type(&self) -> &'static str {
        self.event_type
    }

    /// And whose `field` is this value.
    pub(super) fn field(
        &mut self,
        name: &str,
        wanted: String,
        field: impl Fn(&EventEnvelope) -> Option<String> + Send + Sync + 'static,
    ) {
        let text = format!("{name} `{wanted}`");
        let name = name.to_owned();
        let ask: Ask = Box::new(move |envelope| match field(envelope) {
            Some(found) if found == wanted => Ok(()),
            Some(found) => Err(format!("its {name} is `{found}`")),
            None => Err(format!("it has no {name}")),
        });
        self.fields.push((text, ask));
    }

    /// And of which this holds; `what` says it in words.
    pub(super) fn event<E: DomainEvent>(
        &mut self,
        what: String,
        holds: impl Fn(&E) -> bool + Send + Sync + 'static,
    ) {
        let unmet = format!("it does not meet \"{what}\"");
        let ask: Ask = Box::new(move |envelope| {
            match E::from_versioned(envelope.schema_version, &envelope.details) {
                Ok(event) if holds(&event) => Ok(()),
                Ok(_) => Err(unmet.clone()),
                Err(error) => Err(format!("its details cannot be read: {error}")),
            }
        });
        self.events.push((format!("\"{what}\""), ask));
    }

    /// Whether every event of the type is meant.
    pub(super) fn are_none(&self) -> bool {
        self.fields.is_empty() && self.events.is_empty()
    }

    /// Whether an event is of the type; what it lacks, if it is.
    pub(super) fn misfits(&self, envelope: &EventEnvelope) -> Option<Vec<String>> {
        (envelope.event_type.as_str() == self.event_type)
            .then(|| self.asked().filter_map(|(_, ask)| ask(envelope).err()).collect())
    }

    /// Whether an event is meant as far as its envelope tells: then it must be readable.
    pub(super) fn may_meet(&self, envelope: &EventEnvelope) -> bool {
        envelope.event_type.as_str() == self.event_type
            && self.fields.iter().all(|(_, ask)| ask(envelope).is_ok())
    }

    fn asked(&self) -> impl Iterator<Item = &(String, Ask)> {
        self.fields.iter().chain(&self.events)
    }

    /// Whether an event is meant.
    pub(super) fn meet(&self, envelope: &EventEnvelope) -> bool {
        self.misfits(envelope).is_some_and(|misfits| misfits.is_empty())
    }
}

impl Display for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.event_type)?;
        for (place, (text, _)) in self.asked().enumerate() {
            write!(f, "{} {text}", if place == 0 { " with" } else { " and" })?;
        }
        Ok(())
    }
}
