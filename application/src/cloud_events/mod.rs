//! CloudEvents 1.0 JSON: reading events in, writing recorded ones out.
//!
//! What [`parse`] reads, [`write()`] gives back: every attribute, in the producer's own words but
//! for times, which are kept in UTC. The fields of our envelope that CloudEvents does not know travel
//! as extension attributes (`planid`, `actor`, …).
//!
//! Deliberately absent: the HTTP bindings, and binary payloads (`data_base64`), which an event of
//! ours cannot have.

mod attributes;
mod invalid_event;
mod parse;
mod reader;
pub(crate) mod strict_json;
mod write;

#[cfg(test)]
mod tests;

pub use invalid_event::{EventProblem, InvalidEvent};
pub use parse::parse;
pub use reader::{EventReader, RawEvent, ReadError};
pub use write::write;

/// The longest event that is read unless somebody says otherwise: 16 MiB.
pub const MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;
