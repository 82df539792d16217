//! The promises of the audit log: one suite for every adapter of
//! [`AuditAppend`](domain::AuditAppend), [`AuditQuery`](domain::AuditQuery),
//! [`AuditRetention`](domain::AuditRetention) and [`AuditInspect`](domain::AuditInspect).
//!
//! Deliberately absent: what only a file can promise, such as refusing another program's
//! statements.

mod append;
mod entries;
mod generated;
mod query;
mod retention;

pub use entries::{batch, entry, envelope, start};

use std::sync::Arc;

use async_trait::async_trait;
use domain::audit::Page;
use domain::{AuditFilter, AuditLog, RecordedEvent};

use crate::fakes::ManualClock;

/// Makes the logs that the suite tries.
#[async_trait]
pub trait AuditLogMaker: Send + Sync {
    /// A new and empty log that stamps entries by this clock.
    async fn make(&self, clock: Arc<ManualClock>) -> Arc<dyn AuditLog>;

    /// The log made last, as the next start of the program would find it. The default is for an
    /// adapter that keeps nothing beyond the process: the same log.
    async fn reopen(&self, log: Arc<dyn AuditLog>, _: Arc<ManualClock>) -> Arc<dyn AuditLog> {
        log
    }
}

/// Holds an adapter to every promise of the audit log's ports.
///
/// Needs a tokio runtime with several threads.
///
/// # Panics
/// With the name of the first promise that does not hold.
pub async fn audit_log(maker: &dyn AuditLogMaker) {
    append::promises(maker).await;
    query::promises(maker).await;
    retention::promises(maker).await;
}

/// Everything on record.
async fn everything(log: &dyn AuditLog) -> Vec<RecordedEvent> {
    page(log, &AuditFilter::default(), Page::first(u32::MAX)).await
}

async fn page(log: &dyn AuditLog, filter: &AuditFilter, page: Page) -> Vec<RecordedEvent> {
    log.page(filter, page).await.unwrap_or_else(|error| panic!("a page must be answered: {error}"))
}

/// A log and the clock it stamps by.
async fn fresh(maker: &dyn AuditLogMaker) -> (Arc<dyn AuditLog>, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(start()));
    (maker.make(Arc::clone(&clock)).await, clock)
}
