//! Where everything is put together: settings, the container, the composition root, and the
//! command line.
//!
//! A library as well as a program, so that tests and downstream products boot the very same
//! container: see [`App`].
//!
//! Deliberately absent: rules and adapters. What is decided here is only which adapter plays
//! which port, and with which settings.

#[cfg(feature = "program")]
pub mod cli;
pub mod settings;
#[cfg(feature = "program")]
pub mod wiring;

#[cfg(feature = "program")]
pub use application::delivery;
pub use domain;
pub use settings::{Settings, SettingsError};
#[cfg(feature = "program")]
pub use wiring::{
    App, AppBuilder, DurableGuard, DurableRunners, IndelibleModule, IndelibleServices, StartError,
    SubscribeError,
};

/// The README's examples, compiled as documentation tests.
#[cfg(all(doctest, feature = "program"))]
#[doc = include_str!("../../README.md")]
struct Readme;

/// And those of the page on contributing.
#[cfg(doctest)]
#[doc = include_str!("../../CONTRIBUTING.md")]
struct Contributing;
