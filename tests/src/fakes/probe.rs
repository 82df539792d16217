//! A subscriber that keeps what it is told.

use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::HandlerError;
use domain::{Delivery, EventSubscriber, RecordedEvent, Sequence};
use tokio::sync::watch;

use super::{Gate, panic_on_purpose};

type Choice = Box<dyn Fn(&RecordedEvent) -> bool + Send + Sync>;

/// What a probe fails with when it is told to.
#[derive(Debug, thiserror::Error)]
#[error("this probe fails")]
pub struct ProbeFailed;

/// Keeps every event it is told of, also those it then fails or panics over.
pub struct Probe {
    name: String,
    seen: watch::Sender<Vec<RecordedEvent>>,
    gate: Option<Arc<Gate>>,
    fails_on: Option<Choice>,
    panics_on: Option<Choice>,
}

impl Probe {
    /// A probe of this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            seen: watch::Sender::new(Vec::new()),
            gate: None,
            fails_on: None,
            panics_on: None,
        }
    }

    /// A probe that passes through `gate` before it keeps an event.
    #[must_use]
    pub fn behind(mut self, gate: Arc<Gate>) -> Self {
        self.gate = Some(gate);
        self
    }

    /// A probe that returns an error for some events.
    #[must_use]
    pub fn failing_on(
        mut self,
        choice: impl Fn(&RecordedEvent) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.fails_on = Some(Box::new(choice));
        self
    }

    /// A probe that panics over some events.
    #[must_use]
    pub fn panicking_on(
        mut self,
        choice: impl Fn(&RecordedEvent) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.panics_on = Some(Box::new(choice));
        self
    }

    /// What it has been told so far.
    #[must_use]
    pub fn events(&self) -> Vec<RecordedEvent> {
        self.seen.borrow().clone()
    }

    /// The places on record of what it has been told so far.
    #[must_use]
    pub fn sequences(&self) -> Vec<Sequence> {
        self.seen.borrow().iter().map(|event| event.sequence).collect()
    }

    /// Waits until it has been told of `count` events.
    pub async fn told(&self, count: usize) {
        // Fails only when the sender is gone, which `self` is not.
        let _ = self.seen.subscribe().wait_for(|seen| seen.len() >= count).await;
    }
}

#[async_trait]
impl EventSubscriber for Probe {
    fn name(&self) -> &str {
        &self.name
    }

    async fn handle(&self, event: &Delivery) -> Result<(), HandlerError> {
        if let Some(gate) = &self.gate {
            gate.pass().await;
        }
        self.seen.send_modify(|seen| seen.push(RecordedEvent::clone(event)));
        if self.panics_on.as_ref().is_some_and(|choice| choice(event)) {
            panic_on_purpose("this probe panics");
        }
        if self.fails_on.as_ref().is_some_and(|choice| choice(event)) {
            return Err(Box::new(ProbeFailed));
        }
        Ok(())
    }
}
