//! The reactive bus beyond its contract: how it gathers, catches up, reports, reacts and ends.
//!
//! Deliberately absent: what every bus promises; see the contract suites.

mod beginning;
mod catching_up;
mod lifetime;
mod logged_lines;
mod racing_retention;
mod reactions;
mod readers_agree;
mod recording;
mod reports;
