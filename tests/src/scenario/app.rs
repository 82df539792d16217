//! The application under test.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use application::delivery::DurableSubscription;
use domain::{
    AuditLog, DomainEvent, Emit, EmitError, EventBus, EventDraft, EventFilter, EventSubscriber,
    Receipt, Subscription,
};
use indelible::{App, DurableGuard};

use super::builder::{Recipe, TestAppBuilder};
use super::durable::SubscriptionExpectation;
use super::expectation::Expectation;
use super::scene::Scene;
use super::timeline::{Happening, Timeline};
use super::{Outcome, ScenarioError, child, explain, observed};
use crate::fakes::ManualClock;

/// An application under test: the production container on a file of its own, which goes when the
/// scenario ends.
///
/// `P` is the product that was started on it; none by default.
#[must_use = "the application ends when this is dropped"]
pub struct TestApp<P = ()> {
    pub(super) recipe: Recipe<P>,
    pub(super) file: PathBuf,
    /// `None` in a child process, whose file is its parent's.
    pub(super) folder: Option<Arc<tempfile::TempDir>>,
    pub(super) timeline: Timeline,
    pub(super) app: App,
    pub(super) product: P,
}

impl TestApp {
    /// Starts the platform's own application.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start() -> Outcome<Self> {
        Self::builder().start().await
    }

    /// Starts putting a scenario together.
    pub fn builder() -> TestAppBuilder {
        TestAppBuilder::new()
    }
}

impl<P> TestApp<P> {
    /// Emits one event, as the application itself would.
    ///
    /// # Errors
    /// As [`domain::EventBus::emit_batch`].
    pub async fn emit(&self, event: impl Into<EventDraft> + Send) -> Result<Receipt, EmitError> {
        self.app.bus().emit(event).await
    }

    /// Emits several events, all of them or none.
    ///
    /// # Errors
    /// As [`domain::EventBus::emit_batch`].
    pub async fn emit_batch(&self, drafts: Vec<EventDraft>) -> Result<Vec<Receipt>, EmitError> {
        self.app.bus().emit_batch(drafts).await
    }

    /// Has a subscriber told of events, for as long as the guard is kept or until a restart.
    pub fn subscribe(
        &self,
        filter: EventFilter,
        subscriber: Arc<dyn EventSubscriber>,
    ) -> Subscription {
        self.app.bus().subscribe(filter, subscriber)
    }

    /// Runs a durable subscription, for as long as the guard is kept or until a restart. One that is to
    /// be run again after a restart is given to [`TestAppBuilder::with_durable_subscription`].
    ///
    /// # Errors
    /// As [`App::subscribe_durably`].
    pub async fn subscribe_durably(
        &self,
        subscription: DurableSubscription,
    ) -> Outcome<DurableGuard> {
        let observed = observed::observed(subscription, &self.timeline);
        Ok(self.app.subscribe_durably(observed).await?)
    }

    /// Begins to say what is expected of a durable subscription.
    pub fn expect_subscription(&self, name: &str) -> SubscriptionExpectation {
        SubscriptionExpectation::new(self.scene(), name)
    }

    /// Begins to say what is expected of the events of one type.
    pub fn expect<E: DomainEvent>(&self) -> Expectation<E> {
        Expectation::new(self.scene())
    }

    /// Waits until nothing is under way: every emit is answered, every subscriber has handled all that
    /// it is told of, whatever handlers emit included, and every durable subscription that is run here
    /// has caught up, is paused, has halted, or stands by. Expectations do so by themselves.
    ///
    /// # Errors
    /// When that has not come about within the scenario's patience; the error says what is under
    /// way.
    pub async fn settled(&self) -> Outcome {
        self.scene().settled().await
    }

    /// Holds that no handler has failed, panicked or been abandoned so far.
    ///
    /// # Errors
    /// When one has; the error says which, over which event, and why.
    pub async fn expect_no_failures(&self) -> Outcome {
        self.settled().await?;
        let failures = explain::failures(&self.timeline.happenings());
        if failures.is_empty() {
            return Ok(());
        }
        Err(ScenarioError::Unmet {
            expected: "every handler to return".to_owned(),
            found: format!("{} that did not", failures.len()),
            because: failures.join("\n"),
            timeline: explain::titled(&self.timeline),
        })
    }

