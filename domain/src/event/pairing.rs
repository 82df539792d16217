//! Which events open work and which end it: what a declaration says of that, and what the compiler
//! checks of it.
//!
//! Deliberately absent: who ends what on the record. That is decided event by event, by a rule over
//! recorded events; here stand the types alone.

use std::fmt;

use serde::Serialize;

use super::EventDescriptor;
use super::wire_name::{self, Message};

/// What an event does to the work it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkRole {
    /// It says what is about to be done.
    Opens,
    /// It says that it was done.
    Completes,
    /// It says that it was not done, or came to nothing.
    Fails,
    /// It says that work goes on under the same key, also where it had failed: it is tried again, or
    /// somebody else has it now.
    Resumes,
}

impl WorkRole {
    /// The role as it is written in a declaration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opens => "opens",
            Self::Completes => "completes",
            Self::Fails => "fails",
            Self::Resumes => "resumes",
        }
    }

    /// Whether the work is over with it.
    #[must_use]
    pub const fn ends(self) -> bool {
        matches!(self, Self::Completes | Self::Fails)
    }
}

impl fmt::Display for WorkRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The part that an event type plays in work, as it is declared:
///
/// ```
/// indelible_domain::domain_events! {
///     /// What happens to a parcel.
///     pub enum ParcelEvent {
///         /// A parcel was handed over to be brought.
///         #[event("parcel.sent", version = 1, audit = Activity, opens = parcel_id)]
///         ParcelSent { parcel_id: String },
///         /// A parcel arrived.
///         #[event("parcel.arrived", version = 1, audit = Activity,
///                 completes = "parcel.sent" by parcel_id)]
///         ParcelArrived { parcel_id: String },
///         /// A parcel was lost.
///         #[event("parcel.lost", version = 1, audit = Activity, fails = "parcel.sent" by parcel_id)]
///         ParcelLost { parcel_id: String },
///     }
/// }
/// use indelible_domain::{DomainEvent, WorkRole};
/// let work = ParcelLost::DESCRIPTOR.work.unwrap();
/// assert_eq!((work.role, work.opener), (WorkRole::Fails, "parcel.sent"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// What the event does to the work.
    pub role: WorkRole,
    /// The type that opens work of this kind; an opener names itself.
    pub opener: &'static str,
    /// The fields that say which work: the first that is there counts. `opens = id or name` is for
    /// types whose earlier events have no `id`.
    pub key: &'static [&'static str],
}

impl Work {
    /// The key as it is declared: `invocation_id or actor`.
    #[must_use]
    pub fn key_as_declared(&self) -> String {
        self.key.join(" or ")
    }
}

/// Fails at compile time when a key is no field of its event.
///
/// # Panics
/// When it is none.
#[doc(hidden)]
#[track_caller]
pub const fn assert_key(event_type: &str, work: Option<Work>, fields: &[&str]) {
    let Some(work) = work else { return };
    let mut k = 0;
    while k < work.key.len() {
        let mut known = false;
        let mut f = 0;
        while f < fields.len() {
            known = known || wire_name::same(work.key[k], fields[f]);
            f += 1;
        }
        if !known {
            let message = Message::new()
                .and("`")
                .and(event_type)
                .and("` ")
                .and(work.role.as_str())
                .and(" work by `")
                .and(work.key[k])
                .and("`, which is none of its fields: add the field, or name the one that says ")
                .and("which work it is");
            panic!("{}", message.as_str());
        }
        k += 1;
    }
}

/// Fails at compile time when the openers and closers of a context do not fit together.
///
/// # Panics
/// When they do not.
#[track_caller]
pub(super) const fn assert_pairs(events: &[EventDescriptor]) {
    let mut i = 0;
    while i < events.len() {
        if let Some(work) = events[i].work {
            match work.role {
                WorkRole::Opens => assert_ended(events[i].event_type, events),
                _ => assert_opened(events[i].event_type, work, events),
            }
        }
        i += 1;
    }
}

/// Fails when nothing ends what `opener` opens.
#[track_caller]
const fn assert_ended(opener: &str, events: &[EventDescriptor]) {
    let mut i = 0;
    while i < events.len() {
        if let Some(work) = events[i].work
            && work.role.ends()
            && wire_name::same(work.opener, opener)
        {
            return;
        }
        i += 1;
    }
    let message = Message::new()
        .and("`")
        .and(opener)
        .and("` opens work that no event of its context ends: declare one with `completes = \"")
        .and(opener)
        .and("\" by` its key, or leave `opens` out");
    panic!("{}", message.as_str());
}

