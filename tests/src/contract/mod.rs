//! One suite per port: a library function that takes a factory and holds an adapter to every
//! promise the port's documentation makes.

pub mod audit_log;
pub mod event_bus;
