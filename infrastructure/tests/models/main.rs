//! The protocols of the bus and of the writer, under a scheduler that chooses who runs next.
//!
//! The files of production are compiled here once more, as they are, over `sync` in this folder
//! instead of `crate::sync`. So what is explored is the bus itself, whole, and no copy of it, and
//! nothing in production knows of it. `explore` says how much is explored and how a failure is
//! replayed.
//!
//! Deliberately absent: SQLite, which has threads that no scheduler here could hold. Of the writer
//! it is the handing over that is explored, in `turns`.

// A test, though with a harness that clippy does not know as one.
#![allow(clippy::unwrap_used)]

#[path = "../../src/bus/mod.rs"]
#[allow(dead_code, unused_imports, unreachable_pub)] // Not all of it is needed here.
mod bus;
#[path = "../../src/seaorm/turn.rs"]
#[allow(dead_code)] // Nor is all of this.
mod turn;

mod catching_up;
mod ending;
mod explore;
mod giving_up;
mod joining;
mod one_place;
mod publishing;
mod settling;
mod stage;
mod sync;
mod turns;

// Where the files of the bus look for them.
#[allow(unused_imports)]
use indelible_infrastructure::{clock, memory};
use libtest_mimic::{Arguments, Trial};

fn main() -> std::process::ExitCode {
    let models = [publishing::MODELS, giving_up::MODELS, ending::MODELS, catching_up::MODELS];
    let more = [joining::MODELS, settling::MODELS, turns::MODELS];
    let models = models.into_iter().chain(more).flatten();
    let trials = models.map(|model| Trial::test(model.name, || explore::explore(model)));
    let one_place = Trial::test("whatever_two_tasks_meet_at_is_taken_from_one_place", || {
        one_place::everything_is_taken_from_one_place()
    });
    libtest_mimic::run(&Arguments::from_args(), trials.chain([one_place]).collect()).exit_code()
}
