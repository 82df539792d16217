//! One attempt to handle one event.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use domain::subscription::Effect;
use domain::{Clock, Delivery};
use futures::FutureExt;
use futures::future::{Either, select};

use super::{Handler, causes};
use crate::panics;

/// Has an event handled within `deadline`. What is to be changed because of it, or what the attempt
/// failed with and what caused that, outermost first.
pub(super) async fn attempt(
    handler: &Handler,
    delivery: &Delivery,
    clock: &dyn Clock,
    deadline: Duration,
) -> Result<Vec<Effect>, Vec<String>> {
    // The call itself stands inside as well: a handler may panic before its first await.
    let call = AssertUnwindSafe(async { handler.handle(delivery).await }).catch_unwind();
    // The handler is asked first, so that one that has returned is never late.
    match select(pin!(call), clock.sleep(deadline)).await {
        Either::Left((Ok(Ok(effects)), _)) => Ok(effects),
        Either::Left((Ok(Err(error)), _)) => Err(causes(&*error)),
        Either::Left((Err(panic), _)) => {
            Err(vec!["the handler panicked".to_owned(), panics::message(&*panic).to_owned()])
        }
        Either::Right(_) => Err(vec![format!(
            "the handler did not return within {deadline:?} and was given up: make it faster, or \
             give it a longer deadline"
        )]),
    }
}
