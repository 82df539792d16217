//! What must hold for any input to the parsers and the redactor: one function each, which panics
//! where it does not hold.
//!
//! The fuzzer's targets in `tests/fuzz` call these functions, and so do the tests in
//! `tests/tests/properties.rs`, where there is no fuzzer. This is a package of its own so that the
//! fuzzer need not build the database and the command line.
//!
//! ```
//! indelible_properties::cloud_events(b"{\"specversion\": \"1.0\", ");
//! indelible_properties::redaction(b"{\"password\": [\"hunter2\"]}");
//! ```
//!
//! Deliberately absent: generating inputs.

mod cloud_events;
mod filters;
mod redaction;
mod settings;

pub use cloud_events::cloud_events;
pub use filters::filters;
pub use redaction::redaction;
pub use settings::settings;

use chrono::{DateTime, TimeDelta, Utc};

/// A property, by the name of its fuzz target and of its corpus.
pub type Property = (&'static str, fn(&[u8]));

/// Every property.
pub const ALL: [Property; 4] = [
    ("cloud_events", cloud_events),
    ("filters", filters),
    ("redaction", redaction),
    ("settings", settings),
];

/// What time it is, for inputs that do not say.
fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}
