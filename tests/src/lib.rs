//! Contract suites, fakes and builders for whoever extends Indelible or writes an adapter for it.
//!
//! Deliberately absent: a path through production code that only tests take.

pub mod boot;
pub mod compatibility;
pub mod contract;
pub mod downstream;
pub mod expect;
pub mod fakes;
pub mod faults;
pub mod scenario;
pub mod stage;

pub use properties;

/// The examples of this package's README, compiled as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
