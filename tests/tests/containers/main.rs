//! The program in a container, as it is run in production: no rights, no network, a root that
//! cannot be written to, and a volume for the record. It is killed at random moments and started
//! again, and what it acknowledged is looked for on the volume, from outside.
//!
//! Behind the feature `containers`, since it needs a Docker engine. With the feature on and no
//! engine there, everything here fails.
//!
//! Deliberately absent: what needs no container. Kills of a plain process are in
//! `bootstrap/tests/cli/crash.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may give up")]

mod engine;
mod evidence;
mod readme;
mod recorder;
mod told;

use engine::{Image, Volume};
use evidence::{Evidence, other_container};
use recorder::{ASKED_TO_STOP, Recorder};
use testcontainers::core::AccessMode;

/// Rounds of one run of the test. Set `INDELIBLE_TEST_CONTAINER_ROUNDS` for a longer one.
const ROUNDS: usize = 8;

/// Events offered in each round; many more than are recorded before the container is killed.
const OFFERED: usize = 20_000;

/// The most receipts that are waited for before the kill.
const PATIENCE: usize = 1_500;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_killed_container_acknowledged_is_on_its_volume_once() {
    let mut chance = chance();
    let (image, volume) = (Image::build(), Volume::create());
    let recorder = Recorder::start(&image, &volume).await;
    let (mut acknowledged, mut offered) = (Vec::new(), 0);
    for round in 0..rounds() {
        if round > 0 {
            recorder.restart().await;
        }
        // The first kill comes as soon as something is offered; the others anywhere later.
        let moment = if round == 0 { 0 } else { chance.usize(0..PATIENCE) };
        let events = offered..offered + OFFERED;
        offered = events.end;
        let receipts = recorder.killed_after(moment, events).await;
        assert!(receipts.len() >= moment, "round {round}: {} receipts", receipts.len());
        acknowledged.extend(receipts);
        let evidence = Evidence::seized(&recorder).await;
        evidence.holds(&acknowledged, OFFERED, &format!("round {round}"));
    }
    assert!(acknowledged.len() > rounds(), "the rounds were too short to show anything");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_is_asked_to_stop_ends_in_order_and_others_read_its_volume() {
    let (image, volume) = (Image::build(), Volume::create());
    let recorder = Recorder::start(&image, &volume).await;
    let (receipts, code) = recorder.stopped_after(10, 0..OFFERED).await;
    assert_eq!(code, ASKED_TO_STOP, "it was killed, or did not wait to be asked");
    let evidence = Evidence::seized(&recorder).await;
    evidence.holds(&receipts, OFFERED, "asked to stop");
    // Two more containers look at the same volume: one that cannot write to it, and one that has
    // to, since it looks whether it could record.
    let read = ["log", "--format", "ndjson"];
    let log = other_container(&image, &volume, AccessMode::ReadOnly, &read).await;
    assert_eq!(evidence.event_ids(), told::event_ids(&log), "a reader sees something else");
    let findings = other_container(&image, &volume, AccessMode::ReadWrite, &["doctor"]).await;
    assert!(!findings.trim().is_empty(), "the doctor says nothing");
    // Erasing writes the file anew, also where files can be made on the volume alone.
    let erase = ["erase", "--event", "1", "--details", "--reason", "asked for", "--yes"];
    other_container(&image, &volume, AccessMode::ReadWrite, &erase).await;
    let show = ["show", "1", "--format", "json"];
    let erased = other_container(&image, &volume, AccessMode::ReadOnly, &show).await;
    assert!(erased.contains("\"erased\":["), "{erased}");
}

#[test]
fn the_readmes_commands_build_an_image_record_in_it_and_read_the_record() {
    let (image, volume) = (Image::unmade(), Volume::unmade());
    let outputs = readme::run_as_shown(&image, &volume);
    let [_built, receipts, plans] = outputs.as_slice() else {
        panic!("the README has {} commands with containers: look at them here", outputs.len());
    };
    let sample = std::fs::read_to_string(readme::root().join(readme::SAMPLE)).unwrap();
    assert_eq!(receipts.lines().count(), sample.lines().count(), "{receipts}");
    assert!(plans.contains("plan.created"), "{plans}");
}

/// How many rounds were asked for.
fn rounds() -> usize {
    std::env::var("INDELIBLE_TEST_CONTAINER_ROUNDS")
        .map_or(ROUNDS, |text| text.parse().expect("a number of rounds"))
}

/// The moments of the kills. What is printed here repeats them.
#[expect(clippy::print_stderr, reason = "shown when the test fails")]
fn chance() -> fastrand::Rng {
    let seed = std::env::var("INDELIBLE_TEST_SEED")
        .map_or_else(|_| fastrand::u64(..), |text| text.parse().expect("a number as seed"));
    eprintln!("the moments of the kills come from INDELIBLE_TEST_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}
