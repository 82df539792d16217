//! Both trees over the record make the same promises.

use indelible_tests::contract;
use indelible_tests::contract::audit_tree::{BEYOND_THE_PROCESS, suite};
use indelible_tests::contract::shipped::{InMemory, OnDisk};

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_in_memory_keeps_the_contract() {
    suite().except(BEYOND_THE_PROCESS).hold(&InMemory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_on_disk_keeps_the_contract() {
    contract::audit_tree(&OnDisk::new()).await;
}
