indelible_domain::domain_events! {
    /// What happens to an order.
    pub enum OrderEvent {
        /// A customer placed an order.
        #[event("order.placed", version = 1, audit = Lifecycle, opens = order_id)]
        OrderPlaced { order_id: String },

        /// An order was cancelled.
        #[event("order.cancelled", version = 1, audit = Lifecycle, fails = "order.placed" by order_id)]
        OrderCancelled { order_id: String },

        /// An order was delivered.
        #[event("order.delivered", version = 1, audit = Lifecycle, completes = "order.placed")]
        OrderDelivered { order_id: String },
    }
}

fn main() {}
