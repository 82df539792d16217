//! Taking over the audit log of the platform that events came from before.
//!
//! An imported event has the source [`LEGACY_SOURCE`] and the id `legacy-<id of the row>-<digest of
//! the row>`, so that importing a file twice adds nothing and a row of another file that has the same
//! id is not taken for it. What a row's details lack and our types require is taken
//! from the row's columns where they tell (`principal`, `projects`, …), and otherwise filled with
//! what plainly says nothing: `"unknown"`, 0, `[]`, null or false. The names of filled fields are
//! listed in the field `legacy_filled`, so that nobody takes them for facts. Fields that our types
//! do not know are kept.
//!
//! Deliberately absent: reading the file, which is an adapter's business.

mod legacy;
mod mapping;
mod time;

pub use legacy::{LEGACY_SOURCE, LegacyRow, LegacyRowError, draft};
pub use mapping::{LegacyMapping, UnknownTarget, UnmappedNames};
