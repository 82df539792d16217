//! The second stage of emitting: reacting to what is on record.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use shaku::Interface;

use super::Delivery;

/// Whatever a handler failed with.
pub type HandlerError = Box<dyn std::error::Error + Send + Sync>;

/// Reacts to events after they are on record.
///
/// The bus calls it for one event at a time, in the order of the record. It may take its time, fail
/// or panic: neither emitters nor other subscribers notice. It may subscribe and unsubscribe, and emit:
/// through [`Delivery::emit`], so that what it emits names the event it reacts to.
#[async_trait]
pub trait EventSubscriber: Interface {
    /// A name for logs and counters.
    fn name(&self) -> &str;

    /// Reacts to one event. An error is logged with the event's id and this subscriber's name,
    /// and counted; the next event follows all the same.
    async fn handle(&self, event: &Delivery) -> Result<(), HandlerError>;
}

/// Keeps a subscription alive: dropping it unsubscribes.
///
/// Once dropped, the bus holds nothing of the subscriber. An event that is being handled at that
/// moment is abandoned at the handler's next await.
#[must_use = "dropping a subscription unsubscribes at once: keep it as long as you want events"]
pub struct Subscription {
    cancel: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl Subscription {
    /// A guard that runs `cancel` when it is dropped.
    pub fn new(cancel: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self { cancel: Some(Box::new(cancel)) }
    }

    /// Unsubscribes; the same as dropping it, where a name reads better.
    pub fn unsubscribe(self) {}

    /// Gives the guard up: the subscription lasts as long as the bus.
    pub fn keep(mut self) {
        self.cancel = None;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(cancel) = self.cancel.take() {
            cancel();
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}

/// A subscriber made of a name and a function.
///
/// ```
/// use indelible_domain::ports::handler;
/// let subscriber = handler("printer", |event| async move {
///     println!("{}", event.sequence);
///     Ok(())
/// });
/// ```
pub fn handler<F, R>(name: &str, function: F) -> Arc<dyn EventSubscriber>
where
    F: Fn(Delivery) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), HandlerError>> + Send + 'static,
{
    Arc::new(FunctionSubscriber { name: name.to_owned(), function })
}

struct FunctionSubscriber<F> {
    name: String,
    function: F,
}

#[async_trait]
impl<F, R> EventSubscriber for FunctionSubscriber<F>
where
    F: Fn(Delivery) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), HandlerError>> + Send + 'static,
{
    fn name(&self) -> &str {
        &self.name
    }

    async fn handle(&self, event: &Delivery) -> Result<(), HandlerError> {
        (self.function)(event.clone()).await
    }
}
