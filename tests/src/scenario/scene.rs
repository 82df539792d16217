//! What an expectation looks at: the bus, the record, the durable subscriptions, and the timeline.

use std::sync::Arc;
use std::time::Duration;

use domain::audit::Page;
use domain::{AuditFilter, AuditLog, EventBus, RecordedEvent, SubscriptionStore, TypePattern};
use indelible::DurableRunners;

use super::timeline::Timeline;
use super::{Outcome, ScenarioError, explain};

/// How many rows are read of the record at a time.
const PAGE: u32 = 1000;

/// What an expectation looks at.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) bus: Arc<dyn EventBus>,
    pub(super) log: Arc<dyn AuditLog>,
    pub(super) subscriptions: Arc<dyn SubscriptionStore>,
    pub(super) durable: Arc<DurableRunners>,
    pub(super) timeline: Timeline,
    pub(super) patience: Duration,
}

impl Scene {
    /// Waits until nothing is under way.
    pub(super) async fn settled(&self) -> Outcome {
        let settled = self.durable.settled(&*self.bus, &*self.log);
        match tokio::time::timeout(self.patience, settled).await {
            Ok(settled) => Ok(settled?),
            Err(_) => Err(ScenarioError::NotSettled {
                patience: self.patience,
                under_way: explain::under_way(
                    &self.timeline.happenings(),
                    &self.durable.standings(),
                ),
                timeline: explain::titled(&self.timeline),
            }),
        }
    }

    /// Every row of one type.
    pub(super) async fn rows(&self, event_type: &str) -> Outcome<Vec<RecordedEvent>> {
        let types = vec![TypePattern::new(event_type)];
        let filter = AuditFilter { types, ..AuditFilter::default() };
        let mut rows: Vec<RecordedEvent> = Vec::new();
        loop {
            let after = rows.last().map(|row| row.sequence);
            let page = self.log.page(&filter, Page { after, ..Page::first(PAGE) }).await?;
            if page.is_empty() {
                return Ok(rows);
            }
            rows.extend(page);
        }
    }
}
