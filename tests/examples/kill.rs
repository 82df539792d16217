//! Kills the real program for as many rounds as you like:
//!
//! ```console
//! $ cargo build --release && cargo run --release -p indelible-tests --example kill -- --rounds 1000
//! ```
//!
//! Deliberately absent: starting where the last run ended. A seed makes the same moments again, as
//! far as a machine does the same twice.

#![allow(clippy::print_stdout, clippy::print_stderr)] // A program for a person.

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use indelible_tests::faults::Killing;
use indicatif::{ProgressBar, ProgressStyle};

/// Has several processes record and one prune, kills them all in the middle, and looks whether
/// everything that was acknowledged is on record; over and over.
#[derive(Parser)]
struct Args {
    /// How often
    #[arg(long, default_value = "1000")]
    rounds: NonZero<usize>,
    /// How many processes record at the same time
    #[arg(long, default_value = "3")]
    recorders: NonZero<usize>,
    /// What the moments of the kills are drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The program
    #[arg(long, default_value = "target/release/indelible")]
    program: PathBuf,
}

fn main() -> ExitCode {
    let Args { rounds, recorders, seed, program } = Args::parse();
    let (rounds, recorders) = (rounds.get(), recorders.get());
    let program = match program.canonicalize() {
        Ok(program) => program,
        Err(error) => {
            let program = program.display();
            eprintln!(
                "{program}: {error}; build it with `cargo build --release`, or say --program"
            );
            return ExitCode::from(2);
        }
    };
    // Drawn on a terminal only.
    let bar = ProgressBar::new(rounds as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} {eta}") {
        bar.set_style(style);
    }
    let killing = Killing { program, rounds, recorders, seed };
    let outcome = killing.run(|report| {
        bar.set_message(format!(
            "{} acknowledged, {} broken",
            report.acked,
            report.violations.len()
        ));
        bar.inc(1);
    });
    bar.finish_and_clear();
    match outcome {
        Ok(report) => {
            print!("{report}");
            if report.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("the program could not be started: {error}");
            ExitCode::FAILURE
        }
    }
}
