//! Putting events on record.

mod audit_event_subscriber;

pub use audit_event_subscriber::AuditEventSubscriber;
