//! Slips in a declaration do not compile, and the one message each of them gives names the fix.
//!
//! The cases are built as a crate of their own that sees the domain from outside, as a product
//! does. They live beside the domain rather than in the tests package because such a crate
//! inherits the dependencies of the package it is in: here these are few and quickly checked.

#![allow(clippy::unwrap_used, reason = "a test may give up")]

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn a_slip_does_not_compile_and_the_message_names_the_fix() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
    cases.pass("tests/compile_pass/*.rs");
    for case in declarations_in_the_documents() {
        cases.pass(case);
    }
}

/// The declarations that README.md and CONTRIBUTING.md show, each as a program. They are shown
/// without what stands around them, so that they cannot be compiled where they are.
fn declarations_in_the_documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut cases = Vec::new();
    for name in ["README.md", "CONTRIBUTING.md"] {
        let text = fs::read_to_string(root.join(name)).unwrap();
        let fenced = text.split("```").skip(1).step_by(2);
        let rust = fenced.filter_map(|block| block.strip_prefix("rust,ignore\n"));
        let shown: String = rust.filter(|block| block.contains("#[event(")).collect();
        assert!(!shown.is_empty(), "{name} no longer shows how an event is declared");
        let case = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.rs"));
        let program = format!(
            "indelible_domain::domain_events! {{\n/// What the document shows.\n\
             pub enum PlanEvent {{\n{shown}}}\n}}\nfn main() {{}}\n"
        );
        fs::write(&case, program).unwrap();
        cases.push(case);
    }
    cases
}
