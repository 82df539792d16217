//! Fakes of the ports: real behaviour, simple means, and handles to steer them from a test.

mod clock;

pub use clock::ManualClock;
