#![deny(unused_must_use)]

use std::sync::Arc;

use indelible_domain::{EventBus, EventFilter, EventSubscriber};

fn watch(bus: &dyn EventBus, subscriber: Arc<dyn EventSubscriber>) {
    bus.subscribe(EventFilter::all(), subscriber);
}

fn main() {
    let _ = watch;
}
