//! Events of the `plan` context: what happens to a plan.

use serde_json::Value;

crate::domain_events! {
    /// What happens to a plan.
    pub enum PlanEvent {
        /// A plan was created and waits for its first phase.
        #[event("plan.created", version = 1, audit = Lifecycle)]
        PlanCreated { name: String, goal: String, automation_profile: Option<String> },

        /// A plan moved from one phase to the next.
        #[event("plan.phase_changed", version = 1, audit = Lifecycle)]
        PlanPhaseChanged { from: String, to: String },

        /// A plan changed its state within a phase.
        #[event("plan.state_changed", version = 1, audit = Lifecycle)]
        PlanStateChanged { from: String, to: String },

        /// A plan's changes were applied to its projects.
        #[event("plan.applied", version = 1, audit = Lifecycle)]
        PlanApplied { projects: Vec<String>, files_changed: u64, validation_results: Vec<Value> },

        /// Somebody cancelled a plan, and what it held was released.
        #[event("plan.cancelled", version = 1, audit = Lifecycle)]
        PlanCancelled { reason: String, resources_released: Vec<String> },

        /// A plan failed in one of its phases.
        #[event("plan.errored", version = 1, audit = Lifecycle)]
        PlanErrored { phase: String, error: String, retriable: bool },
    }
}
