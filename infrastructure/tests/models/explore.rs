//! How a model is explored: how many schedules, chosen how, and what is said when one fails.
//!
//! A run is the same each time it is run: what fails in CI fails here as well. Three variables
//! change it:
//!
//! - `INDELIBLE_MODEL_SCHEDULES`: how many schedules of each kind, instead of 400;
//! - `INDELIBLE_MODEL_SEED`: which ones, instead of 0;
//! - `INDELIBLE_MODEL_REPLAY`: the one schedule that a failure has printed, and no other.
//!
//! Deliberately absent: completeness. Schedules are drawn: evenly at each step, evenly over all
//! schedules as far as they can be estimated, and with few preemptions at places drawn at random,
//! which is where most races are found.

use std::collections::BTreeSet;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::Failed;
use shuttle::scheduler::{
    PctScheduler, RandomScheduler, ReplayScheduler, Scheduler, UrwRandomScheduler,
};
use shuttle::{Config, MaxSteps, Runner};

/// At how many places the scheduler takes the turn from a task that could go on.
const PREEMPTIONS: usize = 4;

/// A protocol, and what must be true of it whoever runs when.
pub(crate) struct Model {
    /// The promise.
    pub(crate) name: &'static str,
    /// What is played, once for each schedule; panics where the promise is broken.
    pub(crate) play: fn(&Seen),
    /// The situations that at least one of the schedules must bring about: without them the model
    /// would hold for want of trying.
    pub(crate) must_see: &'static [&'static str],
}

/// The situations that schedules have brought about.
#[derive(Default)]
pub(crate) struct Seen(Mutex<BTreeSet<&'static str>>);

impl Seen {
    /// Notes a situation where `it_is` so.
    pub(crate) fn note(&self, situation: &'static str, it_is: bool) {
        if it_is {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(situation);
        }
    }
}

/// Plays a model under many schedules.
pub(crate) fn explore(model: &'static Model) -> Result<(), Failed> {
    let seen = Arc::new(Seen::default());
    if let Ok(schedule) = env::var("INDELIBLE_MODEL_REPLAY") {
        let mut replay = ReplayScheduler::new_from_encoded(&schedule);
        replay.set_allow_incomplete();
        return run(model, "replayed", replay, &seen).map(drop);
    }
    let schedules = number("INDELIBLE_MODEL_SCHEDULES")?.unwrap_or(400);
    let seed = number("INDELIBLE_MODEL_SEED")?.unwrap_or(0);
    let count = usize::try_from(schedules)?;
    let pct = PctScheduler::new_from_seed(seed, PREEMPTIONS, count);
    run(model, "preempted", pct, &seen)?;
    run(model, "random", RandomScheduler::new_from_seed(seed, count), &seen)?;
    run(model, "even", UrwRandomScheduler::new_from_seed(seed, count), &seen)?;
    let seen = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
    let unseen: Vec<_> = model.must_see.iter().filter(|what| !seen.contains(*what)).collect();
    if unseen.is_empty() {
        return Ok(());
    }
    Err(format!(
        "none of the schedules brought about {unseen:?}: the model has become empty, or explores \
         too little; has the protocol changed, or INDELIBLE_MODEL_SCHEDULES been set too low?"
    )
    .into())
}

fn number(variable: &str) -> Result<Option<u64>, Failed> {
    let Ok(text) = env::var(variable) else { return Ok(None) };
    let number = text.parse().map_err(|error| format!("{variable}={text}: {error}"))?;
    Ok(Some(number))
}

fn run(
    model: &'static Model,
    kind: &str,
    scheduler: impl Scheduler + 'static,
    seen: &Arc<Seen>,
) -> Result<usize, Failed> {
    let mut config = Config::new();
    config.silence_warnings = true;
    // Room for an async stack of a debug build.
    config.stack_size = 0x4_0000;
    // Far more than any of these needs: it means that somebody runs in circles.
    config.max_steps = MaxSteps::FailAfter(50_000);
    let played = Arc::new(AtomicUsize::new(0));
    let (count, seen) = (Arc::clone(&played), Arc::clone(seen));
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        Runner::new(scheduler, config).run(move || {
            count.fetch_add(1, Ordering::Relaxed);
            (model.play)(&seen);
        })
    }));
    outcome.map_err(|panic| {
        let said = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("it gave no message");
        format!(
            "broken in {kind} schedule {}: {said}\nTo see it again, take the failing schedule that \
             is printed above:\n  INDELIBLE_MODEL_REPLAY=<schedule> cargo test \
             -p indelible-infrastructure --test models -- --exact {}",
            played.load(Ordering::Relaxed),
            model.name
        )
        .into()
    })
}
