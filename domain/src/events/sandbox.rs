//! Events of the `sandbox` context: what happens to a sandbox, where changes wait until they are taken over.

crate::domain_events! {
    /// What happens to a sandbox, where changes wait until they are taken over.
    pub enum SandboxEvent {
        /// A sandbox was set up.
        #[event("sandbox.created", version = 1, audit = Data)]
        SandboxCreated { sandbox_id: String, strategy: String },

        /// The changes in a sandbox were taken over.
        #[event("sandbox.committed", version = 1, audit = Data)]
        SandboxCommitted { sandbox_id: String, changes: u64 },

        /// The changes in a sandbox were thrown away.
        #[event("sandbox.rolled_back", version = 1, audit = Data)]
        SandboxRolledBack { sandbox_id: String, reason: String },
    }
}
