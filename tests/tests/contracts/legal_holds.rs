//! Legal holds on disk and in memory make the same promises, but for what memory cannot keep.

use indelible_tests::contract;
use indelible_tests::contract::legal_holds::{BEYOND_THE_PROCESS, WITHIN_THE_RECORD, suite};
use indelible_tests::contract::shipped::{InMemory, OnDisk};

#[tokio::test(flavor = "multi_thread")]
async fn the_holds_in_memory_keep_the_contract() {
    suite().except(BEYOND_THE_PROCESS).except(WITHIN_THE_RECORD).hold(&InMemory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_holds_on_disk_keep_the_contract() {
    contract::legal_holds(&OnDisk::new()).await;
}
