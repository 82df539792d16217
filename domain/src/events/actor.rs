//! Events of the `actor` context: what the actors of a plan do.

crate::domain_events! {
    /// What the actors of a plan do.
    pub enum ActorEvent {
        /// An actor was asked to work.
        #[event("actor.invoked", version = 1, audit = Activity)]
        ActorInvoked {
            actor: String,
            provider: Option<String>,
            model: Option<String>,
            input_digest: Option<String>,
        },

        /// An actor finished its work.
        #[event("actor.completed", version = 1, audit = Activity)]
        ActorCompleted {
            actor: String,
            tokens_in: Option<u64>,
            tokens_out: Option<u64>,
            cost_usd: Option<f64>,
            duration_ms: u64,
        },

        /// An actor failed at its work.
        #[event("actor.errored", version = 1, audit = Activity)]
        ActorErrored { actor: String, error: String },

        /// An actor handed its work to another one, or to a person.
        #[event("actor.escalated", version = 1, audit = Activity)]
        ActorEscalated { actor: String, to: String, reason: String },
    }
}
