use indelible_domain::{
    Catalogue, Details, DetailsError, DomainEvent, EventDraft, EventGroup, events,
};

indelible_domain::domain_events! {
    /// What happens to an order.
    pub enum OrderEvent {
        /// A customer placed an order.
        #[event("order.placed", version = 2, audit = Lifecycle, upcast = placed_before)]
        OrderPlaced {
            /// The order's number, as the customer sees it.
            order_id: String,
            /// Where it came from.
            r#type: Option<String>,
            items: Vec<u64>,
        },

        /// The day's orders were closed.
        #[event("order.day_closed", version = 1, audit = Lifecycle)]
        OrderDayClosed {},
    }
}

fn placed_before(_version: u32, mut details: Details) -> Result<Details, DetailsError> {
    details.entry("items").or_insert_with(|| Vec::<u64>::new().into());
    Ok(details)
}

mod private {
    indelible_domain::domain_events! {
        /// What happens to a parcel; known in this crate alone.
        pub(crate) enum ParcelEvent {
            /// A parcel left the house.
            #[event("parcel.shipped", version = 1, audit = Data)]
            ParcelShipped { parcel_id: String }
        }
    }
}

const CATALOGUE: Catalogue = Catalogue::compose(&[
    events::GROUPS,
    &[OrderEvent::GROUP, private::ParcelEvent::GROUP],
]);

fn main() {
    let drafts: [EventDraft; 2] =
        [OrderEvent::from(OrderDayClosed {}).into(), private::ParcelShipped::sample().into()];
    for draft in drafts {
        assert!(CATALOGUE.find(draft.event_type().as_str()).is_some());
    }
    let placed = OrderPlaced::from_versioned(1, &Details::from_iter([("order_id".into(), "7".into())]));
    assert_eq!(placed, Ok(OrderPlaced { order_id: "7".into(), r#type: None, items: vec![] }));
}
