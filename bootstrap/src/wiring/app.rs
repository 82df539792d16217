//! A running application: the ports of the container, and its end.

use std::sync::Arc;
use std::time::Duration;

use application::delivery::DurableSubscription;
use application::proof::{CheckpointError, SignCheckpoints};
use application::{CheckHealth, EraseValues, ManageLegalHolds, ManageSubscriptions, PruneAuditLog};
use domain::ports::{ArchivePlace, CheckpointSigner, QueryError, ShutdownReport};
use domain::proof::SignedCheckpoint;
use domain::{
    AuditArchive, AuditLog, AuditTree, Catalogue, Clock, EventBus, LegalHolds, SubscriptionStore,
};
use infrastructure::seaorm::AuditStorage;

use super::checkpoints;
use super::schedule::Schedule;
use super::{AppBuilder, DurableGuard, DurableRunners, IndelibleServices, SubscribeError};
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
    /// Where what retention removes is archived, if it is.
    pub(super) archive_place: Option<ArchivePlace>,
    pub(super) schedule: Option<Schedule>,
    /// Signs the tree now and then.
    pub(super) signing: Option<Schedule>,
    pub(super) checkpoints: SignCheckpoints,
    pub(super) durable: Arc<DurableRunners>,
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

    /// The tree over the record: what it can be proven with.
    #[must_use]
    pub fn tree(&self) -> Arc<dyn AuditTree> {
        self.services.resolve()
    }

    /// Who signs checkpoints.
    #[must_use]
    pub fn signer(&self) -> Arc<dyn CheckpointSigner> {
        self.services.resolve()
    }

    /// Signs what is on record now, and keeps the checkpoint outside as well where there is an anchor;
    /// `None` where nothing can be proven yet.
    ///
    /// # Errors
    /// When the tree was changed from outside, cannot be read, or cannot be signed.
    pub async fn sign_checkpoint(&self) -> Result<Option<SignedCheckpoint>, CheckpointError> {
        self.checkpoints.run_and_anchor().await
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

    /// The legal holds in force.
    #[must_use]
    pub fn legal_holds(&self) -> Arc<dyn LegalHolds> {
        self.services.resolve()
    }

    /// What makes archives of the record.
    #[must_use]
    pub fn archive(&self) -> Arc<dyn AuditArchive> {
        self.services.resolve()
    }

    /// The use case of pruning, over this application's adapters; it archives what goes where the
    /// settings name a folder for that.
    #[must_use]
    pub fn prune(&self) -> PruneAuditLog {
        let (subscriptions, holds) = (self.subscriptions(), self.legal_holds());
        let prune = PruneAuditLog::new(self.log(), subscriptions, holds, self.bus(), self.clock())
            .with_catalogue(self.catalogue);
        match &self.archive_place {
            Some(place) => prune.archiving(self.archive(), place.clone()),
            None => prune,
        }
    }

    /// What people do to legal holds, over this application's adapters.
    #[must_use]
    pub fn manage_legal_holds(&self) -> ManageLegalHolds {
        ManageLegalHolds::new(self.legal_holds(), self.log(), self.bus())
    }

    /// The use case of erasing values on request, over this application's adapters.
    #[must_use]
    pub fn erase(&self) -> EraseValues {
        let erasure = self.services.resolve();
        EraseValues::new(self.log(), erasure, self.legal_holds(), self.bus(), self.clock())
    }

    /// Runs a durable subscription: from where it was, if there has been one of its name, and until the
    /// guard is dropped or the application ends. Of several applications on one record, one runs it,
    /// and the others stand by. Where its name is new and it begins with what is recorded from now on,
    /// that is what is emitted after this has returned.
    ///
    /// # Errors
    /// When its declaration makes no sense, this application runs one of its name already, or the store
    /// or the record does not answer.
    pub async fn subscribe_durably(
        &self,
        subscription: DurableSubscription,
    ) -> Result<DurableGuard, SubscribeError> {
        self.durable.start(subscription).await
    }

    /// The durable subscriptions that this application runs, and what each is doing.
    #[must_use]
    pub fn durable(&self) -> Arc<DurableRunners> {
        Arc::clone(&self.durable)
    }

    /// What people do to durable subscriptions, whoever runs them, over this application's adapters.
    #[must_use]
    pub fn manage_subscriptions(&self) -> ManageSubscriptions {
        let store = self.subscriptions();
        let durable = Arc::downgrade(&self.durable);
        ManageSubscriptions::new(store, self.log(), self.bus(), self.clock()).telling(move |name| {
            if let Some(durable) = durable.upgrade() {
                durable.nudge(name);
            }
        })
    }

    /// Waits for a moment at which nothing is under way: no emit waits for its answer, every subscriber
    /// has handled all that it is to be told of, and every durable subscription that this application
    /// runs has caught up, is paused, has halted, or stands by. While others go on emitting there is no
    /// such moment: give it a deadline.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn settled(&self) -> Result<(), QueryError> {
        self.durable.settled(&*self.bus, &*self.log).await
    }

    /// Ends in order: lets the handlers of durable subscriptions finish and gives their leases back,
    /// refuses new events, records what was accepted, lets subscribers finish, signs the record's tree, and
    /// closes the file. Returns who did not finish.
    pub async fn shutdown(self) -> ShutdownReport {
        self.end(true).await
    }

    /// The same without signing: for one who has just put the key out of use.
    #[cfg(feature = "program")]
    pub(crate) async fn shutdown_unsigned(self) -> ShutdownReport {
        self.end(false).await
    }

    async fn end(mut self, sign: bool) -> ShutdownReport {
        for schedule in [self.schedule.take(), self.signing.take()].into_iter().flatten() {
            schedule.stop().await;
        }
        // Before the bus: a handler may still emit while it finishes.
        let mut abandoned = self.durable.stop().await;
        let mut report = self.bus.shutdown(DRAIN).await;
        abandoned.append(&mut report.abandoned);
        report.abandoned = abandoned;
        if sign {
            checkpoints::finish(&self.checkpoints).await;
        }
        if let Some(storage) = &self.storage {
            storage.close().await;
        }
        report
    }
}
