//! Looking at the record a command is about: opening it for reading, and saying what can be done
//! when that fails.

use std::sync::Arc;

use domain::AuditLog;

use super::{Context, Failure};
use crate::wiring::open_for_reading;

impl Context<'_> {
    /// The record, for reading alone.
    pub(crate) async fn read_log(&self) -> Result<Arc<dyn AuditLog>, Failure> {
        open_for_reading(&self.settings.settings)
            .await
            .map_err(|error| Failure::because("the audit log cannot be read", error))
    }
}
