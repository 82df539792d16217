//! Both stores of durable subscriptions make the same promises.

use indelible_tests::contract;
use indelible_tests::contract::shipped::{InMemory, OnDisk};
use indelible_tests::contract::subscription_store::{BEYOND_THE_PROCESS, EFFECTS, suite};

#[tokio::test(flavor = "multi_thread")]
async fn the_store_in_memory_keeps_the_contract() {
    suite().except(BEYOND_THE_PROCESS).except(EFFECTS).hold(&InMemory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_on_disk_keeps_the_contract() {
    contract::subscription_store(&OnDisk::new()).await;
}
