//! Both audit logs make the same promises, and so does the fake that can be told to fail.

use std::sync::Arc;

use indelible_tests::contract;
use indelible_tests::contract::audit_log::BEYOND_THE_PROCESS;
use indelible_tests::contract::shipped::{InMemory, OnDisk};
use indelible_tests::fakes::{ManualClock, UnreadableLog};
use infrastructure::memory::InMemoryAuditLog;

#[tokio::test(flavor = "multi_thread")]
async fn the_log_in_memory_keeps_the_contract() {
    contract::audit_log::suite().except(BEYOND_THE_PROCESS).hold(&InMemory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_on_disk_keeps_the_contract() {
    contract::audit_log(&OnDisk::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_that_can_be_told_to_fail_keeps_the_contract_until_it_is() {
    let make = |clock: Arc<ManualClock>| async {
        UnreadableLog::new(Arc::new(InMemoryAuditLog::new(clock)))
    };
    contract::audit_log::suite().except(BEYOND_THE_PROCESS).hold(&make).await;
}
