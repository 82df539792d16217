//! The promises of the event bus.
