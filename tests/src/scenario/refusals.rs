//! Checking how often events were refused.

use std::marker::PhantomData;

use domain::{DomainEvent, EmitError, EventEnvelope};

use super::conditions::Conditions;
use super::counted::many;
use super::scene::Scene;
use super::{Outcome, ScenarioError, explain};

/// An event that was refused as expected.
#[derive(Clone, Debug)]
pub struct Refused<E> {
    /// The event, as it was handed to `emit`; `None` where it cannot be written down at all.
    pub event: Option<E>,
    /// What `emit` said.
    pub error: EmitError,
}

/// Events that are expected to be refused; how often is still to be said.
#[must_use = "nothing is checked before it is said how often, and awaited"]
pub struct Refusals<E> {
    scene: Scene,
    conditions: Conditions,
    event: PhantomData<fn() -> E>,
}

impl<E: DomainEvent> Refusals<E> {
    pub(super) fn new(scene: Scene, conditions: Conditions) -> Self {
        Self { scene, conditions, event: PhantomData }
    }

    /// Exactly one, which is returned with the reason.
    ///
    /// # Errors
    /// When it is none or more, with the scenario's timeline.
    pub async fn once(self) -> Outcome<Refused<E>> {
        let mut refused = self.times_as(1, "once").await?;
        // `times_as` returns just as many as it is asked for.
        Ok(refused.swap_remove(0))
    }

    /// Exactly so many, which are returned in order.
    ///
    /// # Errors
    /// When it is another number, with the scenario's timeline.
    pub async fn times(self, times: usize) -> Outcome<Vec<Refused<E>>> {
        self.times_as(times, &many(times)).await
    }

    /// None.
    ///
    /// # Errors
    /// When there is one, with the scenario's timeline.
    pub async fn never(self) -> Outcome {
        self.times_as(0, "never").await.map(drop)
    }

    async fn times_as(self, times: usize, words: &str) -> Outcome<Vec<Refused<E>>> {
        let Self { scene, conditions, .. } = self;
        scene.settled().await?;
        let happenings = scene.timeline.happenings();
        let explain::Refusals { meant, unclear } = explain::refusals(&conditions, &happenings);
        if meant.len() == times && unclear == 0 {
            let read = |envelope: &EventEnvelope| {
                E::from_versioned(envelope.schema_version, &envelope.details).ok()
            };
            let refused = meant.into_iter().map(|(envelope, error)| Refused {
                event: envelope.and_then(read),
                error: error.clone(),
            });
            return Ok(refused.collect());
        }
        let rows = scene.rows(conditions.event_type()).await?;
        Err(ScenarioError::Unmet {
            expected: format!("{conditions} refused {words}"),
            found: many(meant.len()),
            because: if unclear > 0 {
                format!(
                    "Of {unclear} that were refused because they cannot be written down, nothing \
                     can be asked: expect them without conditions."
                )
            } else {
                explain::not_refused(&conditions, &rows, &happenings)
            },
            timeline: explain::titled(&scene.timeline),
        })
    }
}
