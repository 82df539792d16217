//! Keeping secrets out of what is stored of a failure: a handler's error may quote what it was given,
//! and a command's last words anything.
//!
//! Deliberately absent: rules of our own. An error is redacted as the event of a halt would be.

use domain::events::SubscriptionHalted;
use domain::{EventDraft, Redactor};
use serde_json::Value;

/// How many letters are kept of one text.
const LONGEST: usize = 4_000;

/// The texts without their secrets, each cut where it is too long to be kept.
pub(super) fn harmless(redactor: &dyn Redactor, errors: Vec<String>) -> Vec<String> {
    errors.into_iter().map(|error| harmless_text(redactor, &error)).collect()
}

fn harmless_text(redactor: &dyn Redactor, error: &str) -> String {
    let event = SubscriptionHalted { name: String::new(), cursor: 0, error: error.to_owned() };
    let sealed = EventDraft::from(event).seal(chrono::DateTime::UNIX_EPOCH, String::new, "");
    let Ok(mut envelope) = sealed else { return String::new() };
    redactor.redact(&mut envelope);
    let text = match envelope.details.shift_remove("error") {
        Some(Value::String(text)) => text,
        other => other.unwrap_or_default().to_string(),
    };
    // Not before: what is left of a secret that was cut through is not known for one.
    let cut: String = text.chars().take(LONGEST).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { text }
}
