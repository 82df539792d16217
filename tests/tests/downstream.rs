//! A product that depends on the domain alone declares its events like the platform does, and
//! composes one catalogue of both.
//!
//! Deliberately absent: booting it. The wiring tests do that, in the real container.

use domain::{Details, DomainEvent, EventDraft, EventGroup, events};
use indelible_tests::downstream::{CATALOGUE, OrderEvent, OrderPlaced, ParcelEvent, ParcelShipped};
use serde_json::json;

#[test]
fn the_composed_catalogue_holds_the_platforms_events_and_the_products() {
    let names: Vec<_> = CATALOGUE.events().map(|event| event.event_type).collect();
    let platform: Vec<_> = events::CATALOGUE.events().map(|event| event.event_type).collect();
    let (first, rest) = names.split_at(platform.len());
    assert_eq!(first, platform);
    assert_eq!(rest, ["order.placed", "parcel.shipped"]);
    assert!(events::CATALOGUE.find("order.placed").is_none(), "the platform's own is unchanged");
}

#[test]
fn a_products_event_has_all_that_a_platform_event_has() {
    let event = CATALOGUE.find("parcel.shipped").unwrap();
    assert_eq!((event.version, event.context(), event.rust_name), (2, "parcel", "ParcelShipped"));
    assert_eq!(event.summary(), "A parcel left the house.");
    assert_eq!((event.check)(2, &(event.sample)()), Ok(()));
    let schema = (event.schema)().to_value();
    assert_eq!(schema["required"], json!(["parcel_id", "order_id", "carrier"]));
    assert_eq!(schema["properties"]["parcel_id"]["description"], "The number on its label.");

    let draft: EventDraft = OrderEvent::from(OrderPlaced::sample()).into();
    assert_eq!(draft.event_type(), &OrderPlaced::DESCRIPTOR.name());
}

#[test]
fn a_product_reads_its_own_old_versions() {
    let first = serde_json::from_value(json!({ "parcel_id": "p1", "order": "o1" })).unwrap();
    let parcel = ParcelEvent::decode("parcel.shipped", 1, &first).unwrap().unwrap();
    let expected =
        ParcelShipped { parcel_id: "p1".into(), order_id: "o1".into(), carrier: "post".into() };
    assert_eq!(parcel, ParcelEvent::ParcelShipped(expected));
    let error = ParcelShipped::from_versioned(1, &Details::new()).unwrap_err();
    assert_eq!(error.to_string(), "field `order` is missing: add it as the order's number");
}
