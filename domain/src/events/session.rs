//! Events of the `session` context: what happens to a person's or program's session.

crate::domain_events! {
    /// What happens to a person's or program's session.
    pub enum SessionEvent {
        /// A session began.
        #[event("session.created", version = 1, audit = Security, opens = session_id)]
        SessionCreated { session_id: String, client: Option<String> },

        /// A session ended.
        #[event("session.closed", version = 1, audit = Security,
                completes = "session.created" by session_id)]
        SessionClosed { session_id: String, reason: String },
    }
}
