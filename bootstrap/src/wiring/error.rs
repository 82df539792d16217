//! Why the application does not start.

use domain::EventType;
use infrastructure::redaction::{RedactionKeyError, RedactionRuleError};
use infrastructure::seaorm::OpenError;
use infrastructure::signing::SigningKeyError;

use super::SubscribeError;

/// Why the application does not start. Nothing has been recorded.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The audit log cannot be opened.
    #[error("the audit log cannot be opened")]
    Open(#[from] OpenError),
    /// The key for redaction marks cannot be used.
    #[error("the redaction key cannot be used")]
    Key(#[from] RedactionKeyError),
    /// A redaction rule in the settings cannot be used.
    #[error("the redaction rules in the settings cannot be used")]
    Rule(#[from] RedactionRuleError),
    /// The key for checkpoints cannot be used.
    #[error("the signing key cannot be used")]
    SigningKey(#[from] SigningKeyError),
    /// A durable subscription cannot be run.
    #[error("a durable subscription cannot be run")]
    Subscription(#[from] SubscribeError),
    /// Event types without a recorder.
    #[error(
        "no recorder is attached to {}: the bus in the container must keep what `attach_recorder` \
         gives it",
        names(.types)
    )]
    NotRecorded {
        /// The types.
        types: Vec<EventType>,
    },
}

fn names(types: &[EventType]) -> String {
    types.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
