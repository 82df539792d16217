//! The composition root: connect, migrate, build, attach a recorder to every type, check.

use std::any::{Any, TypeId};
use std::sync::Arc;
use std::time::Duration;

use application::CheckHealth;
use application::delivery::{DurableSubscription, Reactions, SubscriptionPorts};
use application::proof::{SignCheckpoints, announce_key};
use domain::ports::{CheckpointAnchor, CheckpointSigner, TreeError};
use domain::{
    AuditLog, AuditTree, Catalogue, Clock, EventBus, EventRecorder, EventType, Redactor, Sequence,
    SubscriptionStore, events,
};
use infrastructure::anchor::{CommandAnchor, FileAnchor};
use infrastructure::bus::{
    BusDecorator, BusSettings, LoggingEventBus, ReactiveEventBus, ReactiveEventBusParameters,
};
use infrastructure::redaction::{RedactionKey, SecretRedactor, SecretRedactorParameters};
use infrastructure::seaorm::{
    AuditStorage, Durability, SeaOrmAuditArchive, SeaOrmAuditArchiveParameters, SeaOrmAuditErasure,
    SeaOrmAuditErasureParameters, SeaOrmAuditLog, SeaOrmAuditLogParameters, SeaOrmAuditTree,
    SeaOrmAuditTreeParameters, SeaOrmLegalHolds, SeaOrmLegalHoldsParameters,
    SeaOrmSubscriptionStore, SeaOrmSubscriptionStoreParameters, StorageOptions,
};
use infrastructure::signing::{Ed25519Signer, Ed25519SignerParameters};
use shaku::{HasComponent, Interface, ModuleBuilder};

use super::durable::{DurableRunners, owner};
use super::{App, IndelibleModule, IndelibleServices, StartError, checkpoints, schedule};
use crate::settings::known::KEY_VARIABLE;
use crate::settings::{DurabilityLevel, ProofSettings, Settings};

type Override =
    Box<dyn FnOnce(ModuleBuilder<IndelibleModule>) -> ModuleBuilder<IndelibleModule> + Send>;

/// Puts an application together: settings, catalogue, and adapters of your own where you want them.
#[must_use = "nothing starts before `start` is called"]
pub struct AppBuilder {
    settings: Settings,
    catalogue: Catalogue,
    overrides: Vec<(TypeId, Override)>,
    /// A bus of the product's own. It is decorated like the shipped one, which it replaces.
    bus: Option<Box<dyn EventBus>>,
    decorators: Vec<BusDecorator>,
    durable: Vec<DurableSubscription>,
    anchor: Option<Arc<dyn CheckpointAnchor>>,
}

