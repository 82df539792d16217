//! What comes of one attempt, whatever its handler does.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::ports::{
    EmitBatch, EventProjector, EventSubscriber, ReactionEmitter, handler, projector,
};
use domain::subscription::Effect;
use domain::{Clock, Delivery, EmitError, EventDraft, Receipt};
use futures::FutureExt;

use super::window::event;
use crate::delivery::Handler;
use crate::delivery::attempt::attempt;

/// A clock on which a pause lasts for ever, or no time at all.
struct Still {
    forever: bool,
}

#[async_trait]
impl Clock for Still {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    async fn sleep(&self, _: Duration) {
        if self.forever {
            std::future::pending::<()>().await;
        }
    }
}

/// Nobody emits here.
struct Nowhere;

#[async_trait]
impl EmitBatch for Nowhere {
    async fn emit_batch(&self, _: Vec<EventDraft>) -> Result<Vec<Receipt>, EmitError> {
        Err(EmitError::ShutDown)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("it is not to be handled")]
struct Refuses(#[source] std::fmt::Error);

fn tried(handler: &Handler, in_time: bool) -> Result<Vec<Effect>, Vec<String>> {
    let event = event(1);
    let emitter = ReactionEmitter::new(Arc::clone(&event), Arc::new(Nowhere), 1);
    let delivery = Delivery::new(event, emitter);
    let clock = Still { forever: in_time };
    attempt(handler, &delivery, &clock, Duration::from_secs(7)).now_or_never().unwrap()
}

fn subscriber(subscriber: Arc<dyn EventSubscriber>) -> Handler {
    Handler::Subscriber(subscriber)
}

#[test]
fn what_a_handler_wants_changed_is_what_comes_of_it() {
    let effects: Arc<dyn EventProjector> =
        projector("effects", |_| async { Ok(vec![Effect::new("one"), Effect::new("two")]) });
    let wanted = vec![Effect::new("one"), Effect::new("two")];
    assert_eq!(tried(&Handler::Projector(effects), true), Ok(wanted));
    assert_eq!(tried(&subscriber(handler("done", |_| async { Ok(()) })), true), Ok(Vec::new()));
}

#[test]
fn a_failure_is_told_with_what_caused_it() {
    let refuses = handler("refuses", |_| async { Err(Refuses(std::fmt::Error).into()) });
    let cause = std::fmt::Error.to_string();
    let errors = vec!["it is not to be handled".to_owned(), cause];
    assert_eq!(tried(&subscriber(refuses), true), Err(errors));
}

#[test]
fn one_that_does_not_return_in_time_has_failed_and_one_that_has_returned_is_not_late() {
    let hangs = subscriber(handler("hangs", |_| std::future::pending()));
    let errors = tried(&hangs, false).unwrap_err();
    assert!(errors[0].starts_with("the handler did not return within 7s"), "{errors:?}");
    assert_eq!(tried(&subscriber(handler("done", |_| async { Ok(()) })), false), Ok(Vec::new()));
}
