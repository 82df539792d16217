//! Recorders that break one promise each.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use application::AuditEventSubscriber;
use async_trait::async_trait;
use domain::ports::RecordError;
use domain::{
    AuditEntry, AuditLog, EventEnvelope, EventRecorder, Receipt, ReceiptStatus, Sequence,
};
use futures::FutureExt;
use indelible_tests::contract::Suite;
use indelible_tests::contract::audit_log::start;
use indelible_tests::contract::event_recorder::EventRecorderMaker;
use indelible_tests::fakes::RefusedByFake;
use infrastructure::redaction::{RedactionKey, RedactionSettings, SecretRedactor};

use crate::table::{Table, row};

pub(crate) fn suite() -> Suite<dyn EventRecorderMaker> {
    indelible_tests::contract::event_recorder::suite()
}

pub(crate) fn table() -> Table<dyn EventRecorderMaker> {
    Table {
        unbroken: Box::new(sound),
        mutants: vec![
            row!(it_has_a_name, made, Flaw::HasNoName),
            row!(secrets_are_removed_while_preparing, made, Flaw::PreparesSecrets),
            row!(what_is_no_secret_is_prepared_as_it_came, made, Flaw::ForgetsThePlan),
            row!(preparing_stores_nothing, made, Flaw::StoresWhatItPrepares),
            row!(a_batch_is_on_record_when_it_returns, made, Flaw::StoresLater),
            row!(a_batch_is_on_record_when_it_returns, made, Flaw::StoresBackwards),
            row!(there_is_one_receipt_per_entry, made, Flaw::GivesRepeatsNoReceipt),
            row!(a_batch_is_stored_whole_or_not_at_all, made, Flaw::StoresOneByOne),
            row!(what_the_log_refuses_with_is_passed_on, made, Flaw::HidesTheReason),
            row!(a_part_of_a_failed_batch_may_be_tried_again, made, Flaw::TriesOnlyOnce),
        ],
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    HasNoName,
    PreparesSecrets,
    ForgetsThePlan,
    StoresWhatItPrepares,
    StoresLater,
    StoresBackwards,
    GivesRepeatsNoReceipt,
    StoresOneByOne,
    HidesTheReason,
    TriesOnlyOnce,
}

fn sound(log: Arc<dyn AuditLog>) -> AuditEventSubscriber {
    let key = RedactionKey::from_bytes([7; 32]);
    let redactor = SecretRedactor::new(&RedactionSettings::default(), key).unwrap();
    AuditEventSubscriber::new(Arc::new(redactor), log)
}

fn made(flaw: Flaw) -> impl Fn(Arc<dyn AuditLog>) -> Flawed {
    move |log| Flawed {
        flaw,
        inner: Arc::new(sound(Arc::clone(&log))),
        log,
        failed: Mutex::default(),
    }
}

struct Flawed {
    flaw: Flaw,
    inner: Arc<AuditEventSubscriber>,
    log: Arc<dyn AuditLog>,
    failed: Mutex<HashSet<String>>,
}

#[async_trait]
impl EventRecorder for Flawed {
    fn name(&self) -> &str {
        if self.flaw == Flaw::HasNoName { " " } else { self.inner.name() }
    }

    fn prepare(&self, mut envelope: EventEnvelope) -> Result<AuditEntry, RecordError> {
        match self.flaw {
            Flaw::PreparesSecrets => return Ok(AuditEntry::new(envelope)),
            Flaw::ForgetsThePlan => envelope.plan_id = None,
            _ => {}
        }
        let entry = self.inner.prepare(envelope)?;
        if self.flaw == Flaw::StoresWhatItPrepares {
            // A log in memory answers at once.
            let _ = self.log.append(std::slice::from_ref(&entry)).now_or_never();
        }
        Ok(entry)
    }

    async fn record(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, RecordError> {
        let ids = || batch.iter().map(|entry| entry.envelope().event_id.clone());
        match self.flaw {
            Flaw::StoresLater => {
                let (inner, later) = (Arc::clone(&self.inner), batch.to_vec());
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    inner.record(&later).await
                });
                let receipts = ids().zip(1..).map(|(event_id, place)| Receipt {
                    event_id,
                    sequence: Sequence(place),
                    recorded_at: start(),
                    status: ReceiptStatus::Recorded,
                });
                Ok(receipts.collect())
            }
            Flaw::StoresBackwards => {
                let backwards: Vec<_> = batch.iter().rev().cloned().collect();
                let mut receipts = self.inner.record(&backwards).await?;
                receipts.reverse();
                Ok(receipts)
            }
            Flaw::GivesRepeatsNoReceipt => {
                let mut receipts = self.inner.record(batch).await?;
                receipts.retain(|receipt| receipt.status == ReceiptStatus::Recorded);
                Ok(receipts)
            }
            Flaw::StoresOneByOne => {
                let mut receipts = Vec::new();
                for entry in batch {
                    receipts.extend(self.inner.record(std::slice::from_ref(entry)).await?);
                }
                Ok(receipts)
            }
            Flaw::HidesTheReason => {
                let outcome = self.inner.record(batch).await;
                outcome.map_err(|_| RecordError::Refused(Arc::new(RefusedByFake)))
            }
            Flaw::TriesOnlyOnce => {
                if ids().any(|id| self.failed.lock().unwrap().contains(&id)) {
                    return Err(RecordError::Refused(Arc::new(RefusedByFake)));
                }
                let outcome = self.inner.record(batch).await;
                if outcome.is_err() {
                    self.failed.lock().unwrap().extend(ids());
                }
                outcome
            }
            _ => self.inner.record(batch).await,
        }
    }
}
