//! Opening the record for reading alone: nothing is made, migrated or attached.

use std::sync::Arc;
use std::time::Duration;

use domain::{AuditErasure, AuditLog, AuditTree, LegalHolds, SubscriptionStore};
use infrastructure::clock::SystemClock;
use infrastructure::seaorm::{
    Access, AuditStorage, OpenError, SeaOrmAuditErasure, SeaOrmAuditLog, SeaOrmAuditTree,
    SeaOrmLegalHolds, SeaOrmSubscriptionStore, StorageOptions,
};

use crate::settings::Settings;

/// The record that the settings name, which must exist.
///
/// # Errors
/// When it does not exist, or is not a record this program can read.
pub async fn open_for_reading(settings: &Settings) -> Result<Arc<dyn AuditLog>, OpenError> {
    Ok(Arc::new(SeaOrmAuditLog::new(storage(settings).await?, Arc::new(SystemClock))))
}

/// The durable subscriptions beside the record that the settings name, which must exist. One that an
/// earlier version made has none.
///
/// # Errors
/// When it does not exist, or is not a record this program can read.
pub async fn open_subscriptions_for_reading(
    settings: &Settings,
) -> Result<Arc<dyn SubscriptionStore>, OpenError> {
    Ok(Arc::new(SeaOrmSubscriptionStore::new(storage(settings).await?, Arc::new(SystemClock))))
}

/// The legal holds on the record that the settings name, which must exist. One that an earlier version
/// made has none.
///
/// # Errors
/// When it does not exist, or is not a record this program can read.
pub async fn open_legal_holds_for_reading(
    settings: &Settings,
) -> Result<Arc<dyn LegalHolds>, OpenError> {
    Ok(Arc::new(SeaOrmLegalHolds::new(storage(settings).await?)))
}

/// The record that the settings name, which must exist, and its tree.
///
/// # Errors
/// When it does not exist, or is not a record this program can read.
pub async fn open_tree_for_reading(
    settings: &Settings,
) -> Result<(Arc<dyn AuditLog>, Arc<dyn AuditTree>), OpenError> {
    let storage = storage(settings).await?;
    let log = SeaOrmAuditLog::new(storage.clone(), Arc::new(SystemClock));
    Ok((Arc::new(log), Arc::new(SeaOrmAuditTree::new(storage))))
}

/// All that is needed to verify a record.
pub struct ToVerify {
    /// What it says of itself.
    pub log: Arc<dyn AuditLog>,
    /// Its tree.
    pub tree: Arc<dyn AuditTree>,
    /// The legal holds in force.
    pub holds: Arc<dyn LegalHolds>,
    /// Whether it is an archive: a part of a record, with the tree of all of it.
    pub archive: bool,
}

/// All that is needed to verify the record that the settings name, which must exist.
///
/// # Errors
/// When it does not exist, or is not a record this program can read.
pub async fn open_to_verify(settings: &Settings) -> Result<ToVerify, OpenError> {
    let storage = storage(settings).await?;
    Ok(ToVerify {
        log: Arc::new(SeaOrmAuditLog::new(storage.clone(), Arc::new(SystemClock))),
        tree: Arc::new(SeaOrmAuditTree::new(storage.clone())),
        archive: storage.is_archive(),
        holds: Arc::new(SeaOrmLegalHolds::new(storage)),
    })
}

/// What can be asked about erasing from the record that the settings name, which must exist.
///
/// # Errors
/// When it does not exist, or is not a record this program can read.
pub async fn open_erasure_for_reading(
    settings: &Settings,
) -> Result<Arc<dyn AuditErasure>, OpenError> {
    Ok(Arc::new(SeaOrmAuditErasure::new(storage(settings).await?)))
}

async fn storage(settings: &Settings) -> Result<AuditStorage, OpenError> {
    let mut options = StorageOptions::new(settings.audit.database_file());
    options.access = Access::ReadOnly;
    options.lock_timeout = Duration::from_secs(settings.audit.lock_timeout_secs);
    AuditStorage::connect(options).await
}
