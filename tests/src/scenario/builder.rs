//! Putting a scenario together, and starting its application as often as it takes.
//!
//! Deliberately absent: any other way to start than `App::builder`, which is how the program and
//! every product start.

use std::any::TypeId;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use application::delivery::DurableSubscription;
use chrono::{DateTime, Utc};
use domain::{Catalogue, Clock, EventBus, events};
use indelible::{App, AppBuilder, IndelibleModule, Settings};
use shaku::{HasComponent, Interface};

use super::history::{History, Load};
use super::observed::{self, ObservedBus};
use super::timeline::{Happening, Timeline};
use super::{Outcome, ScenarioError, TestApp, child};
use crate::fakes::ManualClock;

/// How long a scenario waits for the application to come to rest.
const PATIENCE: Duration = Duration::from_secs(20);

/// Pauses up to this long pass at once on a manual clock, so that a retry does not hold a scenario
/// up; longer ones, deadlines and leases among them, pass when the scenario moves the clock.
const SHORT_PAUSE: Duration = Duration::from_secs(5);

type Change = Arc<dyn Fn(&mut Settings) + Send + Sync>;
type Override = Arc<dyn Fn(AppBuilder) -> AppBuilder + Send + Sync>;
type MakeSubscription = Arc<dyn Fn() -> DurableSubscription + Send + Sync>;
type Make<P> = Arc<dyn Fn(&App) -> P + Send + Sync>;

/// The clock, where the scenario holds it.
#[derive(Clone)]
struct ScenarioClock {
    clock: ManualClock,
    /// When the scenario begins; `None` when that is when its history ends.
    begins: Option<DateTime<Utc>>,
}

/// How the application of a scenario is started, the first time and every time.
pub(super) struct Recipe<P> {
    catalogue: Catalogue,
    changes: Vec<Change>,
    overrides: Vec<Override>,
    clock: Option<ScenarioClock>,
    clock_is_overridden: bool,
    durable: Vec<MakeSubscription>,
    product: Make<P>,
    pub(super) patience: Duration,
}

/// Puts a scenario together. `TestApp::builder()` makes one.
#[must_use = "nothing starts before `start` is called"]
pub struct TestAppBuilder<P = ()> {
    recipe: Recipe<P>,
    history: History,
}

impl TestAppBuilder {
    /// The platform's catalogue and the shipped adapters.
    pub(super) fn new() -> Self {
        let recipe = Recipe {
            catalogue: events::CATALOGUE,
            changes: Vec::new(),
            overrides: Vec::new(),
            clock: None,
            clock_is_overridden: false,
            durable: Vec::new(),
            product: Arc::new(|_| ()),
            patience: PATIENCE,
        };
        Self { recipe, history: History::new() }
    }
}

impl<P> TestAppBuilder<P> {
    /// Records the events of this catalogue, as a product does that has events of its own.
    pub fn with_catalogue(mut self, catalogue: Catalogue) -> Self {
        self.recipe.catalogue = catalogue;
        self
    }

    /// Changes a setting.
    pub fn with_settings(mut self, change: impl Fn(&mut Settings) + Send + Sync + 'static) -> Self {
        self.recipe.changes.push(Arc::new(change));
        self
    }

    /// Has what `make` makes play a port, in place of the shipped adapter. It is made anew at every
    /// start; to keep a fake across a restart, have it share what it holds. The last one for a port
    /// is the one that plays it, and a clock that is overridden is not the scenario's any more.
    pub fn with_override<I>(mut self, make: impl Fn() -> Box<I> + Send + Sync + 'static) -> Self
    where
        I: Interface + ?Sized,
        IndelibleModule: HasComponent<I>,
    {
        if TypeId::of::<I>() == TypeId::of::<dyn Clock>() {
            self.recipe.clock = None;
            self.recipe.clock_is_overridden = true;
        }
        self.recipe
            .overrides
            .push(Arc::new(move |builder| builder.with_component_override::<I>(make())));
        self
    }

    /// Has time stand still at this moment until [`TestApp::clock`] moves it.
    ///
    /// A history may have been recorded earlier, but not later.
    pub fn at(self, now: DateTime<Utc>) -> Self {
        self.holding_the_clock(now, Some(now))
    }

    fn holding_the_clock(mut self, now: DateTime<Utc>, begins: Option<DateTime<Utc>>) -> Self {
        let clock = ManualClock::at(now).with_longest_sleep(SHORT_PAUSE);
        let shared = clock.clone();
        self = self.with_override::<dyn Clock>(move || Box::new(shared.clone()));
        self.recipe.clock = Some(ScenarioClock { clock, begins });
        self.recipe.clock_is_overridden = false;
        self
    }

    /// Has this be on record when the scenario begins: before the product is started, so that it
    /// reacts to none of it. Where the settings ask for retention, it is loaded by an application
    /// without, which is then started again with it.
    pub fn given(mut self, history: impl Into<History>) -> Self {
        self.history = self.history.and(history);
        self
    }

    /// Starts a product on the application: its own container over [`App::services`], its
    /// subscriptions, whatever [`TestApp::product`] is to give back. It is started anew after a
    /// restart.
    pub fn with_product<Q>(
        self,
        start: impl Fn(&App) -> Q + Send + Sync + 'static,
    ) -> TestAppBuilder<Q> {
        let Recipe {
            catalogue,
            changes,
            overrides,
            clock,
            clock_is_overridden,
            durable,
            patience,
            product: _,
        } = self.recipe;
        let recipe = Recipe {
            catalogue,
            changes,
            overrides,
            clock,
            clock_is_overridden,
            durable,
            product: Arc::new(start),
            patience,
        };
        TestAppBuilder { recipe, history: self.history }
    }

    /// Runs the durable subscription that `make` makes, at every start: after the history, and before
    /// the product.
    pub fn with_durable_subscription(
        mut self,
        make: impl Fn() -> DurableSubscription + Send + Sync + 'static,
    ) -> Self {
        self.recipe.durable.push(Arc::new(make));
        self
    }

    /// How long to wait for the application to come to rest before giving up, in the machine's own
    /// time: 20 seconds unless it is said otherwise.
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.recipe.patience = patience;
        self
    }

