indelible_domain::domain_events! {
    /// What happens to an order.
    pub enum OrderEvent {
        ///
        #[event("order.placed", version = 1, audit = Lifecycle)]
        OrderPlaced { order_id: String },
    }
}

fn main() {}
