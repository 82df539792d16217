indelible_domain::domain_events! {
    /// What happens to an order.
    pub enum OrderEvent {}
}

fn main() {}
