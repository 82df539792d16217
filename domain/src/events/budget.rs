//! Events of the `budget` context: what happens to the money a scope may spend, in US dollars.

crate::domain_events! {
    /// What happens to the money a scope may spend, in US dollars.
    pub enum BudgetEvent {
        /// Spending came close to its limit.
        #[event("budget.warning", version = 1, audit = Cost)]
        BudgetWarning { scope: String, limit_usd: f64, spent_usd: f64 },

        /// Spending went over its limit.
        #[event("budget.exceeded", version = 1, audit = Cost)]
        BudgetExceeded { scope: String, limit_usd: f64, spent_usd: f64 },
    }
}
