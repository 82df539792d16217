//! Both audit logs make the same promises.

use indelible_tests::contract;
use indelible_tests::contract::shipped::{InMemory, OnDisk};

#[tokio::test(flavor = "multi_thread")]
async fn the_log_in_memory_keeps_the_contract() {
    contract::audit_log(&InMemory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_on_disk_keeps_the_contract() {
    contract::audit_log(&OnDisk::new()).await;
}
