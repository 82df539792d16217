//! What handing an event to one more reader costs, beside `tokio::sync::broadcast`.
//!
//! One emitter emits batches of 512 events and waits, after each, until every reader has counted all
//! of it. Our side is the real bus over a log in memory, read by streams, by batches and event by
//! event; theirs is a channel of the same events, each an `Arc`, with room for four batches. What is
//! timed is the emit and all readers' counting; making the drafts is not. The median batch of a turn
//! stands for it, since a log in memory that grows has the allocator hiccup now and then. From our times that of the
//! same emits without any reader is taken, measured in the same round, so that what is left is the
//! handing on: into each inbox, waking, and taking out. From theirs nothing is taken: sending is handing
//! on.
//!
//! All ways take turns within a round, in one process, and ratios are taken within rounds. Every
//! delivery is counted, and a turn whose count is wrong panics.
//!
//! Arguments: `--rounds N` (7), `--threads N` of the runtime (1), `--quick` for one short round.
//!
//! With one reader or ten, what is taken is many times what is left, so that those lines say little about
//! our side; with a hundred and more they do.
//!
//! Deliberately absent: handlers. What a subscriber does with an event is its own affair.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss)]

mod report;
mod turn;

use report::Report;
use turn::{Turn, Way};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many read at once.
const READERS: [usize; 4] = [1, 10, 100, 1000];

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1)?.parse::<usize>().ok()
    };
    let quick = args.iter().any(|arg| arg == "--quick");
    let rounds = if quick { 1 } else { value("--rounds").unwrap_or(7) };
    let threads = value("--threads").unwrap_or(1);
    println!("rounds {rounds}, runtime threads {threads}, batches of {} events", turn::BATCH);
    let mut report = Report::default();
    for _ in 0..rounds {
        for readers in READERS {
            let batches = if quick { 4 } else { (8_000 / readers).clamp(20, 200) };
            let alone = Turn { way: Way::Batches, threads, readers: 0, batches }.run();
            for way in [Way::Batches, Way::Broadcast, Way::Events] {
                let all = Turn { way, threads, readers, batches }.run();
                let handing_on = if way == Way::Broadcast { all } else { all - alone };
                report.add(readers, way, per_delivery(handing_on, readers));
            }
            report.add(readers, Way::Recording, alone * 1e9 / turn::BATCH as f64);
        }
    }
    println!("{report}");
}

/// Nanoseconds for each delivery of a batch.
fn per_delivery(seconds: f64, readers: usize) -> f64 {
    seconds * 1e9 / (readers * turn::BATCH) as f64
}
