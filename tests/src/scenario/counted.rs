//! Checking how often events are where they are expected, once nothing is under way any more.
//!
//! Deliberately absent: sleeping, and asking again and again. The bus says when it is at rest; then
//! the record is read once, and the expectation holds or it does not.

use std::fmt;
use std::marker::PhantomData;

use domain::{DomainEvent, EventFilter, RecordedEvent, StartAt};
use futures::StreamExt as _;

use super::conditions::Conditions;
use super::scene::Scene;
use super::timeline::{Handling, Happening};
use super::{Outcome, ScenarioError, explain};
use crate::expect::chain;

/// An event that was found where it was expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<E> {
    /// The event, typed, as it is on record.
    pub event: E,
    /// Its place on record, when it was recorded, and its envelope.
    pub recorded: RecordedEvent,
}

/// Where events are expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    OnRecord,
    HandledBy(String),
    FailedIn(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnRecord => f.write_str("on record"),
            Self::HandledBy(who) => write!(f, "handled by `{who}`"),
            Self::FailedIn(who) => write!(f, "failed in `{who}`"),
        }
    }
}

/// Which events are expected where; how often is still to be said.
#[must_use = "nothing is checked before it is said how often, and awaited"]
pub struct Counted<E> {
    scene: Scene,
    conditions: Conditions,
    place: Place,
    eventually: bool,
    event: PhantomData<fn() -> E>,
}

impl<E: DomainEvent> Counted<E> {
    pub(super) fn new(scene: Scene, conditions: Conditions, place: Place) -> Self {
        Self { scene, conditions, place, eventually: false, event: PhantomData }
    }

    /// Goes on looking, whenever something is recorded, until it is so or patience is over. For
    /// what the clock sets off rather than the scenario, such as retention: anything else has
    /// happened once the application has come to rest.
    pub fn eventually(mut self) -> Self {
        self.eventually = true;
        self
    }

    /// Exactly one, which is returned.
    ///
    /// # Errors
    /// When it is none or more, with the scenario's timeline and the edge that is missing.
    pub async fn once(self) -> Outcome<Found<E>> {
        let mut met = self.look("once", |found| found == 1).await?;
        // One was found, or there were an error.
        Ok(met.swap_remove(0))
    }

    /// Exactly so many, which are returned in the order of the record.
    ///
    /// # Errors
    /// When it is another number, with the scenario's timeline and the edge that is missing.
    pub async fn times(self, times: usize) -> Outcome<Vec<Found<E>>> {
        self.look(&many(times), |found| found == times).await
    }

    /// So many or more, which are returned in the order of the record.
    ///
    /// # Errors
    /// When it is fewer, with the scenario's timeline and the edge that is missing.
    pub async fn at_least(self, times: usize) -> Outcome<Vec<Found<E>>> {
        self.look(&format!("at least {}", many(times)), |found| found >= times).await
    }

    /// None.
    ///
    /// # Errors
    /// When there is one, with the scenario's timeline.
    pub async fn never(self) -> Outcome {
        self.look("never", |found| found == 0).await.map(drop)
    }

    /// What there is, when it is as many as it should be.
    async fn look(
        self,
        expected: &str,
        enough: impl Fn(usize) -> bool + Send,
    ) -> Outcome<Vec<Found<E>>> {
        // Before the first look, so that nothing recorded after it is missed.
        let news = self.eventually.then(|| self.scene.bus.stream(EventFilter::all(), StartAt::Now));
        let first = self.look_once(expected, &enough).await;
        let (Err(ScenarioError::Unmet { .. }), Some(mut news)) = (&first, news) else {
            return first;
        };
        let patience = tokio::time::sleep(self.scene.patience);
        let mut patience = std::pin::pin!(patience);
        loop {
            tokio::select! {
                () = &mut patience => return self.look_once(expected, &enough).await,
                news = news.next() => {
                    let looked = self.look_once(expected, &enough).await;
                    if news.is_none() || !matches!(looked, Err(ScenarioError::Unmet { .. })) {
                        return looked;
                    }
                }
            }
        }
    }

    async fn look_once(
        &self,
        expected: &str,
        enough: &(impl Fn(usize) -> bool + Send),
    ) -> Outcome<Vec<Found<E>>> {
        let Self { scene, conditions, place, .. } = self;
        scene.settled().await?;
        let rows = scene.rows(conditions.event_type()).await?;
        let happenings = scene.timeline.happenings();
        let there: Vec<&RecordedEvent> = match place {
            Place::OnRecord => rows.iter().collect(),
            Place::HandledBy(who) => handled(&happenings, who, |how| *how == Handling::Done),
            Place::FailedIn(who) => handled(&happenings, who, |how| {
                matches!(how, Handling::Failed(_) | Handling::Panicked(_))
            }),
        };
        let met = there
            .into_iter()
            .filter(|row| conditions.may_meet(&row.envelope))
            .map(|row| found(row, scene))
            .filter(|found| {
                found
                    .as_ref()
                    .map_or(true, |found: &Found<E>| conditions.meet(&found.recorded.envelope))
            })
            .collect::<Outcome<Vec<Found<E>>>>()?;
        if enough(met.len()) {
            return Ok(met);
        }
        Err(ScenarioError::Unmet {
            expected: format!("{conditions} {place} {expected}"),
            found: many(met.len()),
            because: explain::missing(conditions, place, &rows, &happenings),
            timeline: explain::titled(&scene.timeline),
        })
    }
}

/// A row as the typed event it is. One that cannot be read as it is nothing anyone can have expected.
fn found<E: DomainEvent>(row: &RecordedEvent, scene: &Scene) -> Outcome<Found<E>> {
    match row.decode::<E>() {
        Ok(event) => Ok(Found { event, recorded: row.clone() }),
        Err(error) => Err(ScenarioError::Unmet {
            expected: format!("every `{}` to be readable", E::DESCRIPTOR.event_type),
            found: format!("sequence {} that is not", row.sequence),
            because: chain(&error),
            timeline: explain::titled(&scene.timeline),
        }),
    }
}

/// The events a subscriber was told of, in the order it was told, with what came of them.
fn handled<'a>(
    happenings: &'a [Happening],
    who: &str,
    outcome_is: impl Fn(&Handling) -> bool,
) -> Vec<&'a RecordedEvent> {
    let chosen = happenings.iter().filter_map(|happening| match happening {
        Happening::Handled { name, event, outcome, .. } if name == who && outcome_is(outcome) => {
            Some(&**event)
        }
        _ => None,
    });
    chosen.collect()
}

/// How often, in words.
pub(super) fn many(times: usize) -> String {
    match times {
        0 => "none".to_owned(),
        1 => "one".to_owned(),
        _ => format!("{times} times"),
    }
}
