//! What the bookkeeping of a runner promises by itself.

mod attempt;
mod declaration;
mod second_chance;
mod secrets;
mod window;
