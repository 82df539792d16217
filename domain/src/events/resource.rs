//! Events of the `resource` context: what happens to the files and services a plan touches.

crate::domain_events! {
    /// What happens to the files and services a plan touches.
    pub enum ResourceEvent {
        /// A resource was read or listed.
        #[event("resource.accessed", version = 1, audit = Data)]
        ResourceAccessed { resource_id: String, mode: String },

        /// A resource was created, changed or removed.
        #[event("resource.modified", version = 1, audit = Data)]
        ResourceModified {
            resource_id: String,
            modification: String,
            sandbox_path: Option<String>,
            tool: Option<String>,
        },

        /// A resource was taken into the search index.
        #[event("resource.indexed", version = 1, audit = Data)]
        ResourceIndexed { resource_id: String, items: u64 },
    }
}
