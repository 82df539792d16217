//! Events of the `order` context: what happens to a customer's order.

domain::domain_events! {
    /// What happens to a customer's order.
    pub enum OrderEvent {
        /// A customer placed an order.
        #[event("order.placed", version = 1, audit = Lifecycle)]
        OrderPlaced {
            /// The number on the customer's confirmation.
            order_id: String,
            /// What was ordered, one article number per piece.
            articles: Vec<String>,
            /// In euro cents, delivery included.
            total_cents: u64,
            /// What the customer wants us to know.
            note: Option<String>,
        },
    }
}
