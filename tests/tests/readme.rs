//! The tests that the documents show, compiled as they are shown, and run.
//!
//! Deliberately absent: the documents' other code, which is compiled where it stands, and their
//! commands: `bootstrap/tests/cli/readme.rs` runs those.

use indelible::domain::{DomainEvent, EventDraft, events::PlanCreated};
use indelible_tests::scenario::{Outcome, TestApp};

#[tokio::test]
async fn a_plan_is_on_record() -> Outcome {
    let app = TestApp::start().await?;
    app.emit(EventDraft::from(PlanCreated::sample()).in_plan("p1")).await?;
    app.expect::<PlanCreated>().where_plan("p1").on_record().once().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_acknowledged_is_there_after_a_kill() -> Outcome {
    let app = TestApp::start().await?.crash("recording_until_killed", 100).await?;
    app.expect::<PlanCreated>().on_record().at_least(100).await?;
    Ok(())
}

/// What is killed above; does nothing when anybody else runs it.
#[tokio::test(flavor = "multi_thread")]
async fn recording_until_killed() -> Outcome {
    let Some(app) = TestApp::builder().start_in_child().await? else { return Ok(()) };
    loop {
        app.emit(PlanCreated::sample()).await?;
    }
}

mod a_clock {
    use infrastructure::clock::SystemClock as MyClock;

    use indelible_tests::contract;

    #[tokio::test]
    async fn my_clock_keeps_the_contract() {
        contract::clock(&|| MyClock).await;
    }
}

mod a_log_in_memory {
    use infrastructure::memory::InMemoryAuditLog as MyLog;

    use std::sync::Arc;

    use indelible_tests::contract;
    use indelible_tests::contract::audit_log::BEYOND_THE_PROCESS;
    use indelible_tests::fakes::ManualClock;

    #[tokio::test(flavor = "multi_thread")]
    async fn my_log_in_memory_keeps_the_rest_of_the_contract() {
        let make = |clock: Arc<ManualClock>| async { MyLog::new(clock) };
        contract::audit_log::suite().except(BEYOND_THE_PROCESS).hold(&make).await;
    }

    #[tokio::test]
    async fn one_promise_alone() -> Result<(), contract::Broken> {
        let maker = |clock: Arc<ManualClock>| async { MyLog::new(clock) };

        contract::audit_log::suite().promise("recorded_at_never_goes_back").try_on(&maker).await?;

        Ok(())
    }
}

mod a_log_on_disk {
    use std::sync::Arc;

    use indelible_tests::faults::{OpenLog, Place, Workload, torture};
    use infrastructure::seaorm::{AuditStorage, SeaOrmAuditLog, SeaOrmAuditTree, StorageOptions};

    #[ignore = "takes minutes; `--test faults` takes the same adapter through the same"]
    #[test]
    fn the_log_keeps_its_word() {
        let make = |place: Place| async move {
            let mut options = StorageOptions::new(place.folder.join("audit.db"));
            options.vfs = place.vfs.map(str::to_owned);
            let storage = AuditStorage::connect(options).await?;
            let log = SeaOrmAuditLog::new(storage.clone(), place.clock);
            let tree = Arc::new(SeaOrmAuditTree::new(storage.clone()));
            let close = move || async move { storage.close().await };
            Ok(OpenLog::new(Arc::new(log)).treed(tree).closed_by(close))
        };
        torture(make, &Workload::default()).must_be_clean();
    }
}

mod our_events {
    /// The package that this is in keeps the platform's samples.
    mod our {
        pub(super) use domain::events::CATALOGUE as OWN_CATALOGUE;
    }

    use indelible_tests::compatibility::golden::Corpus;

    #[tokio::test]
    async fn everything_ever_recorded_of_our_events_is_read_today() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/golden");
        Corpus::new(folder, &our::OWN_CATALOGUE).hold().await;
    }
}

/// How a document's code that is compiled nowhere else is known: rustdoc leaves out what is a test.
const COMPILED_HERE: [&str; 4] = ["TestApp::", "#[test]", "#[tokio::test", "contract::"];

#[test]
fn every_test_in_the_documents_is_compiled_here() {
    let here = unindented(include_str!("readme.rs"));
    let mut shown = 0;
    for document in [include_str!("../../README.md"), include_str!("../README.md")] {
        for block in document.split("```").skip(1).step_by(2) {
            let Some((language, code)) = block.split_once('\n') else { continue };
            if !language.starts_with("rust") || !COMPILED_HERE.iter().any(|it| code.contains(it)) {
                continue;
            }
            shown += 1;
            for paragraph in code.split("\n\n") {
                let stands = here.contains(&unindented(paragraph));
                assert!(stands, "put this into readme.rs:\n{paragraph}");
            }
        }
    }
    assert!(shown >= 8, "the documents show {shown} tests");
}

/// What is shown by itself stands in a function or a module here.
fn unindented(code: &str) -> String {
    code.lines().flat_map(|line| [line.trim_start(), "\n"]).collect()
}