    /// Shuts the application down in order and starts it again on the same file, the product with
    /// it. Guards of subscriptions made by the scenario itself are of no use afterwards.
    ///
    /// # Errors
    /// When it does not start again.
    pub async fn restart(self) -> Outcome<Self> {
        let Self { recipe, file, folder, timeline, app, product } = self;
        end(app, product, &timeline).await;
        let app = recipe.start(&file, &timeline).await?;
        let product = recipe.attach(&app, &timeline).await?;
        Ok(Self { recipe, file, folder, timeline, app, product })
    }

    /// Shuts the application down in order, has a child process work on the same file until
    /// `acknowledged` of its events have been acknowledged, kills it with SIGKILL at that moment,
    /// and starts again on what is left. Then every event that was acknowledged to it must be on
    /// record once, where it was said to be, and the record gapless.
    ///
    /// `child` is a test of the same executable, by the full path that `--list` shows. It begins
    /// with [`TestAppBuilder::start_in_child`], and emits until it is killed; run by anyone else it
    /// does nothing.
    ///
    /// ```no_run
    /// # use indelible::domain::{DomainEvent, events::PlanCreated};
    /// # use indelible_tests::scenario::{Outcome, TestApp};
    /// # async fn parent() -> Outcome {
    /// let app = TestApp::start().await?.crash("recording_until_killed", 100).await?;
    /// app.expect::<PlanCreated>().on_record().at_least(100).await?;
    /// # Ok(())
    /// # }
    ///
    /// // #[tokio::test(flavor = "multi_thread")]
    /// async fn recording_until_killed() -> Outcome {
    ///     let Some(app) = TestApp::builder().start_in_child().await? else { return Ok(()) };
    ///     loop {
    ///         app.emit(PlanCreated::sample()).await?;
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// When the child ends by itself, or something acknowledged is lost.
    pub async fn crash(self, child: &str, acknowledged: usize) -> Outcome<Self> {
        let Self { recipe, file, folder, timeline, app, product } = self;
        end(app, product, &timeline).await;
        let receipts = child::killed(child, &file, acknowledged, recipe.patience).await?;
        timeline.note(Happening::Killed { acknowledged: receipts.len() });
        let app = recipe.start(&file, &timeline).await?;
        child::check(&*app.log(), &receipts, &timeline).await?;
        let product = recipe.attach(&app, &timeline).await?;
        Ok(Self { recipe, file, folder, timeline, app, product })
    }

    /// Ends the application in order. Returns the names of subscribers that did not finish.
    pub async fn shutdown(self) -> Vec<String> {
        end(self.app, self.product, &self.timeline).await
    }

    /// The application.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The bus.
    #[must_use]
    pub fn bus(&self) -> Arc<dyn EventBus> {
        self.app.bus()
    }

    /// The record.
    #[must_use]
    pub fn log(&self) -> Arc<dyn AuditLog> {
        self.app.log()
    }

    /// The product that was started on the application.
    #[must_use]
    pub fn product(&self) -> &P {
        &self.product
    }

    /// The clock, which the scenario holds.
    ///
    /// # Panics
    /// When time passes by itself: the scenario was not started [`TestAppBuilder::at`] a moment.
    #[must_use]
    pub fn clock(&self) -> &ManualClock {
        match self.recipe.clock() {
            Some(clock) => clock,
            None => panic!("this scenario does not hold the clock: start it `.at(moment)`"),
        }
    }

    /// The file of the record.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What has happened so far.
    #[must_use]
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    fn scene(&self) -> Scene {
        Scene {
            bus: self.app.bus(),
            log: self.app.log(),
            subscriptions: self.app.subscriptions(),
            durable: self.app.durable(),
            timeline: self.timeline.clone(),
            patience: self.recipe.patience,
        }
    }
}

/// Ends an application, and then the product, so that its subscribers are told everything first.
async fn end<P>(app: App, product: P, timeline: &Timeline) -> Vec<String> {
    let abandoned = app.shutdown().await.abandoned;
    drop(product);
    timeline.note(Happening::ShutDown { abandoned: abandoned.clone() });
    abandoned
}
