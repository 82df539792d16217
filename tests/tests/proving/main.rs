//! Proving the record from outside: whatever somebody changes in the file is found, and named; what was
//! proven before still holds after retention.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.
#![allow(clippy::print_stderr)] // What became of each byte is told.

mod accounted;
mod answers;
mod bytes;
mod changed;
mod elsewhere;
mod grown;
mod meanwhile;
mod published;
mod remembered;
mod signed;
