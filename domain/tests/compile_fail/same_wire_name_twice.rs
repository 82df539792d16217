indelible_domain::domain_events! {
    /// What happens to an order.
    pub enum OrderEvent {
        /// A customer placed an order.
        #[event("order.placed", version = 1, audit = Lifecycle)]
        OrderPlaced { order_id: String },

        /// A customer placed an order by telephone.
        #[event("order.placed", version = 1, audit = Lifecycle)]
        OrderTelephoned { order_id: String },
    }
}

fn main() {}
