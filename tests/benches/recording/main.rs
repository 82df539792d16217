//! How many events per second reach the record, beside what one would otherwise write.
//!
//! Three ways to put the same events into a table with the same row and indexes, in one process and
//! one run: the bus in its real container (sealing, redaction, recording, fan-out); one `SeaORM`
//! insert per event, which is what most programs do; and a thread that commits in groups with
//! plain rusqlite, which is about the best that can be done without any of the promises. Only the
//! first has triggers that keep its table append-only.
//!
//! Emitters work in a closed loop: each waits for its acknowledgement before it emits again. The
//! ways take turns within a round, and ratios are taken within rounds, since machines drift. After
//! each turn another process opens the file and checks that it holds what was acknowledged.
//!
//! Arguments: `--rounds N` (5), `--seconds S` per turn (0.7), `--emitters N` for one number of them,
//! `--quick` for one short round.
//!
//! Deliberately absent: events whose ids are random. Ids are ordered by time here as in the bus.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod events;
mod ours;
mod plain;
mod report;
mod seaorm;
mod turn;

use std::path::{Path, PathBuf};
use std::time::Duration;

use report::Report;
use turn::{Turn, Way};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many emit at once.
const EMITTERS: [usize; 5] = [1, 8, 64, 512, 4096];

struct Options {
    emitters: Vec<usize>,
    rounds: usize,
    span: Duration,
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == "--verify") {
        turn::verify(Path::new(&args[at + 1]), args[at + 2].parse().unwrap());
        return;
    }
    let options = options(&args);
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    println!(
        "rounds {}, {:?} a turn, files in {}",
        options.rounds,
        options.span,
        dir.path().display()
    );
    println!("{}", ours::pragmas(&dir.path().join("pragmas.db")));
    for threads in [1, 2] {
        let mut report = Report::default();
        for round in 0..options.rounds {
            for &emitters in &options.emitters {
                for way in [Way::Ours, Way::Plain, Way::SeaOrm] {
                    let file = file(dir.path(), way, threads, emitters, round);
                    let turn = Turn { way, threads, emitters, span: options.span };
                    report.add(emitters, way, turn.run(&file));
                    std::fs::remove_dir_all(file.parent().unwrap()).unwrap();
                }
            }
        }
        println!(
            "\n{threads} runtime thread(s); events/s are medians, ratios min/median/max over rounds"
        );
        println!("{report}");
    }
}

fn options(args: &[String]) -> Options {
    let value = |name: &str| {
        args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1)).cloned()
    };
    let quick = args.iter().any(|arg| arg == "--quick");
    let rounds = value("--rounds").map_or(5, |text| text.parse().unwrap());
    let seconds = value("--seconds").map_or(0.7, |text| text.parse().unwrap());
    Options {
        emitters: value("--emitters").map_or(EMITTERS.to_vec(), |text| vec![text.parse().unwrap()]),
        rounds: if quick { 1 } else { rounds },
        span: Duration::from_secs_f64(if quick { 0.2 } else { seconds }),
    }
}

fn file(dir: &Path, way: Way, threads: usize, emitters: usize, round: usize) -> PathBuf {
    let dir = dir.join(format!("{way:?}-{threads}-{emitters}-{round}"));
    std::fs::create_dir_all(&dir).unwrap();
    dir.join("audit.db")
}
