//! The shipped storage under torture, and adapters that break a promise, which the torture finds.

#![allow(clippy::print_stdout)] // What a torture did is worth reading where it is asked for.

mod advancing;
mod broken;

use std::time::Duration;

use broken::{How, broken};
use indelible_tests::faults::{
    Case, Failure, Fault, FaultyDisk, OpenLog, Operation, Place, Survival, Torture, Workload,
    sqlite, torture,
};
use infrastructure::memory::InMemoryAuditLog;
use infrastructure::seaorm::{AuditStorage, Durability, OpenError, StorageOptions};

/// Enough to lose something, and soon done.
fn small() -> Workload {
    Workload::empty().emit(1, 2).emit(2, 2).emit(1, 3).reopen()
}

/// A part of the positions of the small workload.
fn sampled() -> Torture {
    Torture { stride: 6, seeds: 1, ..Torture::default() }
}

#[test]
fn whatever_fails_whenever_what_was_acknowledged_is_on_record() {
    let report = torture(sqlite(Durability::Full), &Workload::default());
    println!("{report}");
    report.must_be_clean();
    if Torture::from_env().only.is_some() {
        return;
    }
    let once = [
        (Operation::Write, Failure::Io),
        (Operation::Write, Failure::Full),
        (Operation::Write, Failure::Short),
        (Operation::Sync, Failure::Io),
    ];
    for (operation, failure) in once {
        let tally = report.tallies[&format!("{operation} fails, {failure}")];
        assert_eq!(tally.recovered, tally.cases, "{operation} {failure} passes:\n{report}");
        assert!(tally.cases > 0, "nothing was tried:\n{report}");
    }
    let lasting = report.tallies["write fails, ENOSPC, lasting"];
    assert!(lasting.refused > lasting.cases / 2, "a full disk is refused out loud:\n{report}");
}

#[test]
fn with_less_durability_the_power_takes_acknowledged_events_with_it_and_the_torture_says_so() {
    let report = sampled().run(sqlite(Durability::Normal), &small());
    println!("{report}");
    let lost: Vec<_> = report.violations_that_say("is lost").collect();
    let cut = |survival| {
        lost.iter().filter(move |violation| {
            matches!(violation.case, Case::PowerCut { survival: found, .. } if found == survival)
        })
    };
    assert!(cut(Survival::Nothing).count() > 0, "the torture does not bite:\n{report}");
    // What a process leaves that is killed is another matter: there it keeps its word.
    assert_eq!(cut(Survival::Everything).count(), 0, "{report}");
    assert_eq!(report.tallies["no fault"].broken, 0, "{report}");
}

#[test]
fn an_adapter_that_acknowledges_before_it_commits_is_found_out() {
    let report = sampled().run(broken(How::AcksFirst), &small());
    assert_eq!(report.tallies["no fault"].broken, 0, "all is well while nothing fails:\n{report}");
    let cuts = report.tallies["power cut, everything survives"];
    assert!(cuts.broken > 0, "lost even where only the process dies:\n{report}");
    assert!(report.violations_that_say("is lost").count() > 0, "{report}");
    println!("{report}");
    let text = report.to_string();
    let wrong: Vec<&str> =
        text.lines().filter(|line| line.contains(" of the cases, first ")).collect();
    assert!(
        wrong.first().is_some_and(|line| line.contains("is lost")),
        "the worst first:\n{report}"
    );
    assert!(wrong.len() < 10, "one line for each kind of problem:\n{report}");
}

#[test]
fn an_adapter_that_acknowledges_what_failed_is_found_out() {
    let report = sampled().run(broken(How::SwallowsErrors), &small());
    assert_eq!(report.tallies["no fault"].broken, 0, "all is well while nothing fails:\n{report}");
    assert!(report.tallies["write fails, ENOSPC, lasting"].broken > 0, "{report}");
    assert!(report.violations_that_say("is lost").count() > 0, "{report}");
}

#[test]
fn an_adapter_that_commits_a_batch_in_parts_is_found_out() {
    let report = sampled().run(broken(How::InParts), &small());
    assert_eq!(report.tallies["no fault"].broken, 0, "all is well while nothing fails:\n{report}");
    assert!(report.violations_that_say("events are there").count() > 0, "{report}");
}

#[test]
fn a_tree_that_loses_a_checkpoint_or_is_another_than_it_says_is_found_out() {
    let workload = small().checkpoint();
    let nothing = Torture { only: Some(Case::Nothing), ..sampled() };
    let report = nothing.run(broken(How::ForgetsCheckpoints), &workload);
    assert!(
        report.violations_that_say("the checkpoint of 9 leaves is lost").count() > 0,
        "{report}"
    );
    let report = nothing.run(broken(How::MistakesItsTree), &workload);
    assert!(report.violations_that_say("the tree of 10 leaves").count() > 0, "{report}");
}

#[test]
fn an_adapter_that_hangs_when_the_disk_fails_is_found_out() {
    // Some of these are writes of an emit, wherever opening ends.
    let hangs = (70..=130).step_by(12).any(|nth| {
        let only = Some(Case::Fault(Fault::once(Operation::Write, nth, Failure::Io)));
        let alone = Torture { only, patience: Duration::from_secs(2), ..sampled() };
        let report = alone.run(broken(How::Hangs), &small());
        report.violations_that_say("it hangs").count() > 0
    });
    assert!(hangs, "no failed write of an emit is found to hang");
}

#[test]
fn an_adapter_that_does_not_use_the_disk_is_found_out() {
    let make = |place: Place| async move {
        Ok(OpenLog::new(std::sync::Arc::new(InMemoryAuditLog::new(place.clock))))
    };
    let report = sampled().run(make, &small());
    assert!(report.violations_that_say("Place::vfs").count() > 0, "{report}");
    assert!(report.to_string().contains("INDELIBLE_FAULTS_ONLY=nothing"), "{report}");
}

#[tokio::test]
async fn the_file_is_reached_through_the_vfs_that_was_named() {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let disk = FaultyDisk::over(folder.path()).unwrap_or_else(|error| panic!("{error}"));
    let named = |vfs: Option<&str>, file: &str| StorageOptions {
        vfs: vfs.map(ToOwned::to_owned),
        ..StorageOptions::new(folder.path().join(file))
    };
    let plain = AuditStorage::connect(named(None, "plain.db")).await;
    plain.unwrap_or_else(|error| panic!("{error}")).close().await;
    assert_eq!(disk.now().0, 0, "without a name it is SQLite's own");
    let watched = AuditStorage::connect(named(Some(FaultyDisk::VFS), "watched.db")).await;
    watched.unwrap_or_else(|error| panic!("{error}")).close().await;
    assert!(disk.count(Operation::Sync) > 0);
    let unknown = AuditStorage::connect(named(Some("nobody"), "unknown.db")).await;
    assert!(matches!(unknown, Err(OpenError::Storage { .. })), "{unknown:?}");
}
