//! Events of the `context` context: what is gathered for an actor to read.

crate::domain_events! {
    /// What is gathered for an actor to read.
    pub enum ContextEvent {
        /// The context for an actor was put together.
        #[event("context.built", version = 1, audit = Activity)]
        ContextBuilt { fragments: u64, tokens: u64 },

        /// The index was searched for context.
        #[event("context.query_executed", version = 1, audit = Activity)]
        ContextQueryExecuted { query: String, hits: u64, duration_ms: u64 },
    }
}
