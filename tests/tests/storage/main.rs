//! The audit log on disk: what the file itself keeps, refuses and survives.
//!
//! Deliberately absent: what every log promises, wherever it keeps its entries; see the contract suites.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.
#![allow(clippy::print_stdout)] // What was measured is read with `--nocapture`.

mod archive;
mod erasure;
mod evidence;
mod files;
mod guards;
mod holds;
mod place;
mod sharing;
mod state;
mod subscriptions;
mod tree;
mod tree_guards;
