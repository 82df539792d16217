//! Events of the `decision` context: what happens to a decision.

crate::domain_events! {
    /// What happens to a decision.
    pub enum DecisionEvent {
        /// An actor chose between alternatives.
        #[event("decision.created", version = 1, audit = Decision)]
        DecisionCreated {
            decision_id: String,
            kind: String,
            question: String,
            chosen: String,
            alternatives: Vec<String>,
            confidence: Option<f64>,
        },

        /// Somebody entitled to it approved a decision.
        #[event("decision.approved", version = 1, audit = Decision)]
        DecisionApproved { decision_id: String, approver: String },

        /// A decision was corrected by guidance from outside.
        #[event("decision.corrected", version = 1, audit = Decision)]
        DecisionCorrected { decision_id: String, mode: String, guidance: String },

        /// A later decision took the place of an earlier one.
        #[event("decision.superseded", version = 1, audit = Decision)]
        DecisionSuperseded { decision_id: String, superseded_by: String },
    }
}
