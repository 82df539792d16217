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
    let text = without_secrets(redactor, error);
    // Not before: what is left of a secret that was cut through is not known for one.
    let cut: String = text.chars().take(LONGEST).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { text }
}

/// What is said of a failure, without the secrets that are in it.
#[must_use]
pub fn without_secrets(redactor: &dyn Redactor, said: &str) -> String {
    let event = SubscriptionHalted { name: String::new(), cursor: 0, error: said.to_owned() };
    let sealed = EventDraft::from(event).seal(chrono::DateTime::UNIX_EPOCH, String::new, "");
    let Ok(mut envelope) = sealed else { return String::new() };
    redactor.redact(&mut envelope);
    match envelope.details.shift_remove("error") {
        Some(Value::String(text)) => text,
        other => other.unwrap_or_default().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use domain::EventEnvelope;

    use super::*;

    /// Takes every `s` for a secret.
    struct Hisses;

    impl Redactor for Hisses {
        fn redact(&self, envelope: &mut EventEnvelope) -> usize {
            let said = envelope.details["error"].as_str().unwrap_or_default().replace('s', "*");
            envelope.details.insert("error".to_owned(), said.into());
            1
        }
    }

    #[test]
    fn what_is_said_of_a_failure_is_whole_but_for_its_secrets() {
        assert_eq!(without_secrets(&Hisses, "lost is lost"), "lo*t i* lo*t");
        let long = "s".repeat(LONGEST + 1);
        assert_eq!(without_secrets(&Hisses, &long).len(), LONGEST + 1);
    }

    #[test]
    fn what_is_kept_of_a_failure_is_cut_after_its_secrets_are_out_and_says_so() {
        let long = "s".repeat(LONGEST);
        let kept = harmless(&Hisses, vec![long.clone(), format!("{long}s")]);
        assert_eq!(kept, ["*".repeat(LONGEST), format!("{}…", "*".repeat(LONGEST))]);
    }
}
