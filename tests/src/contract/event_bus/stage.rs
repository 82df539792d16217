//! What every promise is played on: a bus, its log, and events to emit.

use std::sync::Arc;

use domain::audit::Page;
use domain::events::{CATALOGUE, PlanCreated, ToolInvoked};
use domain::{
    AuditFilter, AuditLog, EventBus, EventDraft, EventFilter, EventRecorder, EventType,
    RecordedEvent, Sequence, Subscription,
};
use serde_json::json;

use crate::expect::must;
use crate::fakes::{Probe, plain_recorder};

/// A bus and the log beneath.
pub(super) struct Stage {
    pub(super) bus: Arc<dyn EventBus>,
    pub(super) log: Arc<dyn AuditLog>,
}

impl Stage {
    /// Has every type recorded in the log.
    pub(super) fn record_all(&self) {
        self.record_all_with(self.plain());
    }

    /// Has every type recorded by `recorder`.
    pub(super) fn record_all_with(&self, recorder: Arc<dyn EventRecorder>) {
        self.bus.attach_recorder(&all_types(), recorder);
    }

    /// A recorder that does its duty.
    pub(super) fn plain(&self) -> Arc<dyn EventRecorder> {
        plain_recorder(Arc::clone(&self.log))
    }

    /// A probe that is told of every event.
    pub(super) fn watch(&self, name: &str) -> (Arc<Probe>, Subscription) {
        self.watch_with(EventFilter::all(), Probe::new(name))
    }

    /// A probe that is told of some events.
    pub(super) fn watch_with(
        &self,
        filter: EventFilter,
        probe: Probe,
    ) -> (Arc<Probe>, Subscription) {
        let probe = Arc::new(probe);
        let subscription = self.bus.subscribe(filter, Arc::clone(&probe) as _);
        (probe, subscription)
    }

    /// Everything on record.
    pub(super) async fn on_record(&self) -> Vec<RecordedEvent> {
        must(self.log.page(&AuditFilter::default(), Page::first(100_000)).await)
    }

    /// The places of everything on record.
    pub(super) async fn sequences(&self) -> Vec<Sequence> {
        self.on_record().await.iter().map(|event| event.sequence).collect()
    }
}

/// Every type of the platform.
pub(super) fn all_types() -> Vec<EventType> {
    CATALOGUE.event_types().collect()
}

/// An event of the plan context, which tells itself from others by its number.
pub(super) fn plan(number: usize) -> EventDraft {
    let event = PlanCreated {
        name: format!("plan {number}"),
        goal: "main".to_owned(),
        automation_profile: None,
    };
    EventDraft::from(event).in_plan(format!("p{number}"))
}

/// An event of the tool context.
pub(super) fn tool(number: usize) -> EventDraft {
    EventDraft::from(ToolInvoked {
        invocation_id: number.to_string(),
        tool: "grep".to_owned(),
        arguments: json!({ "pattern": number }),
    })
}

/// Several events of the plan context.
pub(super) fn plans(numbers: std::ops::Range<usize>) -> Vec<EventDraft> {
    numbers.map(plan).collect()
}
