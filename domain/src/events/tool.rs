//! Events of the `tool` context: what the tools of an actor do.

use serde_json::Value;

crate::domain_events! {
    /// What the tools of an actor do.
    pub enum ToolEvent {
        /// A tool was called.
        #[event("tool.invoked", version = 1, audit = Activity)]
        ToolInvoked { invocation_id: String, tool: String, arguments: Value },

        /// A tool call ended with an outcome.
        #[event("tool.completed", version = 1, audit = Activity)]
        ToolCompleted { invocation_id: String, tool: String, outcome: Value, duration_ms: u64 },

        /// A tool call failed.
        #[event("tool.errored", version = 1, audit = Activity)]
        ToolErrored { invocation_id: String, tool: String, error: String },

        /// A failed tool call was tried again.
        #[event("tool.retried", version = 1, audit = Activity)]
        ToolRetried { invocation_id: String, tool: String, attempt: u64, reason: String },
    }
}
