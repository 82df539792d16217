//! Erasing promises the same in memory and on disk.

use indelible_tests::contract;
use indelible_tests::contract::audit_erasure::{BEYOND_THE_PROCESS, suite};
use indelible_tests::contract::shipped::{InMemory, OnDisk};

#[tokio::test(flavor = "multi_thread")]
async fn erasing_in_memory_keeps_the_contract() {
    suite().except(BEYOND_THE_PROCESS).hold(&InMemory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn erasing_on_disk_keeps_the_contract() {
    contract::audit_erasure(&OnDisk::new()).await;
}
