//! Events of the `validation` context: what happens to the validations of a plan's results.

use serde_json::Value;

crate::domain_events! {
    /// What happens to the validations of a plan's results.
    pub enum ValidationEvent {
        /// A validation began.
        #[event("validation.started", version = 1, audit = Policy)]
        ValidationStarted { validation_id: String, kind: String },

        /// A validation found nothing wrong.
        #[event("validation.passed", version = 1, audit = Policy)]
        ValidationPassed { validation_id: String, duration_ms: u64 },

        /// A validation found failures.
        #[event("validation.failed", version = 1, audit = Policy)]
        ValidationFailed { validation_id: String, failures: Vec<Value> },
    }
}
