//! Events of the `auth` context: who proved who they are, and who failed to.

crate::domain_events! {
    /// Who proved who they are, and who failed to.
    pub enum AuthEvent {
        /// Somebody proved who they are.
        #[event("auth.succeeded", version = 1, audit = Security)]
        AuthSucceeded { method: String, principal: String },

        /// Somebody failed to prove who they are.
        #[event("auth.failed", version = 1, audit = Security)]
        AuthFailed { method: String, principal: Option<String>, reason: String },
    }
}
