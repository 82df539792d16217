//! The rule by which an event ends what another one began.
//!
//! A closing event ends the newest open work of its kind and key that it does not contradict: where
//! both name a plan, it is the same plan, and where both name a session, the same session. Of
//! several, one of the same run of work goes first. Producers number their calls anew in every
//! session, and ends come from other sources than beginnings, so that neither the key alone nor the
//! source would do; and a session may be closed in another run than the one that created it.
//!
//! An event that resumes work does so where that has failed: it opens the next attempt. While the
//! work is open still, it only says that it goes on.
//!
//! Deliberately absent: time. What ends what follows from the order on record, whatever the clocks of
//! the producers said.

use std::borrow::Cow;
use std::collections::HashMap;

use domain::{Catalogue, Details, EventDescriptor, EventEnvelope, RecordedEvent, Work, WorkRole};
use serde_json::Value;

use super::open_under_key::OpenUnderKey;

/// What an event did to the work it is about.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<T> {
    /// Nothing: its type plays no part in work, or it has no key.
    Unrelated,
    /// It opened work.
    Opened,
    /// It resumed work that had failed: the next attempt is open.
    Reopened,
    /// It resumed work that is open anyhow.
    Continued,
    /// It ended work.
    Ended {
        /// What was kept of the beginning.
        begun: T,
        /// Whether the work is done: else it failed.
        completed: bool,
    },
    /// It ended something whose beginning was not seen.
    Unmatched {
        /// The type that would have opened it.
        opener: &'static str,
    },
}

/// Which work: the type that opens it, the place of the key among those that are declared, and the
/// key itself.
type Slot = (&'static str, usize, String);

/// What is open after the events so far, each with what the caller keeps of its beginning.
pub struct Matching<T> {
    types: HashMap<&'static str, (&'static EventDescriptor, Work)>,
    open: HashMap<Slot, OpenUnderKey<T>>,
}

impl<T> Matching<T> {
    /// Nothing is open yet.
    #[must_use]
    pub fn new(catalogue: Catalogue) -> Self {
        let part = |event: &'static EventDescriptor| Some((event.event_type, (event, event.work?)));
        Self { types: catalogue.events().filter_map(part).collect(), open: HashMap::new() }
    }

    /// Takes the next event of the record. `keep` makes what is kept of it, should it begin
    /// something; it is given the key.
    pub fn take(&mut self, event: &RecordedEvent, keep: impl FnOnce(&str) -> T) -> Step<T> {
        let envelope = &event.envelope;
        let Some(&(descriptor, work)) = self.types.get(envelope.event_type.as_str()) else {
            return Step::Unrelated;
        };
        let Some((which, key)) = key_of(descriptor, work, envelope) else {
            return Step::Unrelated;
        };
        let slot = (work.opener, which, key);
        match work.role {
            WorkRole::Opens => {
                self.begin(slot, envelope, keep);
                Step::Opened
            }
            WorkRole::Resumes if self.is_open(&slot, envelope) => Step::Continued,
            WorkRole::Resumes => {
                self.begin(slot, envelope, keep);
                Step::Reopened
            }
            WorkRole::Completes | WorkRole::Fails => match self.end(&slot, envelope) {
                Some(begun) => Step::Ended { begun, completed: work.role == WorkRole::Completes },
                None => Step::Unmatched { opener: work.opener },
            },
        }
    }

    /// What was begun and has not ended, in no particular order.
    pub fn into_open(self) -> impl Iterator<Item = T> {
        self.open.into_values().flat_map(OpenUnderKey::into_all)
    }

    fn begin(&mut self, slot: Slot, envelope: &EventEnvelope, keep: impl FnOnce(&str) -> T) {
        let begun = keep(&slot.2);
        self.open.entry(slot).or_default().add(envelope, begun);
    }

    /// Whether what an event is about is open.
    fn is_open(&self, slot: &Slot, envelope: &EventEnvelope) -> bool {
        self.open.get(slot).is_some_and(|open| open.find(envelope).is_some())
    }

    fn end(&mut self, slot: &Slot, envelope: &EventEnvelope) -> Option<T> {
        let open = self.open.get_mut(slot)?;
        let begun = open.take(open.find(envelope)?);
        // What is over leaves nothing behind, or a long record would fill the memory.
        if open.is_empty() {
            self.open.remove(slot);
        }
        begun
    }
}

/// The key of an event, and which of the declared fields it is from. An event of an earlier version
/// is read as its type's current one.
fn key_of(
    descriptor: &EventDescriptor,
    work: Work,
    envelope: &EventEnvelope,
) -> Option<(usize, String)> {
    let details: Cow<'_, Details> = if envelope.schema_version == descriptor.version {
        Cow::Borrowed(&envelope.details)
    } else {
        Cow::Owned((descriptor.upgrade)(envelope.schema_version, &envelope.details).ok()?)
    };
    work.key.iter().enumerate().find_map(|(which, field)| match details.get(*field)? {
        Value::String(text) if !text.is_empty() => Some((which, text.clone())),
        Value::Number(number) => Some((which, number.to_string())),
        _ => None,
    })
}
