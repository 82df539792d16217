//! What handlers change and the cursor over it, on a disk that fails: never one without the other.
//!
//! Deliberately absent: the record, which `torture` looks after.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::ports::SubscriptionStoreError;
use domain::subscription::{Effect, EventEffects, Progress};
use domain::{Sequence, SubscriptionName, SubscriptionStore};
use indelible_tests::contract::audit_log::start;
use indelible_tests::fakes::ManualClock;
use indelible_tests::faults::{Case, Failure, Fault, FaultyDisk, Moment, Operation, Survival};
use infrastructure::seaorm::{AuditStorage, SeaOrmSubscriptionStore, StorageOptions};

/// How many events are handled.
const EVENTS: u64 = 4;

/// How often a step is tried that fails.
const TRIES: u32 = 3;

fn billing() -> SubscriptionName {
    "billing".parse().unwrap()
}

/// Handling an event makes a row, whose number must not be there yet, and a page or two more.
fn handled(event: u64) -> Progress {
    let effects = vec![
        Effect::new("CREATE TABLE IF NOT EXISTS handled (event INTEGER PRIMARY KEY, text TEXT)"),
        Effect::new("INSERT INTO handled VALUES (?, ?)").with(event).with("x".repeat(3000)),
    ];
    Progress {
        cursor: Sequence(event),
        reach: Sequence(event),
        effects: vec![EventEffects { sequence: Sequence(event), effects }],
        ..Progress::default()
    }
}

async fn open(folder: &Path, vfs: Option<&str>) -> Option<(AuditStorage, SeaOrmSubscriptionStore)> {
    let mut options = StorageOptions::new(folder.join("audit.db"));
    options.vfs = vfs.map(str::to_owned);
    options.lock_timeout = Duration::from_secs(1);
    let storage = AuditStorage::connect(options).await.ok()?;
    let store = SeaOrmSubscriptionStore::new(storage.clone(), Arc::new(ManualClock::at(start())));
    Some((storage, store))
}

/// Goes on from the cursor, as whoever runs a subscription would; whether the event is done with.
async fn step(store: &SeaOrmSubscriptionStore, event: u64) -> Result<bool, SubscriptionStoreError> {
    let cursor = store.ensure(&billing(), Sequence(0)).await?.cursor.0;
    if cursor >= event {
        return Ok(true);
    }
    let ttl = Duration::from_mins(1);
    let Some(lease) = store.acquire(&billing(), "test", ttl).await? else { return Ok(false) };
    store.advance(&lease, handled(cursor + 1)).await?;
    Ok(cursor + 1 == event)
}

/// How far it came, and when: for each event that was acknowledged, the number of changes to the
/// disk until then.
async fn handle_all(disk: &FaultyDisk, folder: &Path) -> Vec<(u64, usize)> {
    let mut acknowledged = Vec::new();
    for event in 1..=EVENTS {
        for _ in 0..TRIES {
            // Opened anew each time, so that migration and closing are under fire as well.
            let Some((storage, store)) = open(folder, Some(FaultyDisk::VFS)).await else {
                continue;
            };
            let done = step(&store, event).await;
            if let Err(SubscriptionStoreError::Effect { source, .. }) = &done {
                panic!("event {event} is handled once more, or blamed for the disk: {source}");
            }
            if matches!(done, Ok(true)) {
                acknowledged.push((event, disk.now().0));
            }
            storage.close().await;
            if acknowledged.last().is_some_and(|(last, _)| *last == event) {
                break;
            }
        }
    }
    acknowledged
}

/// Opens what is left: the cursor and the rows must agree, nothing acknowledged may be missing, and it
/// goes on.
async fn look(folder: &Path, acknowledged: u64, case: Case) {
    let left = open(folder, None).await;
    let Some((storage, store)) = left else { panic!("{case}: it cannot be opened again") };
    let cursor = store.ensure(&billing(), Sequence(0)).await;
    let cursor = cursor.unwrap_or_else(|error| panic!("{case}: {error}")).cursor.0;
    assert!(cursor >= acknowledged, "{case}: {acknowledged} was acknowledged, {cursor} is left");
    let raw = rusqlite::Connection::open(folder.join("audit.db")).unwrap();
    let rows: Vec<i64> = match raw.prepare("SELECT event FROM handled ORDER BY event") {
        Ok(mut rows) => rows.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect(),
        // Not made yet.
        Err(_) => Vec::new(),
    };
    assert_eq!(
        rows,
        (1..=cursor.cast_signed()).collect::<Vec<_>>(),
        "{case}: handled once, up to the cursor"
    );
    drop(raw);
    let next = step(&store, cursor + 1).await;
    assert!(matches!(next, Ok(true)), "{case}: it goes on: {next:?}");
    storage.close().await;
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let limited = tokio::time::timeout(Duration::from_mins(1), future).await;
        limited.unwrap_or_else(|_| panic!("it hangs"))
    })
}

/// A run over a disk of its own, which may fail once; how far it came.
fn run(fault: Option<Fault>) -> (tempfile::TempDir, FaultyDisk, Vec<(u64, usize)>) {
    let folder = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::over(folder.path()).unwrap();
    if let Some(fault) = fault {
        disk.fail(fault);
    }
    let acknowledged = block_on(handle_all(&disk, folder.path()));
    (folder, disk, acknowledged)
}

#[test]
fn whatever_fails_whenever_an_event_is_handled_once_with_its_cursor() {
    let (_folder, disk, acknowledged) = run(None);
    assert_eq!(acknowledged.len() as u64, EVENTS, "on a disk that works all are handled");
    let counts = Operation::ALL.map(|operation| (operation, disk.count(operation)));
    let mut cases = 0;
    for (operation, count) in counts {
        let failures: &[Failure] = match operation {
            Operation::Write => &[Failure::Io, Failure::Full, Failure::Short],
            _ => &[Failure::Io],
        };
        for (nth, failure) in
            (1..=count).flat_map(|nth| failures.iter().map(move |failure| (nth, *failure)))
        {
            // What fails for good is tried at some places.
            for fault in [
                Some(Fault::once(operation, nth, failure)),
                (nth % 7 == 0).then(|| Fault::lasting(operation, nth, failure)),
            ]
            .into_iter()
            .flatten()
            {
                let (folder, disk, acknowledged) = run(Some(fault));
                disk.mend();
                let last = acknowledged.last().map_or(0, |(event, _)| *event);
                block_on(look(folder.path(), last, Case::Fault(fault)));
                cases += 1;
            }
        }
    }
    println!("{cases} faults, at {counts:?}");
    assert!(cases > 100, "hardly anything was tried: {counts:?}");
}

#[test]
fn whenever_the_power_goes_an_event_is_handled_once_with_its_cursor() {
    let (_folder, disk, acknowledged) = run(None);
    let mut cases = 0;
    let mut torn = 0;
    for at in 0..=disk.now().0 {
        let seed = at as u64;
        for survival in [Survival::Nothing, Survival::Everything, Survival::Torn { seed }] {
            let case = Case::PowerCut { at: Moment(at), survival };
            let left = tempfile::tempdir().unwrap();
            disk.power_cut(Moment(at), survival, left.path()).unwrap();
            let last = acknowledged.iter().filter(|(_, when)| *when <= at).map(|(event, _)| *event);
            block_on(look(left.path(), last.max().unwrap_or_default(), case));
            cases += 1;
            torn += usize::from(matches!(survival, Survival::Torn { .. }));
        }
    }
    println!("{cases} losses of power, {torn} of them torn");
    assert!(torn > 50, "hardly anything was tried");
}
