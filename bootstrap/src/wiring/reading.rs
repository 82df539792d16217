//! Opening the record for reading alone: nothing is made, migrated or attached.

use std::sync::Arc;
use std::time::Duration;

use domain::AuditLog;
use infrastructure::clock::SystemClock;
use infrastructure::seaorm::{Access, AuditStorage, OpenError, SeaOrmAuditLog, StorageOptions};

use crate::settings::Settings;

/// The record that the settings name, which must exist.
///
/// # Errors
/// When it does not exist, or is not a record this program can read.
pub async fn open_for_reading(settings: &Settings) -> Result<Arc<dyn AuditLog>, OpenError> {
    let mut options = StorageOptions::new(settings.audit.database_file());
    options.access = Access::ReadOnly;
    options.lock_timeout = Duration::from_secs(settings.audit.lock_timeout_secs);
    let storage = AuditStorage::connect(options).await?;
    Ok(Arc::new(SeaOrmAuditLog::new(storage, Arc::new(SystemClock))))
}
