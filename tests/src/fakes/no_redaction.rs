//! A redactor for tests that are about something else.

use domain::{EventEnvelope, Redactor};

/// Leaves every event as it is.
#[derive(Debug, Default, Clone, Copy)]
pub struct NoRedaction;

impl Redactor for NoRedaction {
    fn redact(&self, _: &mut EventEnvelope) -> usize {
        0
    }
}
