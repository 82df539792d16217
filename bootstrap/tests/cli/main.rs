//! The program as its users meet it: a process with arguments, input, output and an exit code.
//!
//! Deliberately absent: what the use cases promise by themselves; that is tested where they are.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may give up")]

mod anchoring;
mod bad_input;
mod commands;
mod crash;
mod erasing;
mod evidence;
mod examining;
mod explaining;
mod following;
mod going_on;
mod housekeeping;
mod importing;
mod proving;
mod publishing;
mod reacting;
mod reading;
mod readme;
mod recording;
mod retaining;
mod settings;
mod several_processes;
mod support;
mod tampering;
mod verdicts;
mod work;
