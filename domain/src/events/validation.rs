//! Events of the `validation` context: what happens to the validations of a plan's results.

use serde_json::Value;

crate::domain_events! {
    /// What happens to the validations of a plan's results.
    pub enum ValidationEvent {
        /// A validation began.
        #[event("validation.started", version = 1, audit = Policy, opens = validation_id)]
        ValidationStarted { validation_id: String, kind: String },

        /// A validation found nothing wrong.
        #[event("validation.passed", version = 1, audit = Policy,
                completes = "validation.started" by validation_id)]
        ValidationPassed { validation_id: String, duration_ms: u64 },

        /// A validation found failures.
        #[event("validation.failed", version = 1, audit = Policy,
                fails = "validation.started" by validation_id)]
        ValidationFailed { validation_id: String, failures: Vec<Value> },
    }
}
