//! Several processes share one file, and none harms another.

use std::collections::HashSet;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use super::place::{Place, ids, log_over};
use domain::{AppendError, AuditAppend, Clock};
use indelible_tests::contract::audit_log::{batch, entry};
use infrastructure::clock::SystemClock;
use infrastructure::seaorm::{AuditStorage, OpenError, SeaOrmAuditLog, StorageOptions};

const FILE: &str = "INDELIBLE_TEST_FILE";
const NAME: &str = "INDELIBLE_TEST_NAME";
const BATCHES: usize = 60;
const SIZE: usize = 5;

/// Another process that appends to the file: this very program, asked for one test alone.
fn process(place: &Place, name: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sharing::appends_in_a_process_of_its_own", "--ignored", "--nocapture"])
        .env(FILE, &place.file)
        .env(NAME, name)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the other process of the tests in this file, which start it with a file and a name"]
async fn appends_in_a_process_of_its_own() {
    let (Ok(file), Ok(name)) = (std::env::var(FILE), std::env::var(NAME)) else { return };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let storage = AuditStorage::connect(StorageOptions::new(file)).await.unwrap();
    let log = SeaOrmAuditLog::new(storage.clone(), clock);
    for round in 0..BATCHES {
        log.append(&batch(&format!("{name}/{round}"), SIZE)).await.unwrap();
        log.append(&[entry(&format!("everybody's {round}"))]).await.unwrap();
    }
    storage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_and_append_at_once_leave_each_event_once_and_no_gap() {
    const PROCESSES: usize = 4;
    let place = Place::new();
    let mut processes: Vec<Child> =
        (0..PROCESSES).map(|n| process(&place, &format!("process {n}"))).collect();
    for process in &mut processes {
        assert!(process.wait().unwrap().success(), "no process fails, say because of a lock");
    }
    let ids = ids(&place.log().await).await;
    assert_eq!(ids.len(), BATCHES * (PROCESSES * SIZE + 1));
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "each event once");
    for n in 0..PROCESSES {
        let own = format!("process {n}/");
        let own: Vec<_> = ids.iter().filter(|id| id.starts_with(&own)).cloned().collect();
        let expected: Vec<_> = (0..BATCHES)
            .flat_map(|round| (0..SIZE).map(move |k| format!("process {n}/{round}-{k}")))
            .collect();
        assert_eq!(own, expected, "each process's events are on record in its order");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_harms_no_other() {
    let place = Place::new();
    let log = place.log().await;
    for round in 0..4 {
        let mut doomed = process(&place, &format!("doomed {round}"));
        let deadline = Duration::from_secs(30);
        tokio::time::timeout(deadline, async {
            let mut n = 0;
            while !ids(&log).await.iter().any(|id| id.starts_with(&format!("doomed {round}/{n}"))) {
                log.append(&[entry(&format!("survivor {round}/{n}"))]).await.unwrap();
                n += 1;
                // Wait for a later one in each round of the loop, up to a few.
                n = n.min(3 + round);
            }
        })
        .await
        .unwrap();
        doomed.kill().unwrap();
        doomed.wait().unwrap();
        log.append(&[entry(&format!("after {round}"))]).await.unwrap();
    }
    let ids = ids(&log).await;
    for round in 0..4 {
        assert!(ids.contains(&format!("after {round}")));
        for n in 0..BATCHES {
            let whole = format!("doomed {round}/{n}-");
            let whole = ids.iter().filter(|id| id.starts_with(&whole)).count();
            assert!(whole == 0 || whole == SIZE, "a batch is on record whole or not at all");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_file_may_be_opened_by_many_at_once() {
    for _ in 0..5 {
        let place = Place::new();
        let opening = (0..8).map(|n| {
            let options = StorageOptions::new(&place.file);
            tokio::spawn(async move {
                let log = log_over(&AuditStorage::connect(options).await.unwrap());
                log.append(&[entry(&format!("{n}"))]).await.unwrap();
            })
        });
        for opened in futures::future::join_all(opening).await {
            opened.unwrap();
        }
        let mut ids = ids(&place.log().await).await;
        ids.sort();
        assert_eq!(ids, ["0", "1", "2", "3", "4", "5", "6", "7"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_that_take_turns_see_each_others_events() {
    let place = Place::new();
    let (one, other) = (place.log().await, place.log().await);
    for round in 0..5 {
        for (log, name) in [(&one, "one"), (&other, "other")] {
            let receipts =
                log.append(&[entry(&format!("{name} {round}")), entry("shared")]).await.unwrap();
            assert_eq!(receipts[1].sequence.0, 2, "the first one's receipt, whoever asks");
        }
    }
    assert_eq!(ids(&one).await.len(), 11);
    assert_eq!(ids(&other).await, ids(&one).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_stays_locked_is_given_up_with_a_reason_and_usable_afterwards() {
    let place = Place::new();
    let storage = AuditStorage::connect(place.options()).await.unwrap();
    let log = log_over(&storage);
    log.append(&batch("before", 3)).await.unwrap();
    let holder = place.raw();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    for size in [1, 3] {
        let refused = log.append(&batch("refused", size)).await;
        assert!(matches!(refused, Err(AppendError::Locked { .. })), "{refused:?}");
    }
    let pruned = domain::AuditRetention::remove_oldest(&log, domain::Sequence(2), 1).await;
    assert!(
        matches!(pruned, Err(domain::RetentionError::Append(AppendError::Locked { .. }))),
        "{pruned:?}"
    );
    assert_eq!(ids(&log).await.len(), 3, "readers do not wait for writers");
    holder.execute_batch("ROLLBACK").unwrap();
    log.append(&[entry("after")]).await.unwrap();
    assert_eq!(ids(&log).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_stays_locked_is_not_opened() {
    for prepare in ["", "CREATE TABLE x (y); DROP TABLE x;"] {
        let place = Place::new();
        let holder = place.raw();
        holder.execute_batch(&format!("{prepare} BEGIN EXCLUSIVE")).unwrap();
        let error = AuditStorage::connect(place.options()).await.unwrap_err();
        assert!(matches!(error, OpenError::Locked { .. }), "{error:?}");
        assert!(error.to_string().contains("try again"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_another_program_takes_while_we_wait_for_it_is_theirs() {
    let place = Place::new();
    let theirs = place.raw();
    theirs
        .execute_batch("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; CREATE TABLE theirs (x)")
        .unwrap();
    let mut connecting = Box::pin(AuditStorage::connect(StorageOptions::new(&place.file)));
    let waiting = tokio::time::timeout(Duration::from_millis(200), &mut connecting).await;
    assert!(waiting.is_err(), "an empty file that is locked is waited for");
    theirs.execute_batch("COMMIT").unwrap();
    let error = connecting.await.unwrap_err();
    assert!(matches!(error, OpenError::ForeignApplication { .. }), "{error:?}");
    let tables = "SELECT group_concat(name) FROM sqlite_schema";
    let tables: String = theirs.query_row(tables, [], |row| row.get(0)).unwrap();
    assert_eq!(tables, "theirs", "nothing of ours was written");
}
