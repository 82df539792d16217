//! The use cases over the shipped adapters: what holds whatever they are called by.
//!
//! Deliberately absent: what the program prints of them, which is tested with the program; durable
//! subscriptions and proofs, which have tests of their own.

#![allow(clippy::unwrap_used, reason = "a test may give up")]

mod erasing;
mod health;
mod key_in_use;
mod reading;
mod retention;
mod retention_rules;
mod work_and_causes;
