//! Reacting to what is on record by changing the database that the record is in.
//!
//! Deliberately absent: a connection. A projector says what is to be changed; whoever runs it sees to
//! it that the change and the note that the event has been handled are one transaction.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use shaku::Interface;

use super::{Delivery, HandlerError};
use crate::subscription::Effect;

/// Reacts to events with effects: each is there exactly once, however often the event is handed over.
#[async_trait]
pub trait EventProjector: Interface {
    /// A name for logs.
    fn name(&self) -> &str;

    /// What is to be changed because of one event, in order; nothing when the event changes nothing.
    /// What the effects need first, such as a table, is an effect as well: `CREATE TABLE IF NOT
    /// EXISTS …`.
    ///
    /// It may be asked more than once for the same event, and only one answer is carried out: do
    /// nothing here that must not be done twice.
    async fn project(&self, event: &Delivery) -> Result<Vec<Effect>, HandlerError>;
}

/// A projector made of a name and a function.
///
/// ```
/// use indelible_domain::ports::projector;
/// use indelible_domain::subscription::Effect;
/// let names = projector("plan names", |event| async move {
///     Ok(vec![
///         Effect::new("CREATE TABLE IF NOT EXISTS plan_event (sequence INTEGER PRIMARY KEY)"),
///         Effect::new("INSERT INTO plan_event VALUES (?)").with(event.sequence.0),
///     ])
/// });
/// ```
pub fn projector<F, R>(name: &str, function: F) -> Arc<dyn EventProjector>
where
    F: Fn(Delivery) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Vec<Effect>, HandlerError>> + Send + 'static,
{
    Arc::new(FunctionProjector { name: name.to_owned(), function })
}

struct FunctionProjector<F> {
    name: String,
    function: F,
}

#[async_trait]
impl<F, R> EventProjector for FunctionProjector<F>
where
    F: Fn(Delivery) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Vec<Effect>, HandlerError>> + Send + 'static,
{
    fn name(&self) -> &str {
        &self.name
    }

    async fn project(&self, event: &Delivery) -> Result<Vec<Effect>, HandlerError> {
        (self.function)(event.clone()).await
    }
}
