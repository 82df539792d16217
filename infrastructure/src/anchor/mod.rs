//! Places outside the record where checkpoints are kept: a file, or what a command makes of them.
//!
//! Deliberately absent: reading all of them back. Whoever verifies the record is given the file.

mod command;
mod file;

pub use command::CommandAnchor;
pub use file::FileAnchor;
