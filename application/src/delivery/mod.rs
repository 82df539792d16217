//! Durable subscriptions, run: each event is handled at least once, or kept as a dead letter, however
//! often the process that does so is killed, restarted or relieved by another.
//!
//! A [`DurableSubscription`] says what is handled and how; [`begin`] sees to it that it is there, and
//! [`Begun::run`] moves it on, under a lease that one process at a time has; [`ManageSubscriptions`] is what people do to it.
//!
//! Deliberately absent: tasks, signals and channels. Whoever runs a subscription is its
//! [`Supervision`] and has those; time is the clock's.

mod attempt;
mod begin;
mod handler;
mod manage;
mod measures;
mod order;
mod reactions;
mod retry;
mod runner;
mod second_chance;
mod secrets;
mod standing;
mod start;
mod steps;
mod subscription;
mod tenure;
#[cfg(test)]
mod tests;
mod window;

use crate::causes::causes;

pub use begin::{BeginError, Begun, begin};
pub use handler::Handler;
pub use manage::{ManageError, ManageSubscriptions, SubscriptionLag};
pub use measures::deliver_span;
pub use order::OrderBy;
pub use reactions::Reactions;
pub use retry::RetryPolicy;
pub use runner::{Ended, SubscriptionPorts};
pub use secrets::without_secrets;
pub use standing::{Standing, Supervision};
pub use subscription::{DurableSubscription, InvalidSubscription, OnExhausted};
