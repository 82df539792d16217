//! Keeping secrets off the record.

use shaku::Interface;

use crate::envelope::EventEnvelope;

/// Removes secrets from an event before anything of it is stored or shown.
pub trait Redactor: Interface {
    /// Replaces every secret in the envelope and its payload, at any depth, and returns how many
    /// it replaced.
    ///
    /// An adapter MUST be deterministic (equal secrets become equal marks), idempotent (a redacted
    /// envelope is left as it is), and MUST NOT fail or panic: what it cannot judge it removes.
    fn redact(&self, envelope: &mut EventEnvelope) -> usize;
}
