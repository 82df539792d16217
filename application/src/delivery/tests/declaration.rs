//! What a declaration shows of itself.

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
    let _ = durable.with_handler(|handler| {
        assert!(matches!(handler, Handler::Projector(_)));
        handler
    });
}
