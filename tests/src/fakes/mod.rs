//! Fakes of the ports: real behaviour, simple means, and handles to steer them from a test.

mod clock;
mod counting_bus;
mod forgetful_bus;
mod gate;
mod metered;
mod no_redaction;
mod probe;
mod recorders;
mod unreadable_log;

pub use clock::ManualClock;
pub use counting_bus::CountingBus;
pub use forgetful_bus::ForgetfulBus;
pub use gate::Gate;
pub use metered::Metered;
pub use no_redaction::NoRedaction;
pub use probe::{Probe, ProbeFailed};
pub use recorders::{
    LyingRecorder, PoisonRecorder, Refusal, RefusedByFake, RefusingRecorder, StallingRecorder,
    plain_recorder,
};
pub use unreadable_log::UnreadableLog;

/// Unwinds as a panic does, but without a report on the terminal, where somebody who looks for a
/// failure would take it for one.
///
/// # Panics
/// Always.
pub fn panic_on_purpose(words: &'static str) -> ! {
    std::panic::resume_unwind(Box::new(words))
}