    /// Starts the application on a file of its own.
    ///
    /// # Errors
    /// When it does not start, or its history is refused.
    pub async fn start(self) -> Outcome<TestApp<P>> {
        let folder = tempfile::tempdir().map_err(ScenarioError::Folder)?;
        let file = folder.path().join("audit.db");
        self.start_on(file, Some(Arc::new(folder)), Timeline::default()).await
    }

    /// Starts the application on the file of the scenario that runs this test as its child, or
    /// returns `None` when nobody does: see [`TestApp::crash`]. A history is the parent's to load,
    /// and is left alone here.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start_in_child(mut self) -> Outcome<Option<TestApp<P>>> {
        self.history = History::new();
        let Some(file) = child::file_from_parent() else { return Ok(None) };
        self.start_on(file, None, Timeline::default()).await.map(Some)
    }

    async fn start_on(
        mut self,
        file: PathBuf,
        folder: Option<Arc<tempfile::TempDir>>,
        timeline: Timeline,
    ) -> Outcome<TestApp<P>> {
        if let (None, Some(first)) = (&self.recipe.clock, self.history.begins()) {
            if self.recipe.clock_is_overridden {
                return Err(ScenarioError::HistoryClock);
            }
            self = self.holding_the_clock(first, None);
        }
        let Self { recipe, history } = self;
        let loads = history.load(&recipe.catalogue)?;
        let retains = !recipe.settings(&file).audit.retention_rules().keep_for_ever();
        let keep_all = |settings: &mut Settings| {
            settings.audit = settings.audit.clone().without_retention();
        };
        let mut app = recipe.start_with(&file, &timeline, keep_all).await?;
        recipe.load(&app, loads, &timeline).await?;
        if retains {
            // Not before all is there: the history may be older than what is kept.
            app.shutdown().await;
            app = recipe.start(&file, &timeline).await?;
        }
        let product = recipe.attach(&app, &timeline).await?;
        Ok(TestApp { recipe, file, folder, timeline, app, product })
    }
}

impl<P> Recipe<P> {
    /// Starts the application, and notes what goes over its bus.
    pub(super) async fn start(&self, file: &Path, timeline: &Timeline) -> Outcome<App> {
        self.start_with(file, timeline, |_| ()).await
    }

    /// The settings of the application.
    fn settings(&self, file: &Path) -> Settings {
        let mut settings = Settings::default();
        settings.audit.database_url = file.display().to_string();
        for change in &self.changes {
            change(&mut settings);
        }
        settings
    }

    async fn start_with(
        &self,
        file: &Path,
        timeline: &Timeline,
        change: impl FnOnce(&mut Settings),
    ) -> Outcome<App> {
        let mut settings = self.settings(file);
        change(&mut settings);
        let mut builder = App::builder(settings).with_catalogue(self.catalogue);
        for replace in &self.overrides {
            builder = replace(builder);
        }
        let noted = timeline.clone();
        let observe = move |bus: Box<dyn EventBus>| -> Box<dyn EventBus> {
            Box::new(ObservedBus::new(bus.into(), noted))
        };
        let app = builder.with_bus_decorator(observe).start().await?;
        timeline.note(Happening::Started { file: file.to_owned() });
        Ok(app)
    }

    /// Runs the durable subscriptions and starts the product, for the first time or again.
    pub(super) async fn attach(&self, app: &App, timeline: &Timeline) -> Outcome<P> {
        for make in &self.durable {
            app.subscribe_durably(observed::observed(make(), timeline)).await?.keep();
        }
        Ok((self.product)(app))
    }

    /// The clock, where the scenario holds it.
    pub(super) fn clock(&self) -> Option<&ManualClock> {
        self.clock.as_ref().map(|held| &held.clock)
    }

    /// Loads a history, and sets the clock to when the scenario begins.
    async fn load(&self, app: &App, loads: Vec<Load>, timeline: &Timeline) -> Outcome {
        let mut latest = None;
        let mut set = |when: DateTime<Utc>| {
            if latest.is_some_and(|latest| when < latest) {
                return Err(ScenarioError::HistoryOrder { when, latest: latest.unwrap_or(when) });
            }
            latest = Some(when);
            if let Some(held) = &self.clock {
                held.clock.set(when);
            }
            Ok(())
        };
        for load in loads {
            match load {
                Load::Clock(when) => set(when)?,
                Load::Emit(drafts) => {
                    let receipts = app.bus().emit_batch(drafts).await?;
                    timeline.note(Happening::Given { receipts });
                }
            }
        }
        match self.clock.as_ref().and_then(|held| held.begins) {
            Some(begins) => set(begins),
            None => Ok(()),
        }
    }
}
