//! Durable subscriptions, run by the real container on a real file.

#![allow(clippy::unwrap_used, reason = "a test may give up")]

mod ending;
mod failing;
mod generated;
mod managing;
mod ordering;
mod projecting;
mod resuming;
mod second_chances;
mod sharing;
mod supervised;
mod troubles;
mod unreliable;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use application::delivery::DurableSubscription;
use chrono::{DateTime, Utc};
use domain::events::PlanCreated;
use domain::ports::{HandlerError, handler};
use domain::{Delivery, DomainEvent, EventDraft, EventFilter, SubscriptionName};
use indelible_tests::expect::soon;
use tokio::sync::watch;

pub(crate) fn plan(id: &str) -> EventDraft {
    EventDraft::from(PlanCreated::sample()).in_plan(id)
}

pub(crate) fn moment() -> DateTime<Utc> {
    "2026-07-01T09:00:00Z".parse().unwrap()
}

pub(crate) fn name(text: &str) -> SubscriptionName {
    text.parse().unwrap()
}

/// A lease that a test can outlive.
pub(crate) const SHORT_LEASE: Duration = Duration::from_millis(600);

/// How an event was handed over: its place, the attempt, and whether it was said to be a repetition.
pub(crate) type Handed = (u64, u32, bool);

type Choice = Arc<dyn Fn(&Delivery) -> bool + Send + Sync>;

/// What a handler was told, also by a restart ago, and what it fails over.
#[derive(Clone)]
pub(crate) struct Told {
    handed: watch::Sender<Vec<Handed>>,
    fails: Arc<Mutex<Choice>>,
}

#[derive(Debug, thiserror::Error)]
#[error("it is not to be handled")]
pub(crate) struct Refuses(#[source] Because);

#[derive(Debug, thiserror::Error)]
#[error("the test says so")]
pub(crate) struct Because;

impl Told {
    pub(crate) fn new() -> Self {
        let fails: Choice = Arc::new(|_| false);
        Self { handed: watch::Sender::default(), fails: Arc::new(Mutex::new(fails)) }
    }

    /// Has it fail over some.
    pub(crate) fn fail(&self, choice: impl Fn(&Delivery) -> bool + Send + Sync + 'static) {
        *self.fails.lock().unwrap() = Arc::new(choice);
    }

    pub(crate) fn all(&self) -> Vec<Handed> {
        self.handed.borrow().clone()
    }

    pub(crate) fn sequences(&self) -> Vec<u64> {
        self.all().into_iter().map(|(sequence, ..)| sequence).collect()
    }

    /// Waits until it has been told so often.
    pub(crate) async fn times(&self, count: usize) {
        let mut handed = self.handed.subscribe();
        soon("a handler is told", handed.wait_for(|it| it.len() >= count)).await.unwrap();
    }

    pub(crate) fn note(&self, event: &Delivery) -> Result<(), HandlerError> {
        let handed = (event.sequence.0, event.attempt(), event.may_be_repeated());
        self.handed.send_modify(|all| all.push(handed));
        let choice = Arc::clone(&*self.fails.lock().unwrap());
        if choice(event) { Err(Box::new(Refuses(Because))) } else { Ok(()) }
    }

    /// A durable subscription to plans that tells this one.
    pub(crate) fn plans(&self, name: &str) -> DurableSubscription {
        let told = self.clone();
        let note = handler(name, move |event| {
            let told = told.clone();
            async move { told.note(&event) }
        });
        DurableSubscription::handling(name, EventFilter::of::<PlanCreated>(), note)
    }
}
