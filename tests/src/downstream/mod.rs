//! A small product downstream of Indelible: a shop with two events of its own.
//!
//! It is written as a product's own code would be, against the domain alone. Wiring tests boot it
//! in the real container to show that its events are recorded and audited like the platform's.
//!
//! Its events need the domain alone. Its one reaction is a component of a container of its own,
//! which is built on the application's: see [`Shop`].
//!
//! Deliberately absent: anything a product would not have. No adapter, no fake.

mod order;
mod parcel;
mod shop;

pub use order::{OrderEvent, OrderPlaced};
pub use parcel::{ParcelEvent, ParcelShipped};
pub use shop::Shop;

use domain::{Catalogue, EventGroup, events};

/// The platform's events and the shop's, composed into one catalogue.
pub const CATALOGUE: Catalogue =
    Catalogue::compose(&[events::GROUPS, &[OrderEvent::GROUP, ParcelEvent::GROUP]]);
