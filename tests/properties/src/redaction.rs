//! The redactor: what it leaves is left by itself, equal inputs become equal, and nothing grows beyond
//! a mark for each secret.

use std::sync::LazyLock;

use domain::events::ToolCompleted;
use domain::{Details, DomainEvent, EventDraft, EventEnvelope, Redactor};
use infrastructure::redaction::{
    RedactionKey, RedactionRuleError, RedactionSettings, SecretRedactor,
};
use serde_json::Value;

/// The longest a mark can be, quoted: `"[redacted:<kind>:<32 digits>]"`.
const MARK: usize = 80;

/// With the built-in rules, and with some of a deployment's own.
static REDACTORS: LazyLock<Vec<SecretRedactor>> = LazyLock::new(|| {
    let own = RedactionSettings {
        extra_keys: vec!["ssn".to_owned()],
        allowed_keys: vec!["public_token".to_owned()],
        extra_patterns: vec![("order".to_owned(), r"order-(\d+)".to_owned())],
    };
    let made: Result<Vec<_>, RedactionRuleError> = [RedactionSettings::default(), own]
        .iter()
        .map(|settings| SecretRedactor::new(settings, RedactionKey::from_bytes([7; 32])))
        .collect();
    match made {
        Ok(made) => made,
        Err(error) => panic!("{error}"),
    }
});

/// Redacts the input as a payload where it is a JSON object, and otherwise as a text in every place
/// where a text can stand.
///
/// # Panics
/// When redacting again changes anything, when equal inputs become different, when the result cannot
/// be written and read, or when it grew by more than a mark for each secret.
pub fn redaction(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let envelope = match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(details)) => envelope(details, ""),
        Ok(other) => envelope([("outcome".to_owned(), other)].into_iter().collect(), ""),
        Err(_) => {
            let value = Value::from(&*text);
            envelope([("outcome".to_owned(), value)].into_iter().collect(), &text)
        }
    };
    for redactor in REDACTORS.iter() {
        hold(redactor, &envelope);
    }
}

fn hold(redactor: &SecretRedactor, before: &EventEnvelope) {
    let mut redacted = before.clone();
    let count = redactor.redact(&mut redacted);
    let mut twin = before.clone();
    assert_eq!(redactor.redact(&mut twin), count, "equal envelopes hold equally many secrets");
    assert_eq!(twin, redacted, "equal envelopes become equal");
    if count == 0 {
        assert_eq!(redacted, *before, "without a secret nothing changes");
    }

    let mut again = redacted.clone();
    let more = redactor.redact(&mut again);
    assert_eq!(again, redacted, "redacting again changes nothing");
    assert_eq!(more, 0, "what was redacted holds no secret");

    let (was, is) = (size(before), size(&redacted));
    assert!(count <= was, "{count} secrets in {was} bytes");
    assert!(is <= was + count * MARK, "{was} bytes with {count} secrets became {is}");

    let written = serde_json::to_string(&redacted.details).unwrap_or_default();
    let read = serde_json::from_str::<Details>(&written);
    assert!(read.is_ok_and(|read| read == redacted.details), "it cannot be read back: {written}");
}

/// How many bytes everything takes that a producer sent.
fn size(envelope: &EventEnvelope) -> usize {
    let texts = [&envelope.subject, &envelope.user_identity, &envelope.correlation_id];
    let texts = texts.into_iter().flatten().chain([&envelope.event_id, &envelope.source]);
    let objects = [&envelope.details, &envelope.extensions];
    texts.map(|text| text.len() + 2).sum::<usize>()
        + objects.map(|o| serde_json::to_string(o).unwrap_or_default().len()).iter().sum::<usize>()
}

fn envelope(details: Details, text: &str) -> EventEnvelope {
    let id = if text.is_empty() { "id" } else { text };
    let draft = EventDraft::from(ToolCompleted::sample()).with_id(id).from_source("/properties");
    let draft = draft.about(text).for_user(text).correlated_by(text);
    let attribute = [("note".to_owned(), Value::from(text))].into_iter().collect();
    match draft.with_extensions(attribute).seal(crate::now(), String::new, "") {
        Ok(envelope) => EventEnvelope { details, ..envelope },
        Err(error) => panic!("a sample cannot be sealed: {error}"),
    }
}
