//! Every bus keeps every promise of its port, whatever its sizes and whatever the runtime.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{AuditLog, EventBus};
use indelible_tests::contract;
use indelible_tests::contract::audit_log::AuditLogMaker;
use indelible_tests::contract::event_bus::EventBusMaker;
use indelible_tests::contract::shipped::OnDisk;
use indelible_tests::fakes::ManualClock;
use indelible_tests::stage::{Stage, memory_log};
use infrastructure::bus::{BusSettings, LoggingEventBus, ReactiveEventBus};

fn reactive(settings: BusSettings) -> impl EventBusMaker {
    move |clock: Arc<ManualClock>, log: Arc<dyn AuditLog>| {
        let settings = settings.clone();
        async { ReactiveEventBus::new(settings, clock, log) }
    }
}

fn tiny() -> BusSettings {
    BusSettings { queue_capacity: 1, max_batch: 1, reader_buffer: 1, ..BusSettings::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_reactive_bus_keeps_its_promises_on_many_threads() {
    contract::event_bus(&reactive(BusSettings::default())).await;
}

#[tokio::test]
async fn the_reactive_bus_keeps_its_promises_on_one_thread() {
    contract::event_bus(&reactive(BusSettings::default())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_smallest_reactive_bus_keeps_its_promises_on_many_threads() {
    contract::event_bus(&reactive(tiny())).await;
}

#[tokio::test]
async fn the_smallest_reactive_bus_keeps_its_promises_on_one_thread() {
    contract::event_bus(&reactive(tiny())).await;
}

#[tokio::test]
async fn a_reactive_bus_of_odd_sizes_keeps_its_promises() {
    let odd = BusSettings {
        queue_capacity: 3,
        max_batch: 7,
        reader_buffer: 2,
        recent: 5,
        ..BusSettings::default()
    };
    contract::event_bus(&reactive(odd)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_logging_bus_keeps_its_promises() {
    let make = |clock: Arc<ManualClock>, log: Arc<dyn AuditLog>| async {
        let inner = ReactiveEventBus::new(BusSettings::default(), clock, log);
        LoggingEventBus::new(Arc::new(inner))
    };
    contract::event_bus(&make).await;
}

/// The reactive bus over a log in a file.
struct OverDisk(OnDisk);

#[async_trait]
impl EventBusMaker for OverDisk {
    async fn over(&self, clock: Arc<ManualClock>, log: Arc<dyn AuditLog>) -> Arc<dyn EventBus> {
        Arc::new(ReactiveEventBus::new(BusSettings::default(), clock, log))
    }

    async fn make(&self) -> Stage {
        let (clock, _) = memory_log();
        Stage::over(self.0.make(clock).await, BusSettings::default())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_reactive_bus_keeps_its_promises_over_a_log_on_disk() {
    contract::event_bus(&OverDisk(OnDisk::new())).await;
}
