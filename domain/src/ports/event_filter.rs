//! Which events a subscriber or stream wants.

use std::fmt;
use std::sync::Arc;

use crate::Actor;
use crate::audit::{AuditFilter, RecordedEvent, TypePattern};
use crate::event::{DomainEvent, EventType};

type Predicate = Arc<dyn Fn(&RecordedEvent) -> bool + Send + Sync>;

/// Which events are wanted: by type, several types, context, all, or predicate.
///
/// ```
/// use indelible_domain::{EventFilter, events::{PlanApplied, PlanCreated}};
/// let plans = EventFilter::of::<PlanCreated>().or_of::<PlanApplied>();
/// let one_plan = EventFilter::context("plan").in_plan("p1");
/// let expensive = EventFilter::all().where_event(|e| e.envelope.details.contains_key("cost_usd"));
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct EventFilter {
    query: AuditFilter,
    predicates: Vec<Predicate>,
}

impl EventFilter {
    /// Every event.
    pub fn all() -> Self {
        Self::default()
    }

    /// The events of one type.
    pub fn of<E: DomainEvent>() -> Self {
        Self::all().or_of::<E>()
    }

    /// The events of several types.
    pub fn types(types: impl IntoIterator<Item = EventType>) -> Self {
        let types = types.into_iter().map(|name| TypePattern::new(name.as_str())).collect();
        Self::matching(AuditFilter { types, ..AuditFilter::default() })
    }

    /// The events of one context.
    pub fn context(context: impl Into<String>) -> Self {
        Self::matching(AuditFilter { contexts: vec![context.into()], ..AuditFilter::default() })
    }

    /// The events a question to the record would find. On a bus this runs as a predicate does, and
    /// [`AuditFilter::contains`] writes every event out as JSON to search it, which is the dearest
    /// question there is: see [`Self::where_event`].
    pub fn matching(query: AuditFilter) -> Self {
        Self { query, predicates: Vec::new() }
    }

    /// The events of one more type.
    pub fn or_of<E: DomainEvent>(mut self) -> Self {
        self.query.types.push(TypePattern::new(E::DESCRIPTOR.event_type));
        self
    }

    /// Of these, the events of one plan.
    pub fn in_plan(mut self, plan_id: impl Into<String>) -> Self {
        self.query.plan_id = Some(plan_id.into());
        self
    }

    /// Of these, the events of one project.
    pub fn in_project(mut self, project_name: impl Into<String>) -> Self {
        self.query.project_name = Some(project_name.into());
        self
    }

    /// Of these, the events of one session.
    pub fn in_session(mut self, session_id: impl Into<String>) -> Self {
        self.query.session_id = Some(session_id.into());
        self
    }

    /// Of these, the events that one actor caused.
    pub fn by(mut self, actor: &Actor) -> Self {
        self.query.actor = Some(actor.to_string());
        self
    }

    /// Of these, the events of one run of work.
    pub fn correlated_by(mut self, correlation_id: impl Into<String>) -> Self {
        self.query.correlation_id = Some(correlation_id.into());
        self
    }

    /// Of these, the events that `predicate` accepts. It runs inside the bus, for every one of these
    /// events, where they are recorded one after the other: while it runs, no emit goes on. Keep it
    /// short and let it wait for nothing; what takes time belongs in the subscriber. One that panics
    /// accepts nothing.
    pub fn where_event(
        mut self,
        predicate: impl Fn(&RecordedEvent) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.predicates.push(Arc::new(predicate));
        self
    }

    /// The part of the filter that the record itself can answer.
    #[must_use]
    pub fn query(&self) -> &AuditFilter {
        &self.query
    }

    /// Whether a predicate, which only the bus can ask, narrows the filter further.
    #[must_use]
    pub fn has_predicates(&self) -> bool {
        !self.predicates.is_empty()
    }

    /// Whether every event is wanted, so that a bus need not look at any.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.predicates.is_empty() && self.query == AuditFilter::default()
    }

    /// Whether an event is wanted.
    #[must_use]
    pub fn accepts(&self, event: &RecordedEvent) -> bool {
        self.query.matches(event) && self.predicates.iter().all(|predicate| predicate(event))
    }
}

impl fmt::Debug for EventFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventFilter")
            .field("query", &self.query)
            .field("predicates", &self.predicates.len())
            .finish()
    }
}
