//! A running application: the ports of the container, and its end.

use std::sync::Arc;
use std::time::Duration;

use application::{CheckHealth, PruneAuditLog};
use domain::ports::ShutdownReport;
use domain::{AuditLog, Catalogue, Clock, EventBus, SubscriptionStore};
use infrastructure::seaorm::AuditStorage;

use super::schedule::Schedule;
use super::{AppBuilder, IndelibleServices};
use crate::settings::Settings;

/// How long subscribers may take to finish when the application shuts down.
const DRAIN: Duration = Duration::from_secs(10);

/// A running application.
///
/// ```no_run
/// use indelible::domain::{Emit, events::PlanCreated};
/// use indelible::{App, Settings};
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let app = App::builder(Settings::default()).start().await?;
/// let event = PlanCreated { name: "tidy".into(), goal: "main".into(), automation_profile: None };
/// let receipt = app.bus().emit(event).await?;
/// println!("on record as {}", receipt.sequence);
/// app.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct App {
    pub(super) bus: Arc<dyn EventBus>,
    pub(super) log: Arc<dyn AuditLog>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) catalogue: Catalogue,
    pub(super) storage: Option<AuditStorage>,
    pub(super) schedule: Option<Schedule>,
    pub(super) health: Arc<CheckHealth>,
    /// Keeps the components alive that nobody else holds.
    pub(super) services: Arc<dyn IndelibleServices>,
}

impl App {
    /// Starts putting an application together.
    pub fn builder(settings: Settings) -> AppBuilder {
        AppBuilder::new(settings)
    }

    /// The bus.
    #[must_use]
    pub fn bus(&self) -> Arc<dyn EventBus> {
        Arc::clone(&self.bus)
    }

    /// The record, to be asked, checked and pruned.
    ///
    /// What is appended to it directly is on record like anything else, unredacted, and no subscriber
    /// is ever told of it: whoever has something to say emits it on the [bus](Self::bus).
    #[must_use]
    pub fn log(&self) -> Arc<dyn AuditLog> {
        Arc::clone(&self.log)
    }

    /// Where durable subscriptions are kept: how far each has come, who runs it, and what it could not
    /// handle.
    #[must_use]
    pub fn subscriptions(&self) -> Arc<dyn SubscriptionStore> {
        self.services.resolve()
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// The container, for a product to build its own on.
    ///
    /// It hands out every port. Two of them go past the bus: `EventRecorder::record` and
    /// `AuditAppend::append` put events on record that no subscriber is ever told of, for a bus of
    /// one's own to be built on. Everybody else emits on the [bus](Self::bus).
    #[must_use]
    pub fn services(&self) -> Arc<dyn IndelibleServices> {
        Arc::clone(&self.services)
    }

    /// Every event type that is recorded.
    #[must_use]
    pub fn catalogue(&self) -> Catalogue {
        self.catalogue
    }

    /// Whether this application is fit to be used, and if not, why not and what to do: for a readiness
    /// probe, for one.
    #[must_use]
    pub fn health(&self) -> Arc<CheckHealth> {
        Arc::clone(&self.health)
    }

    /// The use case of pruning, over this application's adapters.
    #[must_use]
    pub fn prune(&self) -> PruneAuditLog {
        PruneAuditLog::new(self.log(), self.subscriptions(), self.bus(), self.clock())
    }

    /// Ends in order: refuses new events, records what was accepted, lets subscribers finish, and
    /// closes the file. Returns who did not finish.
    pub async fn shutdown(mut self) -> ShutdownReport {
        if let Some(schedule) = self.schedule.take() {
            schedule.stop().await;
        }
        let report = self.bus.shutdown(DRAIN).await;
        if let Some(storage) = &self.storage {
            storage.close().await;
        }
        report
    }
}
