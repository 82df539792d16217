//! What may be wrong with waiting for the record to grow.

use std::time::Duration;

use domain::{AuditLog, QueryError, Receipt, Sequence};
use tokio::sync::watch;

use super::Flaw;

/// What was appended through this log alone.
#[derive(Default)]
pub(super) struct Heard(watch::Sender<Sequence>);

impl Heard {
    pub(super) fn append(&self, receipts: &[Receipt]) {
        if let Some(newest) = receipts.iter().map(|receipt| receipt.sequence).max() {
            self.0.send_replace(newest);
        }
    }

    pub(super) async fn newer_than(
        &self,
        flaw: Flaw,
        inner: &dyn AuditLog,
        sequence: Sequence,
    ) -> Result<Sequence, QueryError> {
        match flaw {
            Flaw::TellsTheNextOne => Ok(inner.newer_than(sequence).await?.next()),
            Flaw::WaitsForTheNextAppend => {
                let newest = inner.span().await?.last.map_or(Sequence(0), |(last, _)| last);
                inner.newer_than(newest).await
            }
            Flaw::LooksSeldom => {
                let newest = inner.newer_than(sequence).await?;
                tokio::time::sleep(Duration::from_millis(700)).await;
                Ok(newest)
            }
            Flaw::HearsItselfAlone => {
                let mut heard = self.0.subscribe();
                Ok(*heard.wait_for(|newest| *newest > sequence).await.unwrap())
            }
            _ => inner.newer_than(sequence).await,
        }
    }
}
