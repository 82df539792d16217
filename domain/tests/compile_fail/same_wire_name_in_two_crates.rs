use indelible_domain::{Catalogue, EventGroup, events};

indelible_domain::domain_events! {
    /// What happens to a plan, as this product sees it.
    pub enum ProductPlanEvent {
        /// A plan was created from a shopping basket.
        #[event("plan.created", version = 1, audit = Lifecycle)]
        BasketPlanned { basket_id: String },
    }
}

const CATALOGUE: Catalogue = Catalogue::compose(&[events::GROUPS, &[ProductPlanEvent::GROUP]]);

fn main() {
    assert!(CATALOGUE.find("plan.created").is_some());
}
