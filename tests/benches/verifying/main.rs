//! How many entries per second are verified, beside the least that reading and hashing them costs.
//!
//! Two ways over the same file: what `indelible verify` does, with every leaf, tile and root computed
//! anew; and a plain rusqlite loop that reads the same columns of every entry, one after the other, and
//! puts them through one SHA-256 each. That is less than what verifying hashes: a leaf has a digest of its
//! own for every value that may be erased, and each hash is joined with its neighbours up to the root.
//!
//! Each turn is a process of its own, held to one core by `taskset` or free to use all; the loop uses one
//! in any case. Turns alternate within a round, and ratios are taken within rounds, since machines drift.
//!
//! Arguments: `--rounds N` (5), `--rows N` (200000), `--quick` for one round over 5000.
//!
//! Deliberately absent: a cold file. The first turn, which is not counted, has read it.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss)]

#[path = "../recording/events.rs"]
#[allow(dead_code, reason = "the other benchmark needs more of it")]
mod events;
mod record;
mod report;
mod turn;

use std::path::Path;

use report::Report;
use turn::{Cores, Way};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == "--turn") {
        let (rows, seconds) = turn::take(args[at + 1].parse().unwrap(), Path::new(&args[at + 2]));
        println!("{rows} {seconds}");
        return;
    }
    let value = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1)?.parse::<usize>().ok()
    };
    let quick = args.iter().any(|arg| arg == "--quick");
    let rounds = if quick { 1 } else { value("--rounds").unwrap_or(5) };
    let rows = value("--rows").unwrap_or(if quick { 5_000 } else { 200_000 });
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = dir.path().join("audit.db");
    record::make(&file, rows);
    println!("rounds {rounds}, {rows} entries, {} bytes", std::fs::metadata(&file).unwrap().len());
    turn::run(Way::Plain, Cores::All, &file, rows);
    let mut report = Report::default();
    for _ in 0..rounds {
        for cores in [Cores::One, Cores::All] {
            for way in [Way::Verify, Way::Plain] {
                report.add(cores, way, turn::run(way, cores, &file, rows));
            }
        }
    }
    println!("{report}");
}
