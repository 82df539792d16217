//! Events of the `sandbox` context: what happens to a sandbox, where changes wait until they are taken over.
//!
//! A sandbox that is rolled back counts as failed: whatever the reason, what was done in it came to
//! nothing, and who looks for lost work finds it there.

crate::domain_events! {
    /// What happens to a sandbox, where changes wait until they are taken over.
    pub enum SandboxEvent {
        /// A sandbox was set up.
        #[event("sandbox.created", version = 1, audit = Data, opens = sandbox_id)]
        SandboxCreated { sandbox_id: String, strategy: String },

        /// The changes in a sandbox were taken over.
        #[event("sandbox.committed", version = 1, audit = Data,
                completes = "sandbox.created" by sandbox_id)]
        SandboxCommitted { sandbox_id: String, changes: u64 },

        /// The changes in a sandbox were thrown away.
        #[event("sandbox.rolled_back", version = 1, audit = Data,
                fails = "sandbox.created" by sandbox_id)]
        SandboxRolledBack { sandbox_id: String, reason: String },
    }
}
