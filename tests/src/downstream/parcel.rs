//! Events of the `parcel` context: what happens to a parcel on its way to a customer.
//!
//! `parcel.shipped` is in its second version: the first named the order otherwise and knew one carrier.

use domain::{Details, DetailsError};

domain::domain_events! {
    /// What happens to a parcel on its way to a customer.
    pub enum ParcelEvent {
        /// A parcel left the house.
        #[event("parcel.shipped", version = 2, audit = Data, upcast = shipped_by_post)]
        ParcelShipped {
            /// The number on its label.
            parcel_id: String,
            /// The order it belongs to.
            order_id: String,
            /// Who carries it: `post`, or `bicycle` in town.
            carrier: String,
        },
    }
}

/// Version 1 called the order's number `order`, and is from the time when the post carried all.
fn shipped_by_post(_version: u32, mut details: Details) -> Result<Details, DetailsError> {
    // Not `remove`, which would move the last field into the gap.
    let order = details.shift_remove("order").ok_or_else(|| DetailsError::Missing {
        field: "order".to_owned(),
        expected: "the order's number".to_owned(),
    })?;
    details.insert("order_id".to_owned(), order);
    details.insert("carrier".to_owned(), "post".into());
    Ok(details)
}
