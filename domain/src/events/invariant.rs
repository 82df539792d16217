//! Events of the `invariant` context: what happens to the invariants a plan must keep.

use serde_json::Value;

crate::domain_events! {
    /// What happens to the invariants a plan must keep.
    pub enum InvariantEvent {
        /// Invariants of several scopes were merged into one set.
        #[event("invariant.reconciled", version = 1, audit = Policy)]
        InvariantReconciled {
            invariant_id: String,
            scope: String,
            kept: Vec<String>,
            dropped: Vec<String>,
        },

        /// Something was about to break an invariant, or broke it.
        #[event("invariant.violated", version = 1, audit = Policy)]
        InvariantViolated { invariant_id: String, by: String, evidence: Value },

        /// An invariant was enforced against what would have broken it.
        #[event("invariant.enforced", version = 1, audit = Policy)]
        InvariantEnforced { invariant_id: String, action: String },
    }
}
