//! Events of the `actor` context: what the actors of a plan do.
//!
//! Where an invocation has no id, work is told apart by the actor's name. Work that is handed on goes
//! on: it is open, also where the actor had failed at it, until it is completed or fails again.

crate::domain_events! {
    /// What the actors of a plan do.
    pub enum ActorEvent {
        /// An actor was asked to work.
        #[event("actor.invoked", version = 1, audit = Activity, opens = invocation_id or actor)]
        ActorInvoked {
            actor: String,
            provider: Option<String>,
            model: Option<String>,
            input_digest: Option<String>,
            /// Which of the actor's invocations it belongs to, where the producer says.
            invocation_id: Option<String>,
        },

        /// An actor finished its work.
        #[event("actor.completed", version = 1, audit = Activity,
                completes = "actor.invoked" by invocation_id or actor)]
        ActorCompleted {
            actor: String,
            tokens_in: Option<u64>,
            tokens_out: Option<u64>,
            cost_usd: Option<f64>,
            duration_ms: u64,
            /// Which of the actor's invocations it belongs to, where the producer says.
            invocation_id: Option<String>,
        },

        /// An actor failed at its work.
        #[event("actor.errored", version = 1, audit = Activity,
                fails = "actor.invoked" by invocation_id or actor)]
        ActorErrored {
            actor: String,
            error: String,
            /// Which of the actor's invocations it belongs to, where the producer says.
            invocation_id: Option<String>,
        },

        /// An actor handed its work to another one, or to a person.
        #[event("actor.escalated", version = 1, audit = Activity,
                resumes = "actor.invoked" by invocation_id or actor)]
        ActorEscalated {
            actor: String,
            to: String,
            reason: String,
            /// Which of the actor's invocations it belongs to, where the producer says.
            invocation_id: Option<String>,
        },
    }
}