/// Fails when what `event_type` ends or resumes is not opened, or is opened by another key.
#[track_caller]
const fn assert_opened(event_type: &str, work: Work, events: &[EventDescriptor]) {
    let message = Message::new()
        .and("`")
        .and(event_type)
        .and("` ")
        .and(work.role.as_str())
        .and(" `")
        .and(work.opener);
    let mut i = 0;
    while i < events.len() {
        if wire_name::same(events[i].event_type, work.opener) {
            let message = match events[i].work {
                Some(Work { role: WorkRole::Opens, key, .. }) if key.len() == work.key.len() => {
                    return;
                }
                Some(Work { role: WorkRole::Opens, .. }) => message
                    .and("` by another number of keys than that opens with: name as many, in the ")
                    .and("same order"),
                _ => message
                    .and("`, which opens no work: write `opens = ` and its key into the ")
                    .and("declaration of that event"),
            };
            panic!("{}", message.as_str());
        }
        i += 1;
    }
    let message = message
        .and("`, which is no event of its context: name one that is declared in the same enum, ")
        .and("with `opens = ` and its key");
    panic!("{}", message.as_str());
}

/// The part in work of one declaration, or `None`.
#[doc(hidden)]
#[macro_export]
macro_rules! __work {
    ($Event:ident) => {
        ::core::option::Option::None
    };
    ($Event:ident ($role:ident $opener:literal $($key:ident)+)) => {
        ::core::option::Option::Some($crate::Work {
            role: $crate::WorkRole::$role,
            opener: $opener,
            key: &[$( $crate::event::wire_name::field_name(stringify!($key)) ),+],
        })
    };
    ($Event:ident $first:tt $($more:tt)+) => {
        ::core::compile_error!(concat!(
            "the event `", stringify!($Event), "` plays more than one part in work: an event opens, ",
            "completes, fails or resumes one kind of work; leave the others out, or declare ",
            "another event for them",
        ))
    };
}

#[cfg(test)]
mod tests {
    //! The compiler runs these rules; here they run where coverage sees them.

    use super::*;
    use crate::EventGroup;
    use crate::events::{CATALOGUE, ToolEvent};

    const INVOKED: EventDescriptor = ToolEvent::GROUP.events[0];
    const COMPLETED: EventDescriptor = ToolEvent::GROUP.events[1];

    fn with(event: EventDescriptor, change: impl Fn(&mut Work)) -> EventDescriptor {
        let mut work = event.work.unwrap();
        change(&mut work);
        EventDescriptor { work: Some(work), ..event }
    }

    #[test]
    fn what_fits_together_passes() {
        assert_pairs(&[]);
        assert_pairs(&[INVOKED, COMPLETED]);
        assert_key("tool.invoked", INVOKED.work, &["tool", "invocation_id"]);
        assert_key("plan.created", None, &[]);
        for group in CATALOGUE.groups() {
            assert_pairs(group.events);
        }
    }

    #[test]
    fn a_part_is_shown_as_it_is_declared() {
        let work = CATALOGUE.find("actor.errored").and_then(|event| event.work).unwrap();
        assert_eq!(
            (work.opener, &*work.key_as_declared()),
            ("actor.invoked", "invocation_id or actor")
        );
        let roles = [WorkRole::Opens, WorkRole::Completes, WorkRole::Fails, WorkRole::Resumes];
        assert_eq!(roles.map(|role| role.to_string()), ["opens", "completes", "fails", "resumes"]);
        assert_eq!(roles.map(WorkRole::ends), [false, true, true, false]);
    }

    #[test]
    #[should_panic(expected = "`tool.invoked` opens work by `invocation_id`, which is none of its")]
    fn a_key_that_is_no_field_is_refused() {
        assert_key("tool.invoked", INVOKED.work, &["tool"]);
    }

    #[test]
    #[should_panic(expected = "`tool.invoked` opens work that no event of its context ends")]
    fn an_opener_that_nothing_ends_is_refused() {
        let retried = ToolEvent::GROUP.events[3];
        assert_eq!(retried.work.unwrap().role, WorkRole::Resumes);
        assert_pairs(&[INVOKED, retried]);
    }

    #[test]
    #[should_panic(
        expected = "`tool.completed` completes `tool.invoked`, which is no event of its"
    )]
    fn a_closer_of_what_does_not_exist_is_refused() {
        assert_pairs(&[COMPLETED]);
    }

    #[test]
    #[should_panic(expected = "`tool.completed` completes `tool.invoked`, which opens no work")]
    fn a_closer_of_what_opens_nothing_is_refused() {
        assert_pairs(&[EventDescriptor { work: None, ..INVOKED }, COMPLETED]);
    }

    #[test]
    #[should_panic(expected = "by another number of keys")]
    fn a_closer_with_fewer_keys_is_refused() {
        assert_pairs(&[with(INVOKED, |work| work.key = &["invocation_id", "tool"]), COMPLETED]);
    }
}
