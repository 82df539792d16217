//! The scenarios that the documents show, run as they are shown.
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

#[test]
fn every_scenario_in_the_documents_is_run_here() {
    let here = include_str!("readme.rs");
    let mut shown = 0;
    for document in [include_str!("../../README.md"), include_str!("../README.md")] {
        for block in document.split("```").skip(1).step_by(2) {
            let Some((language, code)) = block.split_once('\n') else { continue };
            // Compiling them where they stand would not do: rustdoc leaves out what is a test.
            if language.starts_with("rust") && code.contains("TestApp::") {
                shown += 1;
                assert!(here.contains(&indented_as_here(code)), "put this into readme.rs:\n{code}");
            }
        }
    }
    assert!(shown >= 2, "the documents show {shown} scenarios");
}

/// Statements that are shown without their function are indented in it.
fn indented_as_here(code: &str) -> String {
    if code.contains("fn ") {
        return code.to_owned();
    }
    code.lines().flat_map(|line| ["    ", line, "\n"]).collect()
}
