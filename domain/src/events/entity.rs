//! Events of the `entity` context: what happens to stored entities of any kind.

crate::domain_events! {
    /// What happens to stored entities of any kind.
    pub enum EntityEvent {
        /// An entity was deleted.
        #[event("entity.deleted", version = 1, audit = Data)]
        EntityDeleted { entity_kind: String, entity_id: String },
    }
}
