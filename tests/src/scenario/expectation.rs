//! Saying which events are meant, and where they are expected.
//!
//! Deliberately absent: looking. That is done once it is said how often: see [`Counted`].

use std::marker::PhantomData;

use domain::{Actor, DomainEvent};

use super::conditions::Conditions;
use super::counted::{Counted, Place};
use super::refusals::Refusals;
use super::scene::Scene;

/// What is expected of the events of one type. Say which, where, and how often:
/// `app.expect::<PlanCreated>().where_plan("p1").on_record().once().await?`.
#[must_use = "nothing is checked before it is said where and how often, and awaited"]
pub struct Expectation<E> {
    scene: Scene,
    conditions: Conditions,
    event: PhantomData<fn() -> E>,
}

impl<E: DomainEvent> Expectation<E> {
    pub(super) fn new(scene: Scene) -> Self {
        Self { scene, conditions: Conditions::of::<E>(), event: PhantomData }
    }

    /// Those of one plan.
    pub fn where_plan(mut self, plan_id: impl Into<String>) -> Self {
        self.conditions.field("plan", plan_id.into(), |envelope| envelope.plan_id.clone());
        self
    }

    /// Those of one project.
    pub fn where_project(mut self, project: impl Into<String>) -> Self {
        self.conditions.field("project", project.into(), |envelope| envelope.project_name.clone());
        self
    }

    /// Those of one session.
    pub fn where_session(mut self, session_id: impl Into<String>) -> Self {
        self.conditions.field("session", session_id.into(), |envelope| envelope.session_id.clone());
        self
    }

    /// Those of one run of work.
    pub fn where_correlation(mut self, correlation_id: impl Into<String>) -> Self {
        let wanted = correlation_id.into();
        self.conditions.field("correlation", wanted, |envelope| envelope.correlation_id.clone());
        self
    }

    /// Those that one event caused.
    pub fn where_causation(mut self, causation_id: impl Into<String>) -> Self {
        let wanted = causation_id.into();
        self.conditions.field("causation", wanted, |envelope| envelope.causation_id.clone());
        self
    }

    /// Those about one entity.
    pub fn where_subject(mut self, subject: impl Into<String>) -> Self {
        self.conditions.field("subject", subject.into(), |envelope| envelope.subject.clone());
        self
    }

    /// Those of one actor.
    pub fn where_actor(mut self, actor: &Actor) -> Self {
        self.conditions.field("actor", actor.to_string(), |envelope| {
            envelope.actor.as_ref().map(ToString::to_string)
        });
        self
    }

    /// The one of this id.
    pub fn where_id(mut self, event_id: impl Into<String>) -> Self {
        let id = |envelope: &domain::EventEnvelope| {
            (!envelope.event_id.is_empty()).then(|| envelope.event_id.clone())
        };
        self.conditions.field("id", event_id.into(), id);
        self
    }

    /// Those of which this holds; `what` says it in words, for the message when none is found.
    pub fn where_event(
        mut self,
        what: impl Into<String>,
        holds: impl Fn(&E) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.conditions.event(what.into(), holds);
        self
    }

    /// They are on record: read from the audit log itself.
    pub fn on_record(self) -> Counted<E> {
        self.at(Place::OnRecord)
    }

    /// A subscriber of this name was told of them, and returned without an error.
    pub fn handled_by(self, subscriber: impl Into<String>) -> Counted<E> {
        self.at(Place::HandledBy(subscriber.into()))
    }

    /// A subscriber of this name was told of them, and failed or panicked over them.
    pub fn failed_in(self, subscriber: impl Into<String>) -> Counted<E> {
        self.at(Place::FailedIn(subscriber.into()))
    }

    /// They were refused by `emit`, and so are not on record.
    pub fn refused(self) -> Refusals<E> {
        Refusals::new(self.scene, self.conditions)
    }

    fn at(self, place: Place) -> Counted<E> {
        Counted::new(self.scene, self.conditions, place)
    }
}
