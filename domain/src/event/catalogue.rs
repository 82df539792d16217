//! Every event type a program knows, composed explicitly from its contexts.
//!
//! Deliberately absent: registration at link time. A crate nobody refers to would register
//! nothing and nobody would notice; a context missing from the list is seen by whoever reads it.

use super::wire_name::{self, Message};
use super::{EventDescriptor, EventType, pairing};

/// One context: its name, what it is about, and its events.
#[derive(Clone, Copy, Debug)]
pub struct GroupDescriptor {
    /// The part of its wire names before the dot.
    pub context: &'static str,
    /// The doc comment of the context's enum, as it was written.
    pub docs: &'static str,
    /// Its events, in the order of declaration.
    pub events: &'static [EventDescriptor],
}

/// Every event type a program knows.
///
/// Compose one in a `const`, so that a wire name used twice, be it across crates, does not
/// compile:
///
/// ```
/// use indelible_domain::{Catalogue, EventGroup, events};
/// const CATALOGUE: Catalogue = Catalogue::compose(&[events::GROUPS]);
/// assert!(CATALOGUE.find("plan.created").is_some());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Catalogue {
    parts: &'static [&'static [GroupDescriptor]],
}

impl Catalogue {
    /// The catalogue of these contexts.
    ///
    /// Only contexts of the same name are compared, event by event: comparing every name with
    /// every other would run into the compiler's limit for constants at a few hundred events.
    ///
    /// # Panics
    /// When a wire name occurs twice; in a `const`, where it belongs, that is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn compose(parts: &'static [&'static [GroupDescriptor]]) -> Self {
        let catalogue = Self { parts };
        let mut i = 0;
        while let Some(group) = catalogue.nth(i) {
            let mut j = i + 1;
            while let Some(other) = catalogue.nth(j) {
                if wire_name::same(group.context, other.context) {
                    assert_disjoint(group.events, other.events);
                }
                j += 1;
            }
            i += 1;
        }
        catalogue
    }

    /// The n-th context over all parts.
    const fn nth(&self, n: usize) -> Option<&'static GroupDescriptor> {
        let mut left = n;
        let mut part = 0;
        while part < self.parts.len() {
            let groups = self.parts[part];
            if left < groups.len() {
                return Some(&groups[left]);
            }
            left -= groups.len();
            part += 1;
        }
        None
    }

    /// The contexts, in the order they were composed.
    pub fn groups(&self) -> impl Iterator<Item = &'static GroupDescriptor> + use<> {
        self.parts.iter().flat_map(|part| part.iter())
    }

    /// The event types, in the order they were declared.
    pub fn events(&self) -> impl Iterator<Item = &'static EventDescriptor> + use<> {
        self.groups().flat_map(|group| group.events.iter())
    }

    /// The wire names, in the order they were declared.
    pub fn event_types(&self) -> impl Iterator<Item = EventType> + use<> {
        self.events().map(EventDescriptor::name)
    }

    /// The entry of a wire name.
    #[must_use]
    pub fn find(&self, event_type: &str) -> Option<&'static EventDescriptor> {
        self.events().find(|event| event.event_type == event_type)
    }
}

/// Fails when two contexts have a wire name in common.
#[track_caller]
const fn assert_disjoint(older: &[EventDescriptor], newer: &[EventDescriptor]) {
    let mut i = 0;
    while i < older.len() {
        let mut j = 0;
        while j < newer.len() {
            assert_different(older[i].event_type, newer[j].event_type);
            j += 1;
        }
        i += 1;
    }
}

/// Fails when two declarations use one wire name.
#[track_caller]
const fn assert_different(a: &str, b: &str) {
    // A malformed name has a message of its own already.
    if wire_name::same(a, b) && wire_name::is_well_formed(a) {
        let message = Message::new()
            .and("the wire name `")
            .and(a)
            .and("` is declared twice: a wire name is stable for ever and belongs to one event; ")
            .and("give the newer event another one");
        panic!("{}", message.as_str());
    }
}

/// Fails at compile time when what a declaration says of an event by itself is wrong.
///
/// # Panics
/// When it is.
#[doc(hidden)]
#[track_caller]
pub const fn assert_event(rust_name: &str, event_type: &str, version: u32, docs: &str) {
    if !wire_name::is_well_formed(event_type) {
        let message = Message::new()
            .and("the wire name `")
            .and(event_type)
            .and("` is malformed: write `context.past_tense_fact` in lower-case letters, ")
            .and("digits and underscores, such as `plan.phase_changed`");
        panic!("{}", message.as_str());
    }
    if version == 0 {
        let message = Message::new()
            .and("the version of `")
            .and(event_type)
            .and("` must be 1 or more: versions start at `version = 1`");
        panic!("{}", message.as_str());
    }
    if docs.trim_ascii().is_empty() {
        let message = Message::new()
            .and("the doc comment of the event `")
            .and(rust_name)
            .and("` is empty: write `/// What happened.`");
        panic!("{}", message.as_str());
    }
}

