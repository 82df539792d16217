//! The shop's own container: a dispatcher that sends a parcel for every order.
//!
//! Deliberately absent: knowledge of how the ports it needs are played.

#![allow(missing_docs, reason = "the macro takes no doc comment for the container's own items")]

use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::HandlerError;
use domain::{
    Delivery, Emit as _, EventBus, EventDraft, EventFilter, EventSubscriber, Subscription,
};
use indelible::{App, IndelibleServices};
use shaku::{Component, HasComponent, module};

use super::{OrderPlaced, ParcelShipped};

/// Sends a parcel for every order, as a reaction to it being on record.
#[derive(Component)]
#[shaku(interface = EventSubscriber)]
struct Dispatcher {
    #[shaku(inject)]
    bus: Arc<dyn EventBus>,
}

#[async_trait]
impl EventSubscriber for Dispatcher {
    fn name(&self) -> &'static str {
        "dispatcher"
    }

    async fn handle(&self, event: &Delivery) -> Result<(), HandlerError> {
        let order: OrderPlaced = event.decode()?;
        if order.articles.is_empty() {
            return Err(format!("order {} has nothing to send", order.order_id).into());
        }
        let parcel = ParcelShipped {
            parcel_id: format!("parcel-of-{}", order.order_id),
            order_id: order.order_id,
            carrier: "bicycle".to_owned(),
        };
        let caused = EventDraft::from(parcel).caused_by(event.envelope.event_id.clone());
        self.bus.emit(caused).await?;
        Ok(())
    }
}

module! {
    ShopModule {
        components = [Dispatcher],
        providers = [],

        use dyn IndelibleServices {
            components = [dyn EventBus],
            providers = [],
        }
    }
}

/// The running shop: it reacts for as long as this is kept.
pub struct Shop {
    _dispatching: Subscription,
}

impl Shop {
    /// Starts the shop on an application that records its events.
    #[must_use]
    pub fn start(app: &App) -> Self {
        let module = ShopModule::builder(app.services()).build();
        let dispatcher: Arc<dyn EventSubscriber> = module.resolve();
        let orders = EventFilter::of::<OrderPlaced>();
        Self { _dispatching: app.bus().subscribe(orders, dispatcher) }
    }
}
