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

use domain::{Catalogue, EventGroup, GroupDescriptor, events};

/// The shop's contexts.
const GROUPS: &[GroupDescriptor] = &[OrderEvent::GROUP, ParcelEvent::GROUP];

/// The platform's events and the shop's, composed into one catalogue.
pub const CATALOGUE: Catalogue = Catalogue::compose(&[events::GROUPS, GROUPS]);

/// The shop's events alone: those whose golden samples the shop keeps, in `golden/`.
pub const OWN_CATALOGUE: Catalogue = Catalogue::compose(&[GROUPS]);
