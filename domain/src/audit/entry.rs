//! What is handed to the audit log: a redacted envelope and the text its payload is stored as.

use crate::envelope::EventEnvelope;

/// An event as it is about to be stored. Whoever makes one has removed its secrets.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    envelope: EventEnvelope,
    details_json: String,
    extensions_json: Option<String>,
}

impl AuditEntry {
    /// The entry of a redacted envelope; the payload's text is made here, once.
    #[must_use]
    pub fn new(envelope: EventEnvelope) -> Self {
        // Writing a JSON object to a string cannot fail: its keys are strings already and
        // the writer never errs.
        let text = |object: &crate::Details| serde_json::to_string(object).unwrap_or_default();
        let details_json = text(&envelope.details);
        let extensions_json = (!envelope.extensions.is_empty()).then(|| text(&envelope.extensions));
        Self { envelope, details_json, extensions_json }
    }

    /// The envelope, without secrets.
    #[must_use]
    pub fn envelope(&self) -> &EventEnvelope {
        &self.envelope
    }

    /// The payload as it is stored.
    #[must_use]
    pub fn details_json(&self) -> &str {
        &self.details_json
    }

    /// The extensions as they are stored, where there are any.
    #[must_use]
    pub fn extensions_json(&self) -> Option<&str> {
        self.extensions_json.as_deref()
    }

    /// Gives the envelope back.
    #[must_use]
    pub fn into_envelope(self) -> EventEnvelope {
        self.envelope
    }
}
