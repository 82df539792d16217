//! Events of the `correction` context: what happens to corrections of an actor's course.

crate::domain_events! {
    /// What happens to corrections of an actor's course.
    pub enum CorrectionEvent {
        /// A correction was applied to an earlier decision.
        #[event("correction.applied", version = 1, audit = Decision)]
        CorrectionApplied {
            attempt_id: String,
            original_decision_id: String,
            mode: String,
            guidance: String,
        },
    }
}
