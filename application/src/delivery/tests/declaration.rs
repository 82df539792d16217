//! What a declaration shows of itself.

use std::time::Duration;

use domain::events::PlanCreated;
use domain::ports::{handler, projector};
use domain::{EventFilter, StartAt};

use crate::delivery::{DurableSubscription, Handler, OrderBy};

#[test]
fn a_declaration_shows_what_it_is_made_of() {
    let nothing = handler("nothing", |_| async { Ok(()) });
    let durable = DurableSubscription::handling("billing", EventFilter::all(), nothing);
    for (order, shown) in [
        (OrderBy::Total, "order: Total"),
        (OrderBy::Plan, "order: Plan"),
        (OrderBy::Correlation, "order: Correlation"),
        (OrderBy::key(|event| event.sequence.to_string()), "order: Key(..)"),
    ] {
        let text = format!("{:?}", durable.clone().ordered_by(order).starting(StartAt::Beginning));
        assert!(text.contains(shown) && text.contains("Subscriber(\"nothing\")"), "{text}");
    }
    let effects = projector("effects", |_| async { Ok(Vec::new()) });
    let durable = DurableSubscription::projecting("billing", EventFilter::all(), effects);
    assert!(format!("{durable:?}").contains("Projector(\"effects\")"));
    assert!(durable.filter().is_all());
    let plans = projector("effects", |_| async { Ok(Vec::new()) });
    let plans = DurableSubscription::projecting("plans", EventFilter::of::<PlanCreated>(), plans);
    assert!(!plans.filter().is_all());
    let _ = durable.with_handler(|handler| {
        assert!(matches!(handler, Handler::Projector(_)));
        handler
    });
}

#[test]
fn a_lease_may_be_as_short_as_is_promised_and_no_shorter() {
    let of = |ms| {
        let nothing = handler("nothing", |_| async { Ok(()) });
        DurableSubscription::handling("billing", EventFilter::all(), nothing)
            .with_lease(Duration::from_millis(ms))
            .check()
    };
    assert!(of(300).is_ok() && of(299).is_err());
}
