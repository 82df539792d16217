//! The adapters of Indelible: what plays the domain's ports with real technology.
//!
//! Deliberately absent: rules. What an event is, when it may be removed and who hears of it is
//! decided further in; here it is carried out.

pub mod anchor;
pub mod bus;
pub mod clock;
#[cfg(feature = "sqlite")]
pub mod legacy;
pub mod memory;
mod moment;
pub mod redaction;
#[cfg(feature = "sqlite")]
pub mod seaorm;
mod secret_file;
pub mod signing;
mod sync;
mod unwritable;
