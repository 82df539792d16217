//! Looking at the record a command is about: opening it for reading, and saying what can be done
//! when that fails.

use std::sync::Arc;

use domain::{AuditLog, LegalHolds, SubscriptionStore};

use super::{Context, Failure};
use crate::wiring::{
    App, open_for_reading, open_legal_holds_for_reading, open_subscriptions_for_reading,
};

impl Context<'_> {
    /// The record, for reading alone.
    pub(crate) async fn read_log(&self) -> Result<Arc<dyn AuditLog>, Failure> {
        open_for_reading(&self.settings.settings)
            .await
            .map_err(|error| Failure::because("the audit log cannot be read", error))
    }

    /// The durable subscriptions beside the record, for reading alone.
    pub(crate) async fn read_subscriptions(&self) -> Result<Arc<dyn SubscriptionStore>, Failure> {
        open_subscriptions_for_reading(&self.settings.settings)
            .await
            .map_err(|error| Failure::because("the durable subscriptions cannot be read", error))
    }

    /// The legal holds on the record, for reading alone.
    pub(crate) async fn read_legal_holds(&self) -> Result<Arc<dyn LegalHolds>, Failure> {
        open_legal_holds_for_reading(&self.settings.settings)
            .await
            .map_err(|error| Failure::because("the legal holds cannot be read", error))
    }

    /// The application on a record that exists: one that is misspelt is not made. It prunes nothing.
    pub(crate) async fn start_on_record(&self) -> Result<App, Failure> {
        self.read_log().await?;
        let mut settings = self.settings.settings.clone();
        settings.audit = settings.audit.without_retention();
        App::builder(settings).start().await.map_err(Failure::start)
    }
}
