//! What was ever recorded of the platform's events, and of a downstream product's, is read by
//! today's code.
//!
//! What is missing is written by `INDELIBLE_GOLDEN=write cargo test -p indelible-tests --test golden`.

#![allow(clippy::print_stdout, reason = "a test says how much it tried")]

use domain::events::CATALOGUE;
use indelible_tests::compatibility::golden::Corpus;
use indelible_tests::downstream;

const COMMAND: &str = "INDELIBLE_GOLDEN=write cargo test -p indelible-tests --test golden";

const PLATFORM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden");
const PRODUCT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/downstream/golden");

#[tokio::test]
async fn everything_ever_recorded_of_the_platform_is_read_today() {
    let report = Corpus::new(PLATFORM, &CATALOGUE).written_by(COMMAND).hold().await;
    println!("{report}");
    assert!(report.types >= 44 && report.samples >= 2 * report.types, "{report}");
}

#[tokio::test]
async fn everything_ever_recorded_of_a_products_own_events_is_read_today() {
    let report = Corpus::new(PRODUCT, &downstream::OWN_CATALOGUE).written_by(COMMAND).hold().await;
    assert_eq!((report.types, report.samples), (2, 6), "{report}");
}
