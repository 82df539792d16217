//! Every promise of every contract suite bites: for each there is an adapter that breaks it and
//! nothing else by intent, and that the promise catches.
//!
//! `cargo test -p indelible-tests --test contract_bites -- --ignored --nocapture` prints for every
//! broken adapter all the promises that catch it, which takes a few minutes.
//!
//! Deliberately absent: adapters that break in a way no caller could notice.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.
#![allow(clippy::print_stdout)] // Which promise caught what is read with `--nocapture`.

mod audit_erasure;
mod audit_log;
mod audit_tree;
mod clock;
mod event_bus;
mod event_recorder;
mod legal_holds;
mod redactor;
mod subscription_store;
mod suites;
mod table;

use table::{every_promise_bites, print_who_catches_what};

macro_rules! bites {
    ($($port:ident: $bites:ident, $matrix:ident;)+) => {
        $(
            #[test]
            fn $bites() {
                every_promise_bites(&$port::suite(), &$port::table());
            }

            #[test]
            #[ignore = "prints a matrix rather than tests, and takes minutes"]
            fn $matrix() {
                print_who_catches_what(&$port::suite(), &$port::table());
            }
        )+
    };
}

bites! {
    audit_log: every_promise_of_the_audit_log_bites, who_catches_a_broken_audit_log;
    audit_erasure: every_promise_of_erasing_bites, who_catches_broken_erasing;
    audit_tree: every_promise_of_the_audit_tree_bites, who_catches_a_broken_tree;
    subscription_store: every_promise_of_the_subscription_store_bites, who_catches_a_broken_store;
    legal_holds: every_promise_of_legal_holds_bites, who_catches_broken_holds;
    event_bus: every_promise_of_the_event_bus_bites, who_catches_a_broken_event_bus;
    event_recorder: every_promise_of_the_recorder_bites, who_catches_a_broken_recorder;
    redactor: every_promise_of_the_redactor_bites, who_catches_a_broken_redactor;
    clock: every_promise_of_the_clock_bites, who_catches_a_broken_clock;
}