impl AppBuilder {
    /// An application with these settings, the platform's catalogue and the shipped adapters.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            catalogue: events::CATALOGUE,
            overrides: Vec::new(),
            bus: None,
            decorators: Vec::new(),
            durable: Vec::new(),
            anchor: None,
        }
    }

    /// Records the events of this catalogue, which a downstream product composes of the
    /// platform's and its own.
    pub fn with_catalogue(mut self, catalogue: Catalogue) -> Self {
        self.catalogue = catalogue;
        self
    }

    /// Has `component` play a port in place of the shipped adapter, which is then not even built:
    /// with an `AuditLog` of your own, no file is opened, and durable subscriptions are kept in memory
    /// unless you bring a `SubscriptionStore` as well.
    pub fn with_component_override<I: Interface + ?Sized>(mut self, component: Box<I>) -> Self
    where
        IndelibleModule: HasComponent<I>,
    {
        let mut component = Some(component);
        // A bus is kept by itself, since it is decorated as the shipped one is.
        if let Some(bus) =
            (&mut component as &mut dyn Any).downcast_mut::<Option<Box<dyn EventBus>>>()
        {
            self.bus = bus.take();
        }
        if let Some(component) = component {
            let replace: Override = Box::new(|module| module.with_component_override(component));
            self.overrides.push((TypeId::of::<I>(), replace));
        }
        self
    }

    /// Puts a bus of the same promises around the bus, for everyone in the container: one that
    /// observes, measures or forwards. The first one given is the innermost.
    pub fn with_bus_decorator(
        mut self,
        decorate: impl FnOnce(Box<dyn EventBus>) -> Box<dyn EventBus> + Send + 'static,
    ) -> Self {
        self.decorators.push(Box::new(decorate));
        self
    }

    /// Runs a durable subscription for as long as the application; see [`App::subscribe_durably`].
    pub fn with_durable_subscription(mut self, subscription: DurableSubscription) -> Self {
        self.durable.push(subscription);
        self
    }

    /// Keeps each checkpoint there as well, in place of what the settings name.
    pub fn with_anchor(mut self, anchor: Arc<dyn CheckpointAnchor>) -> Self {
        self.anchor = Some(anchor);
        self
    }

    /// Connects, migrates, builds the container, attaches the recorder to every type of the
    /// catalogue, and checks that none was left out.
    ///
    /// # Errors
    /// When the log cannot be opened, a key or the redaction rules cannot be used, a type has no recorder,
    /// or a durable subscription makes no sense or cannot be begun.
    pub async fn start(self) -> Result<App, StartError> {
        let Self { settings, catalogue, overrides, bus, mut decorators, durable, anchor } = self;
        if settings.log.events {
            decorators.insert(0, Box::new(|bus| Box::new(LoggingEventBus::new(bus.into()))));
        }
        let overridden = |port: TypeId| overrides.iter().any(|(id, _)| *id == port);

        let storage = if overridden(TypeId::of::<dyn AuditLog>()) {
            None
        } else {
            Some(AuditStorage::connect(storage_options(&settings)).await?)
        };
        let redactor = if overridden(TypeId::of::<dyn Redactor>()) {
            None
        } else {
            Some(redactor(&settings, storage.as_ref()).await?)
        };
        let signer = match &storage {
            Some(storage) if !overridden(TypeId::of::<dyn CheckpointSigner>()) => {
                Some(signer(&settings, storage).await?)
            }
            _ => None,
        };
        let mut module = over(storage.as_ref())
            .with_component_parameters::<Ed25519Signer>(Ed25519SignerParameters { signer })
            .with_component_parameters::<SecretRedactor>(SecretRedactorParameters { redactor });
        module =
            match bus {
                Some(bus) => module.with_component_override(decorated(bus, decorators)),
                None => module.with_component_parameters::<ReactiveEventBus>(
                    ReactiveEventBusParameters { settings: bus_settings(&settings), decorators },
                ),
            };
        for (_, replace) in overrides {
            module = replace(module);
        }
        let services: Arc<dyn IndelibleServices> = Arc::new(module.build());

        let types: Vec<EventType> = catalogue.event_types().collect();
        let bus: Arc<dyn EventBus> = services.resolve();
        let recorder: Arc<dyn EventRecorder> = services.resolve();
        bus.react_through(Arc::downgrade(&bus));
        bus.attach_recorder(&types, recorder);
        let types = bus.without_recorder(&types);
        if !types.is_empty() {
            return Err(StartError::NotRecorded { types });
        }

        let log: Arc<dyn AuditLog> = services.resolve();
        let clock: Arc<dyn Clock> = services.resolve();
        let subscriptions: Arc<dyn SubscriptionStore> = services.resolve();
        let runners = DurableRunners::new(SubscriptionPorts {
            redactor: services.resolve(),
            log: Arc::clone(&log),
            store: Arc::clone(&subscriptions),
            clock: Arc::clone(&clock),
            reactions: Reactions::new(Arc::downgrade(&bus), settings.reactions.max_depth),
            owner: owner(),
        });
        for subscription in durable {
            runners.start(subscription).await?.keep();
        }
        let tree: Arc<dyn AuditTree> = services.resolve();
        let signer: Arc<dyn CheckpointSigner> = services.resolve();
        let unannounced = announce_key(&*tree, &*log, &*signer, &*bus).await.err();
        let anchors = anchor.map_or_else(|| anchors_of(&settings.proof), |anchor| vec![anchor]);
        let checkpoints = SignCheckpoints::new(Arc::clone(&tree), signer, Arc::clone(&clock))
            .anchored(anchors)
            .withheld(unannounced);
        // A record that is kept without a tree has nothing to sign.
        let signing = if matches!(tree.standing().await, Err(TreeError::NotKept)) {
            None
        } else {
            let (log, clock) = (Arc::clone(&log), Arc::clone(&clock));
            checkpoints::start(checkpoints.clone(), log, clock, &settings.proof)
        };
        let health =
            CheckHealth::new(Arc::clone(&bus), Arc::clone(&log), subscriptions, Arc::clone(&clock))
                .signing(checkpoints.clone(), settings.proof.patience());
        let health = Arc::new(health);
        let mut app = App {
            bus,
            log,
            clock,
            catalogue,
            storage,
            archive_place: settings.audit.archive_place(),
            schedule: None,
            signing,
            checkpoints,
            durable: runners,
            health,
            services,
        };
        app.schedule = schedule::start(app.prune(), app.clock(), settings.audit.retention_rules());
        Ok(app)
    }
}

