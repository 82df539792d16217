//! The container and the composition root.

mod app;
mod builder;
mod checkpoints;
mod durable;
mod error;
mod module;
mod reading;
mod schedule;

pub use app::App;
pub use builder::AppBuilder;
pub use durable::{DurableGuard, DurableRunners, SubscribeError};
pub use error::StartError;
pub use module::{IndelibleModule, IndelibleServices};
pub use reading::{
    ToVerify, open_erasure_for_reading, open_for_reading, open_legal_holds_for_reading,
    open_subscriptions_for_reading, open_to_verify, open_tree_for_reading,
};
