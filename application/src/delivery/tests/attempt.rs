//! What comes of one attempt, whatever its handler does.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::ports::{
    EmitBatch, EventProjector, EventSubscriber, HandlerError, ReactionEmitter, handler, projector,
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

/// Panics when it is dropped.
struct Dropped;

impl Drop for Dropped {
    fn drop(&mut self) {
        panic!("over its end");
    }
}

/// Panics when it is asked what it says.
#[derive(Debug)]
struct Unspeakable;

impl std::fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("over its words");
    }
}

impl std::error::Error for Unspeakable {}

#[test]
fn a_handler_that_panics_has_failed_wherever_it_does_so() {
    let panicked = |over: &str| Err(vec!["the handler panicked".to_owned(), over.to_owned()]);
    let at_once = handler("at once", |_| -> std::future::Ready<Result<(), HandlerError>> {
        panic!("at once");
    });
    assert_eq!(tried(&subscriber(at_once), true), panicked("at once"));
    let ends = handler("ends", |_| async {
        let _dropped = Dropped;
        Ok(())
    });
    assert_eq!(tried(&subscriber(ends), true), panicked("over its end"));
    let fails = handler("fails", |_| async { Err(Unspeakable.into()) });
    assert_eq!(tried(&subscriber(fails), true), panicked("over its words"));
}

#[test]
fn one_that_panics_when_it_is_given_up_was_late_and_harms_nobody() {
    let hangs = handler("hangs", |_| async {
        let _dropped = Dropped;
        std::future::pending().await
    });
    let hangs = subscriber(hangs);
    let errors = tried(&hangs, false).unwrap_err();
    assert!(errors[0].starts_with("the handler did not return within 7s"), "{errors:?}");
    // As where a lease is lost.
    let event = event(1);
    let emitter = ReactionEmitter::new(Arc::clone(&event), Arc::new(Nowhere), 1);
    let (delivery, clock) = (Delivery::new(event, emitter), Still { forever: true });
    let mut under_way = Box::pin(attempt(&hangs, &delivery, &clock, Duration::from_secs(7)));
    assert!(under_way.as_mut().now_or_never().is_none());
    drop(under_way);
}
