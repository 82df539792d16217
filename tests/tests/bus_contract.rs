//! Every bus keeps every promise of its port, whatever its sizes and whatever the runtime.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::{AuditLog, EventBus};
use indelible_tests::contract::event_bus::event_bus;
use indelible_tests::expect::must;
use indelible_tests::stage::{Stage, memory_log};
use infrastructure::bus::{BusSettings, LoggingEventBus};
use infrastructure::seaorm::{AuditStorage, SeaOrmAuditLog, StorageOptions};

fn reactive(settings: BusSettings) -> (Arc<dyn EventBus>, Arc<dyn AuditLog>) {
    let Stage { bus, log } = Stage::in_memory(settings);
    (bus, log)
}

fn tiny() -> BusSettings {
    BusSettings { queue_capacity: 1, max_batch: 1, reader_buffer: 1, ..BusSettings::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_reactive_bus_keeps_its_promises_on_many_threads() {
    event_bus(async || reactive(BusSettings::default())).await;
}

#[tokio::test]
async fn the_reactive_bus_keeps_its_promises_on_one_thread() {
    event_bus(async || reactive(BusSettings::default())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_smallest_reactive_bus_keeps_its_promises_on_many_threads() {
    event_bus(async || reactive(tiny())).await;
}

#[tokio::test]
async fn the_smallest_reactive_bus_keeps_its_promises_on_one_thread() {
    event_bus(async || reactive(tiny())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_logging_bus_keeps_its_promises() {
    event_bus(async || {
        let (bus, log) = reactive(BusSettings::default());
        let bus: Arc<dyn EventBus> = Arc::new(LoggingEventBus::new(bus));
        (bus, log)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_reactive_bus_keeps_its_promises_over_a_log_on_disk() {
    let folder = must(tempfile::tempdir());
    let made = AtomicUsize::new(0);
    event_bus(async || {
        let number = made.fetch_add(1, Ordering::Relaxed);
        let file = folder.path().join(format!("{number}/audit.db"));
        let storage = must(AuditStorage::connect(StorageOptions::new(file)).await);
        let (clock, _) = memory_log();
        let Stage { bus, log } =
            Stage::over(Arc::new(SeaOrmAuditLog::new(storage, clock)), BusSettings::default());
        (bus, log)
    })
    .await;
}
