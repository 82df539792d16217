//! The proving ground: the means to know that Indelible's promises are still kept, for whoever
//! extends it, writes an adapter for one of its ports, or starts a product on it.
//!
//! | you want to | use |
//! |---|---|
//! | boot the real container and say what must be on record | [`scenario`] |
//! | hold an adapter to its port's contract | [`contract`] |
//! | fail the disk, cut the power, kill the process under an adapter | [`faults`] |
//! | know that what was recorded is read by what comes later | [`compatibility`] |
//! | hold parsers to what must be true of any input | [`properties`] |
//! | play a port | [`fakes`] |
//! | have proofs checked by code that is not ours | `independent`, behind the feature of that name |
//! | see all of it used by a product | [`downstream`] |
//!
//! The README beside this package says more of each, with its commands and figures.
//!
//! Deliberately absent: a path through production code that only tests take.

pub mod boot;
pub mod compatibility;
pub mod contract;
pub mod downstream;
pub mod expect;
pub mod fakes;
pub mod faults;
#[cfg(feature = "independent")]
pub mod independent;
pub mod scenario;
pub mod stage;

pub use properties;

/// The examples of this package's README, but for those that are tests, which rustdoc leaves out:
/// `tests/readme.rs` compiles and runs them.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
