//! The whole wiring on one screen: which adapter plays which port.
//!
//! | port | adapter |
//! |---|---|
//! | `Clock` | `SystemClock` |
//! | `Redactor` | `SecretRedactor` |
//! | `AuditLog` | `SeaOrmAuditLog` |
//! | `AuditTree` | `SeaOrmAuditTree`; none where the record is kept by another adapter |
//! | `AuditArchive` | `SeaOrmAuditArchive`; none where the record is kept by another adapter |
//! | `LegalHolds` | `SeaOrmLegalHolds`; in memory where the record is kept by another adapter |
//! | `AuditErasure` | `SeaOrmAuditErasure`; none where the record is kept by another adapter |
//! | `CheckpointSigner` | `Ed25519Signer` |
//! | `SubscriptionStore` | `SeaOrmSubscriptionStore`; in memory where the record is kept by another adapter |
//! | `EventRecorder` | `AuditEventSubscriber` |
//! | `EventBus` | `ReactiveEventBus` |
//!
//! Deliberately absent: which event types are recorded. The composition root attaches the recorder
//! to every type of the catalogue; a list here would be the place to forget one.

#![allow(
    missing_docs,
    clippy::struct_field_names,
    reason = "the macro takes no doc comment for the container, and names its fields itself"
)]

use application::AuditEventSubscriber;
use domain::ports::CheckpointSigner;
use domain::{
    AuditArchive, AuditErasure, AuditLog, AuditTree, Clock, EventBus, EventRecorder, LegalHolds,
    Redactor, SubscriptionStore,
};
use infrastructure::bus::ReactiveEventBus;
use infrastructure::clock::SystemClock;
use infrastructure::redaction::SecretRedactor;
use infrastructure::seaorm::{
    SeaOrmAuditArchive, SeaOrmAuditErasure, SeaOrmAuditLog, SeaOrmAuditTree, SeaOrmLegalHolds,
    SeaOrmSubscriptionStore,
};
use infrastructure::signing::Ed25519Signer;
use shaku::{HasComponent, module};

/// The ports that the container plays, as one module: what a product's own container is built on,
/// with `use dyn IndelibleServices { components = [dyn EventBus], providers = [] }`.
pub trait IndelibleServices:
    HasComponent<dyn Clock>
    + HasComponent<dyn Redactor>
    + HasComponent<dyn AuditLog>
    + HasComponent<dyn AuditTree>
    + HasComponent<dyn AuditArchive>
    + HasComponent<dyn LegalHolds>
    + HasComponent<dyn AuditErasure>
    + HasComponent<dyn CheckpointSigner>
    + HasComponent<dyn SubscriptionStore>
    + HasComponent<dyn EventRecorder>
    + HasComponent<dyn EventBus>
{
}

module! {
    pub IndelibleModule: IndelibleServices {
        components = [
            SystemClock,
            SecretRedactor,
            SeaOrmAuditLog,
            SeaOrmAuditTree,
            SeaOrmAuditArchive,
            SeaOrmLegalHolds,
            SeaOrmAuditErasure,
            Ed25519Signer,
            SeaOrmSubscriptionStore,
            AuditEventSubscriber,
            ReactiveEventBus,
        ],
        providers = []
    }
}