/// Fails at compile time when a context's wire names are mixed or repeated, or what opens work and
/// what ends it do not fit together.
///
/// # Panics
/// When they are.
#[doc(hidden)]
#[track_caller]
pub const fn assert_group(events: &[EventDescriptor]) {
    let mut i = 0;
    while i < events.len() {
        let name = events[i].event_type;
        let both_well_formed =
            wire_name::is_well_formed(name) && wire_name::is_well_formed(events[0].event_type);
        if both_well_formed && !wire_name::same_context(events[0].event_type, name) {
            let message = Message::new()
                .and("the wire name `")
                .and(name)
                .and("` stands in another context's enum: the part before the dot must be the ")
                .and("same as in `")
                .and(events[0].event_type)
                .and("`; move the event or rename it");
            panic!("{}", message.as_str());
        }
        let mut j = i + 1;
        while j < events.len() {
            assert_different(name, events[j].event_type);
            j += 1;
        }
        i += 1;
    }
    pairing::assert_pairs(events);
}

/// The context of a wire name, for declarations.
#[doc(hidden)]
#[must_use]
pub const fn context_of(name: &'static str) -> &'static str {
    let bytes = name.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        if bytes[i] == b'.' {
            return name.split_at(i).0;
        }
        i += 1;
    }
    name
}

#[cfg(test)]
mod tests {
    //! The compiler runs these rules; here they run where coverage sees them. What the compiler
    //! prints is held by the compile-fail tests.

    use super::*;
    use crate::EventGroup;
    use crate::events::{AuditEvent, PlanEvent, ToolEvent};

    #[test]
    fn what_is_declared_well_passes() {
        assert_event("PlanCreated", "plan.created", 1, " A plan was created.\n");
        assert_group(PlanEvent::GROUP.events);
        assert_group(&[]);
        assert_eq!(context_of("plan.created"), "plan");
        assert_eq!(context_of("undeclared"), "undeclared");
    }

    #[test]
    fn a_product_may_add_events_of_its_own_to_a_context_of_the_platforms() {
        const SOME: &[GroupDescriptor] =
            &[GroupDescriptor { events: &[PlanEvent::GROUP.events[0]], ..PlanEvent::GROUP }];
        const OTHERS: &[GroupDescriptor] =
            &[GroupDescriptor { events: &[PlanEvent::GROUP.events[1]], ..PlanEvent::GROUP }];
        assert_eq!(Catalogue::compose(&[SOME, OTHERS]).events().count(), 2);
    }

    #[test]
    #[should_panic(expected = "the wire name `Plan` is malformed: write `context.past_tense_fact`")]
    fn a_malformed_wire_name_is_refused() {
        assert_event("PlanCreated", "Plan", 1, "A plan was created.");
    }

    #[test]
    #[should_panic(expected = "versions start at `version = 1`")]
    fn version_zero_is_refused() {
        assert_event("PlanCreated", "plan.created", 0, "A plan was created.");
    }

    #[test]
    #[should_panic(expected = "the doc comment of the event `PlanCreated` is empty")]
    fn an_empty_doc_comment_is_refused() {
        assert_event("PlanCreated", "plan.created", 1, " \n");
    }

    #[test]
    #[should_panic(expected = "`tool.invoked` stands in another context's enum")]
    fn an_event_of_another_context_is_refused() {
        assert_group(&[PlanEvent::GROUP.events[0], ToolEvent::GROUP.events[0]]);
    }

    #[test]
    fn a_malformed_name_is_told_of_once_and_not_as_another_contexts_as_well() {
        let malformed = EventDescriptor { event_type: "Tool", ..PlanEvent::GROUP.events[1] };
        assert_group(&[PlanEvent::GROUP.events[0], malformed]);
        assert_group(&[malformed, PlanEvent::GROUP.events[0]]);
    }

    #[test]
    #[should_panic(expected = "the wire name `audit.prune_started` is declared twice")]
    fn a_wire_name_used_twice_in_a_context_is_refused() {
        assert_group(&[AuditEvent::GROUP.events[0], AuditEvent::GROUP.events[0]]);
    }
}
