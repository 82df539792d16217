//! What an event is: the traits a declaration implements, and the types it is described by.
//!
//! Deliberately absent: the events themselves (see [`crate::events`]) and what surrounds an event
//! on its way to the record (see [`crate::envelope`]).

mod catalogue;
mod declare;
mod descriptor;
mod details;
mod field;
mod pairing;
pub mod schema;
pub mod wire_name;

pub use catalogue::{Catalogue, GroupDescriptor};
#[doc(hidden)]
pub use catalogue::{
    assert_event as __assert_event, assert_group as __assert_group, context_of as __context_of,
};
pub use descriptor::{AuditCategory, EventDescriptor, EventType, Upcaster};
pub use details::{Details, DetailsError, describe};
pub use field::EventField;
#[doc(hidden)]
pub use pairing::assert_key as __assert_key;
pub use pairing::{Work, WorkRole};

use std::fmt::Debug;

/// Something that happened, as a typed fact.
///
/// Implemented by [`crate::domain_events!`], never by hand: the declaration also yields the serde
/// and JSON Schema implementations, and the compile-time checks that keep wire names stable.
pub trait DomainEvent:
    Clone + Debug + PartialEq + schemars::JsonSchema + Send + Sync + Sized + 'static
{
    /// The event's place in the catalogue.
    const DESCRIPTOR: EventDescriptor;

    /// A value with every field filled, for tests and documentation.
    fn sample() -> Self;

    /// The payload as it is put on record.
    ///
    /// # Errors
    /// When a field holds what JSON cannot carry, such as a number that is not finite.
    fn into_details(self) -> Result<Details, DetailsError>;

    /// The same, of an event that is still needed.
    ///
    /// # Errors
    /// As [`DomainEvent::into_details`].
    fn to_details(&self) -> Result<Details, DetailsError> {
        self.clone().into_details()
    }

    /// Reads the payload of this type's current version. Fields the type does not know are ignored
    /// here and stay in the record.
    ///
    /// # Errors
    /// When a field is missing or of the wrong type; the error names it.
    fn from_details(details: &Details) -> Result<Self, DetailsError>;

    /// Reads a payload of any version this type has ever had.
    ///
    /// # Errors
    /// As [`DomainEvent::from_details`], and when `version` is newer than this program knows.
    fn from_versioned(version: u32, details: &Details) -> Result<Self, DetailsError> {
        let current = Self::DESCRIPTOR.version;
        if version == 0 || version > current {
            return Err(DetailsError::UnknownVersion { version, current });
        }
        if version == current {
            return Self::from_details(details);
        }
        let upcast =
            Self::DESCRIPTOR.upcast.ok_or(DetailsError::NoUpcaster { version, current })?;
        Self::from_details(&upcast(version, details.clone())?)
    }
}

/// The events of one context as one enum, for exhaustive matches.
pub trait EventGroup: Clone + Debug + PartialEq + Sized {
    /// The context and its events.
    const GROUP: GroupDescriptor;

    /// Reads an event of this context by its wire name; `None` when the name is another context's.
    fn decode(
        event_type: &str,
        version: u32,
        details: &Details,
    ) -> Option<Result<Self, DetailsError>>;

    /// The wire name of the event inside.
    fn event_type(&self) -> EventType;
}
