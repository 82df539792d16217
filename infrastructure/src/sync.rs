//! What the tasks of the bus and of the writer wait for one another with.
//!
//! It stands in one place because the models in `infrastructure/tests/models/` compile the same
//! files over counterparts of these, whose order of running they choose. So whatever two tasks meet
//! at is taken from here and from nowhere else.
//!
//! Deliberately absent: anything of our own.

pub(crate) use std::sync::atomic::AtomicUsize;
pub(crate) use std::sync::{Mutex, MutexGuard};

pub(crate) use arc_swap::ArcSwap;
pub(crate) use futures::future::{AbortHandle, abortable};
pub(crate) use tokio::runtime::Handle;
pub(crate) use tokio::sync::{Mutex as TurnMutex, Notify, OwnedMutexGuard, mpsc, oneshot};
pub(crate) use tokio::task::coop::consume_budget;
pub(crate) use tokio::task::yield_now;
pub(crate) use tokio::time::timeout;
pub(crate) use tokio_util::sync::CancellationToken;
pub(crate) use tokio_util::task::TaskTracker;
