//! Looking at the record a command is about: opening it for reading, and saying what can be done
//! when that fails.

use std::sync::Arc;

use domain::{AuditLog, SubscriptionStore};

use super::{Context, Failure};
use crate::wiring::{open_for_reading, open_subscriptions_for_reading};

impl Context<'_> {
    /// The record, for reading alone.
    pub(crate) async fn read_log(&self) -> Result<Arc<dyn AuditLog>, Failure> {
        open_for_reading(&self.settings.settings)
            .await
            .map_err(|error| Failure::because("the audit log cannot be read", error))
    }

    /// The durable subscriptions beside it, for reading alone.
    pub(crate) async fn read_subscriptions(&self) -> Result<Arc<dyn SubscriptionStore>, Failure> {
        open_subscriptions_for_reading(&self.settings.settings)
            .await
            .map_err(|error| Failure::because("the subscriptions cannot be read", error))
    }
}
