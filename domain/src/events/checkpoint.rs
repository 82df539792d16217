//! Events of the `checkpoint` context: what happens to the checkpoints of a sandbox.

crate::domain_events! {
    /// What happens to the checkpoints of a sandbox.
    pub enum CheckpointEvent {
        /// The state of a sandbox was saved.
        #[event("checkpoint.created", version = 1, audit = Data)]
        CheckpointCreated { checkpoint_id: String, sandbox_id: String },

        /// A sandbox went back to a saved state.
        #[event("checkpoint.restored", version = 1, audit = Data)]
        CheckpointRestored { checkpoint_id: String, sandbox_id: String },
    }
}
