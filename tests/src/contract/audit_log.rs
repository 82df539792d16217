//! The promises of the audit log.
