//! One attempt to handle one event, which harms nobody else whatever its handler does.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use domain::subscription::Effect;
use domain::{Clock, Delivery};
use futures::FutureExt;
use futures::future::{BoxFuture, Either, select};

use super::{Handler, causes};
use crate::panics;

/// What is to be changed because of an event, or what the attempt failed with and what caused that,
/// outermost first.
type Handled = Result<Vec<Effect>, Vec<String>>;

/// Has an event handled within `deadline`.
pub(super) async fn attempt(
    handler: &Handler,
    delivery: &Delivery,
    clock: &dyn Clock,
    deadline: Duration,
) -> Handled {
    // The call itself stands inside as well: a handler may panic before its first await. And so does
    // what its error says, which is the handler's own too.
    let handled = async { handler.handle(delivery).await.map_err(|error| causes(&*error)) };
    let call = Call(Some(AssertUnwindSafe(handled).catch_unwind().boxed()));
    // The handler is asked first, so that one that has returned is never late.
    match select(call, clock.sleep(deadline)).await {
        Either::Left((Ok(handled), _)) => handled,
        Either::Left((Err(panic), _)) => {
            Err(vec!["the handler panicked".to_owned(), panics::message(&*panic).to_owned()])
        }
        Either::Right(_) => Err(vec![format!(
            "the handler did not return within {deadline:?} and was given up: make it faster, or \
             give it a longer deadline"
        )]),
    }
}

/// A handler at work. One that is given up is dropped, and may panic over that.
struct Call<'a>(Option<BoxFuture<'a, Result<Handled, Box<dyn Any + Send>>>>);

impl Future for Call<'_> {
    type Output = Result<Handled, Box<dyn Any + Send>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Some(call) => call.poll_unpin(context),
            // It is there until this is dropped.
            None => Poll::Pending,
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let call = self.0.take();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(move || drop(call))) {
            tracing::error!(
                panic = panics::message(&*panic),
                "a handler panicked when it was given up"
            );
        }
    }
}
