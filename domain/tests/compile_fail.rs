//! Slips in a declaration do not compile, and the one message each of them gives names the fix.
//!
//! The cases are built as a crate of their own that sees the domain from outside, as a product
//! does. They live beside the domain rather than in the tests package because such a crate
//! inherits the dependencies of the package it is in: here these are few and quickly checked.

#[test]
fn a_slip_does_not_compile_and_the_message_names_the_fix() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
    cases.pass("tests/compile_pass/*.rs");
}