/// A container whose record, and all that is kept beside it, is in this storage, if there is one.
fn over(storage: Option<&AuditStorage>) -> ModuleBuilder<IndelibleModule> {
    IndelibleModule::builder()
        .with_component_parameters::<SeaOrmAuditLog>(SeaOrmAuditLogParameters {
            storage: storage.cloned(),
        })
        .with_component_parameters::<SeaOrmAuditTree>(SeaOrmAuditTreeParameters {
            storage: storage.cloned(),
        })
        .with_component_parameters::<SeaOrmAuditArchive>(SeaOrmAuditArchiveParameters {
            storage: storage.cloned(),
        })
        .with_component_parameters::<SeaOrmLegalHolds>(SeaOrmLegalHoldsParameters {
            storage: storage.cloned(),
        })
        .with_component_parameters::<SeaOrmAuditErasure>(SeaOrmAuditErasureParameters {
            storage: storage.cloned(),
        })
        .with_component_parameters::<SeaOrmSubscriptionStore>(SeaOrmSubscriptionStoreParameters {
            storage: storage.cloned(),
        })
}

fn storage_options(settings: &Settings) -> StorageOptions {
    let mut options = StorageOptions::new(settings.audit.database_file());
    options.durability = match settings.audit.durability {
        DurabilityLevel::Full => Durability::Full,
        DurabilityLevel::Normal => Durability::Normal,
    };
    options.lock_timeout = Duration::from_secs(settings.audit.lock_timeout_secs);
    options
}

fn bus_settings(settings: &Settings) -> BusSettings {
    BusSettings {
        source: settings.audit.source.clone(),
        queue_capacity: settings.audit.queue_capacity,
        max_batch: settings.audit.max_batch,
        reader_buffer: settings.stream.buffer,
        max_reaction_depth: settings.reactions.max_depth,
        recent: settings.stream.recent,
    }
}

/// The redactor of these settings; its key is made here at the first start. One that is made for a record
/// that there is already takes the place of one that is gone, and that is said.
async fn redactor(
    settings: &Settings,
    storage: Option<&AuditStorage>,
) -> Result<SecretRedactor, StartError> {
    let options = &settings.redaction;
    let file = options.key_file(&settings.audit.database_file());
    let is_new = !file.exists();
    let key = RedactionKey::load_or_create(&file)?;
    if let Some(storage) = storage.filter(|_| is_new)
        && has_entries(storage).await
    {
        tracing::warn!(
            file = %file.display(),
            "the redaction key was gone and a new one is made: the same secret has other marks from now on \
             than before; bring the old key back if that matters",
        );
    }
    Ok(SecretRedactor::new(&options.rules(), key)?)
}

/// Whoever asks next says why, where that cannot be found out.
async fn has_entries(storage: &AuditStorage) -> bool {
    let newest = SeaOrmAuditTree::new(storage.clone()).newest().await;
    newest.is_ok_and(|newest| newest > Sequence(0))
}

/// The signer of these settings. Its key is made here at the first start, and never again: the key of a
/// record that has been signed is brought back or changed by somebody who knows that they do it.
async fn signer(settings: &Settings, storage: &AuditStorage) -> Result<Ed25519Signer, StartError> {
    let file = settings.proof.key_file(&settings.audit.database_file());
    Ok(match std::env::var(KEY_VARIABLE) {
        Ok(key) if !key.is_empty() => Ed25519Signer::from_text(&key, KEY_VARIABLE)?,
        _ if has_been_signed(storage).await => Ed25519Signer::load_or_miss(&file)?,
        _ => Ed25519Signer::load_or_create(&file)?,
    })
}

/// Where that cannot be read, no key is made on the strength of it.
async fn has_been_signed(storage: &AuditStorage) -> bool {
    match SeaOrmAuditTree::new(storage.clone()).keys().await {
        Ok(keys) => !keys.is_empty(),
        Err(error) => !matches!(error, TreeError::NotKept),
    }
}

/// Where the settings have checkpoints kept outside the record: all of what they name.
fn anchors_of(settings: &ProofSettings) -> Vec<Arc<dyn CheckpointAnchor>> {
    let mut anchors: Vec<Arc<dyn CheckpointAnchor>> = Vec::new();
    if !settings.anchor_file.is_empty() {
        anchors.push(Arc::new(FileAnchor::new(&settings.anchor_file)));
    }
    if !settings.anchor_command.is_empty() {
        let command = CommandAnchor::new(&settings.anchor_command).hiding(KEY_VARIABLE);
        anchors.push(Arc::new(command));
    }
    anchors
}

/// A bus with others around it, the first one innermost.
fn decorated(bus: Box<dyn EventBus>, decorators: Vec<BusDecorator>) -> Box<dyn EventBus> {
    decorators.into_iter().fold(bus, |bus, decorate| decorate(bus))
}
