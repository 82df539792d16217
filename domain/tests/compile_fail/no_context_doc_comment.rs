indelible_domain::domain_events! {
    pub enum OrderEvent {
        /// A customer placed an order.
        #[event("order.placed", version = 1, audit = Lifecycle)]
        OrderPlaced { order_id: String },
    }
}

fn main() {}
