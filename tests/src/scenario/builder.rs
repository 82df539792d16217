//! Putting a scenario together, and starting its application as often as it takes.
//!
//! Deliberately absent: any other way to start than `App::builder`, which is how the program and
//! every product start.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{Catalogue, Clock, EventBus, events};
use indelible::{App, AppBuilder, IndelibleModule, Settings};
use shaku::{HasComponent, Interface};

use super::history::{History, Load};
use super::observed::ObservedBus;
use super::timeline::{Happening, Timeline};
use super::{Outcome, ScenarioError, TestApp, child};
use crate::fakes::ManualClock;

/// How long a scenario waits for the application to come to rest.
const PATIENCE: Duration = Duration::from_secs(20);

/// Pauses up to this long pass at once on a manual clock, so that a retry does not hold a scenario
/// up; longer ones pass when the scenario moves the clock.
const SHORT_PAUSE: Duration = Duration::from_mins(1);

type Change = Arc<dyn Fn(&mut Settings) + Send + Sync>;
type Override = Arc<dyn Fn(AppBuilder) -> AppBuilder + Send + Sync>;
type Make<P> = Arc<dyn Fn(&App) -> P + Send + Sync>;

/// How the application of a scenario is started, the first time and every time.
pub(super) struct Recipe<P> {
    catalogue: Catalogue,
    changes: Vec<Change>,
    overrides: Vec<Override>,
    clock: Option<ManualClock>,
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
    /// start; to keep a fake across a restart, have it share what it holds.
    pub fn with_override<I>(mut self, make: impl Fn() -> Box<I> + Send + Sync + 'static) -> Self
    where
        I: Interface + ?Sized,
        IndelibleModule: HasComponent<I>,
    {
        self.recipe
            .overrides
            .push(Arc::new(move |builder| builder.with_component_override::<I>(make())));
        self
    }

    /// Has time stand still at this moment until [`TestApp::clock`] moves it.
    pub fn at(mut self, now: DateTime<Utc>) -> Self {
        let clock = ManualClock::at(now).with_longest_sleep(SHORT_PAUSE);
        self.recipe.clock = Some(clock.clone());
        self.with_override::<dyn Clock>(move || Box::new(clock.clone()))
    }

    /// Has this be on record when the scenario begins: before the product is started, so that it
    /// reacts to none of it.
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
        let Recipe { catalogue, changes, overrides, clock, patience, .. } = self.recipe;
        let product: Make<Q> = Arc::new(start);
        let recipe = Recipe { catalogue, changes, overrides, clock, product, patience };
        TestAppBuilder { recipe, history: self.history }
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
    /// returns `None` when nobody does: see [`TestApp::crash`].
    ///
    /// # Errors
    /// When it does not start, or its history is refused.
    pub async fn start_in_child(self) -> Outcome<Option<TestApp<P>>> {
        let Some(file) = child::file_from_parent() else { return Ok(None) };
        self.start_on(file, None, Timeline::default()).await.map(Some)
    }

    async fn start_on(
        mut self,
        file: PathBuf,
        folder: Option<Arc<tempfile::TempDir>>,
        timeline: Timeline,
    ) -> Outcome<TestApp<P>> {
        if let (None, Some(begins)) = (&self.recipe.clock, self.history.begins()) {
            self = self.at(begins);
        }
        let Self { recipe, history } = self;
        let app = recipe.start(&file, &timeline).await?;
        recipe.load(&app, history, &timeline).await?;
        let product = (recipe.product)(&app);
        Ok(TestApp { recipe, file, folder, timeline, app, product })
    }
}

impl<P> Recipe<P> {
    /// Starts the application, and notes what goes over its bus.
    pub(super) async fn start(&self, file: &Path, timeline: &Timeline) -> Outcome<App> {
        let mut settings = Settings::default();
        settings.audit.database_url = file.display().to_string();
        for change in &self.changes {
            change(&mut settings);
        }
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

    /// Starts the product again.
    pub(super) fn product(&self, app: &App) -> P {
        (self.product)(app)
    }

    /// The clock, where the scenario holds it.
    pub(super) fn clock(&self) -> Option<&ManualClock> {
        self.clock.as_ref()
    }

    async fn load(&self, app: &App, history: History, timeline: &Timeline) -> Outcome {
        for load in history.load(&self.catalogue)? {
            match load {
                Load::Clock(when) => {
                    if let Some(clock) = &self.clock {
                        clock.set(when);
                    }
                }
                Load::Emit(drafts) => {
                    let receipts = app.bus().emit_batch(drafts).await?;
                    timeline.note(Happening::Given { receipts });
                }
            }
        }
        Ok(())
    }
}
