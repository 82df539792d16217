//! Events of the `tool` context: what the tools of an actor do.

use serde_json::Value;

crate::domain_events! {
    /// What the tools of an actor do.
    pub enum ToolEvent {
        /// A tool was called.
        #[event("tool.invoked", version = 1, audit = Activity, opens = invocation_id)]
        ToolInvoked { invocation_id: String, tool: String, arguments: Value },

        /// A tool call ended with an outcome.
        #[event("tool.completed", version = 1, audit = Activity,
                completes = "tool.invoked" by invocation_id)]
        ToolCompleted { invocation_id: String, tool: String, outcome: Value, duration_ms: u64 },

        /// A tool call failed.
        #[event("tool.errored", version = 1, audit = Activity,
                fails = "tool.invoked" by invocation_id)]
        ToolErrored { invocation_id: String, tool: String, error: String },

        /// A failed tool call was tried again.
        #[event("tool.retried", version = 1, audit = Activity,
                resumes = "tool.invoked" by invocation_id)]
        ToolRetried { invocation_id: String, tool: String, attempt: u64, reason: String },
    }
}
