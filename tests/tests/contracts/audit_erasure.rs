//! Erasing promises the same in memory and on disk.

use std::sync::Arc;

use domain::audit::{Erasure, ErasureSelection};
use domain::{AuditAppend, AuditErasure, AuditInspect, Sequence};
use indelible_tests::contract;
use indelible_tests::contract::audit_erasure::{BEYOND_THE_PROCESS, suite};
use indelible_tests::contract::audit_log::batch;
use indelible_tests::contract::shipped::{InMemory, OnDisk};
use infrastructure::clock::SystemClock;
use infrastructure::memory::InMemoryAuditLog;

#[tokio::test(flavor = "multi_thread")]
async fn erasing_in_memory_keeps_the_contract() {
    suite().except(BEYOND_THE_PROCESS).hold(&InMemory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn erasing_on_disk_keeps_the_contract() {
    contract::audit_erasure(&OnDisk::new()).await;
}

#[tokio::test]
async fn in_memory_there_is_nothing_that_somebody_else_could_change_or_damage() {
    let log = InMemoryAuditLog::new(Arc::new(SystemClock));
    log.append(&batch("e", 3)).await.unwrap();
    let erasure = Erasure { selection: ErasureSelection::Entry(Sequence(1)), details: true };
    assert_eq!(log.changed(&erasure, Sequence(3)).await.unwrap(), None);
    assert_eq!(log.damage().await.unwrap(), [] as [String; 0]);
}
