//! What the promises of a bus are played on: the bus, its log, and events to emit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, TimeDelta};
use domain::audit::Page;
use domain::events::{CATALOGUE, PlanCreated, ToolInvoked};
use domain::{
    AuditEntry, AuditFilter, AuditLog, EventBus, EventDraft, EventFilter, EventRecorder, EventType,
    RecordedEvent, Sequence, Subscription,
};
use infrastructure::bus::{BusSettings, ReactiveEventBus};
use infrastructure::memory::InMemoryAuditLog;
use serde_json::json;

use crate::expect::must;
use crate::fakes::{ManualClock, Probe, plain_recorder};

/// A bus and the log beneath.
pub struct Stage {
    /// The bus, without recorders at first.
    pub bus: Arc<dyn EventBus>,
    /// The log its readers fall back to.
    pub log: Arc<dyn AuditLog>,
}

impl Stage {
    /// A reactive bus over a log in memory, on a clock that stands still.
    #[must_use]
    pub fn in_memory(settings: BusSettings) -> Self {
        let (_, log) = memory_log();
        Self::over(log, settings)
    }

    /// A reactive bus over `log`, on a clock that stands still.
    #[must_use]
    pub fn over(log: Arc<dyn AuditLog>, settings: BusSettings) -> Self {
        let (clock, _) = memory_log();
        let bus = ReactiveEventBus::new(settings, clock, Arc::clone(&log));
        Self { bus: Arc::new(bus), log }
    }

    /// Has every type recorded in the log.
    pub fn record_all(&self) {
        self.record_all_with(self.plain());
    }

    /// Has every type recorded by `recorder`.
    pub fn record_all_with(&self, recorder: Arc<dyn EventRecorder>) {
        self.bus.attach_recorder(&all_types(), recorder);
    }

    /// A recorder that does its duty.
    #[must_use]
    pub fn plain(&self) -> Arc<dyn EventRecorder> {
        plain_recorder(Arc::clone(&self.log))
    }

    /// A probe that is told of every event.
    pub fn watch(&self, name: &str) -> (Arc<Probe>, Subscription) {
        self.watch_with(EventFilter::all(), Probe::new(name))
    }

    /// A probe that is told of some events.
    pub fn watch_with(&self, filter: EventFilter, probe: Probe) -> (Arc<Probe>, Subscription) {
        let probe = Arc::new(probe);
        let subscription = self.bus.subscribe(filter, Arc::clone(&probe) as _);
        (probe, subscription)
    }

    /// Appends events to the log beside the bus, as another process would.
    pub async fn record_elsewhere(&self, count: usize) {
        static LAST: AtomicUsize = AtomicUsize::new(0);
        for _ in 0..count {
            let number = LAST.fetch_add(1, Ordering::Relaxed);
            let now = DateTime::UNIX_EPOCH;
            let envelope = must(tool(number).seal(now, || number.to_string(), "/elsewhere"));
            must(self.log.append(&[AuditEntry::new(envelope)]).await);
        }
    }

    /// Everything on record.
    pub async fn on_record(&self) -> Vec<RecordedEvent> {
        must(self.log.page(&AuditFilter::default(), Page::first(100_000)).await)
    }

    /// The places of everything on record.
    pub async fn sequences(&self) -> Vec<Sequence> {
        self.on_record().await.iter().map(|event| event.sequence).collect()
    }
}

/// A log in memory, and the clock it goes by.
#[must_use]
pub fn memory_log() -> (Arc<ManualClock>, Arc<dyn AuditLog>) {
    let clock = Arc::new(ManualClock::at(DateTime::UNIX_EPOCH + TimeDelta::days(20_000)));
    let log = InMemoryAuditLog::new(Arc::clone(&clock) as _);
    (clock, Arc::new(log))
}

/// Every type of the platform.
#[must_use]
pub fn all_types() -> Vec<EventType> {
    CATALOGUE.event_types().collect()
}

/// An event of the plan context, which tells itself from others by its number.
pub fn plan(number: usize) -> EventDraft {
    let event = PlanCreated {
        name: format!("plan {number}"),
        goal: "main".to_owned(),
        automation_profile: None,
    };
    EventDraft::from(event).in_plan(format!("p{number}"))
}

/// An event of the tool context.
pub fn tool(number: usize) -> EventDraft {
    EventDraft::from(ToolInvoked {
        invocation_id: number.to_string(),
        tool: "grep".to_owned(),
        arguments: json!({ "pattern": number }),
    })
}

/// Several events of the plan context.
pub fn plans(numbers: std::ops::Range<usize>) -> Vec<EventDraft> {
    numbers.map(plan).collect()
}
