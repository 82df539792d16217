//! Durable subscriptions: their names, where they begin, how far they have come, and what they could
//! not handle.
//!
//! Deliberately absent: where this is kept, see [`crate::ports::SubscriptionStore`], and who moves a
//! subscription on, which is a use case.

mod dead_letter;
mod effect;
mod name;
mod start;
mod status;

pub use dead_letter::{DeadLetter, NewDeadLetter, RetriedLetter};
pub use effect::{Effect, EventEffects};
pub use name::{InvalidSubscriptionName, SubscriptionName};
pub use start::StartAt;
pub use status::{Lease, Progress, SubscriptionFailure, SubscriptionState, SubscriptionStatus};
