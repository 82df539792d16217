//! What the bookkeeping of a runner promises by itself.

mod attempt;
mod declaration;
mod secrets;
mod window;
