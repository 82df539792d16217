//! Tables of broken adapters, and walking over them.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indelible_tests::contract::{Broken, Promise, Suite, Tried};

/// How long a promise waits for what a broken adapter never does; most of the time that these tests
/// take.
const IN_VAIN: Duration = Duration::from_secs(3);

/// Longer than any promise takes that need not wait in vain.
const PATIENCE: Duration = Duration::from_mins(1);

/// How many are tried at once: some do nothing but wait.
const AT_ONCE: usize = 6;

/// Makers of adapters: of the sound one, and of those that break a promise.
pub(crate) struct Table<S: ?Sized> {
    pub(crate) unbroken: Box<S>,
    pub(crate) mutants: Vec<Mutant<S>>,
}

/// A maker of broken adapters, and the promise that they break.
pub(crate) struct Mutant<S: ?Sized> {
    pub(crate) breaks: &'static str,
    pub(crate) flaw: String,
    /// Whether the promise can only catch it by waiting for what does not happen.
    pub(crate) in_vain: bool,
    pub(crate) maker: Box<S>,
}

/// A row of a table: the promise, a function from a flaw to a maker, and the flaw; `in vain` where
/// only waiting for what does not happen shows it.
macro_rules! row {
    ($promise:ident, $maker:expr, $flaw:expr) => {
        row!(@ $promise, $maker, $flaw, false)
    };
    ($promise:ident, $maker:expr, $flaw:expr, in vain) => {
        row!(@ $promise, $maker, $flaw, true)
    };
    (@ $promise:ident, $maker:expr, $flaw:expr, $in_vain:expr) => {
        $crate::table::Mutant {
            breaks: stringify!($promise),
            flaw: format!("{:?}", $flaw),
            in_vain: $in_vain,
            maker: Box::new($maker($flaw)),
        }
    };
}
pub(crate) use row;

/// Holds a table to its purpose: every promise has a mutant and catches it, and the sound adapter
/// passes.
pub(crate) fn every_promise_bites<S>(suite: &Suite<S>, table: &Table<S>)
where
    S: ?Sized + Send + Sync,
{
    let mut failures = String::new();
    for promise in suite.promises() {
        if !table.mutants.iter().any(|mutant| mutant.breaks == promise.name()) {
            let _ = writeln!(
                failures,
                "`{}` has no mutant: write an adapter that breaks it, and a row for it\n",
                promise.name()
            );
        }
    }
    for outcome in at_once(suite.promises(), |promise| tried(promise, &*table.unbroken, PATIENCE)) {
        match outcome {
            Ok(Tried::Holds) => {}
            Ok(Tried::Not(why)) => {
                let _ = writeln!(failures, "a promise is not tried on the sound adapter: {why}\n");
            }
            Err(broken) => {
                let _ = writeln!(failures, "the sound adapter fails: {broken}\n");
            }
        }
    }
    let outcomes = at_once(&table.mutants, |mutant| {
        let patience = if mutant.in_vain { IN_VAIN } else { PATIENCE };
        tried(suite.promise(mutant.breaks), &*mutant.maker, patience)
    });
    for (Mutant { breaks, flaw, in_vain, .. }, outcome) in table.mutants.iter().zip(outcomes) {
        match outcome {
            Ok(_) => {
                let _ = writeln!(
                    failures,
                    "`{breaks}` does not catch {flaw}: try \"{}\" harder\n",
                    suite.promise(breaks).says()
                );
            }
            Err(broken) if broken.in_vain != *in_vain => {
                let _ = writeln!(
                    failures,
                    "`{breaks}` catches {flaw} in another way than its row says (`in vain`): \
                     {broken}\n"
                );
            }
            Err(broken) => {
                let how: String = broken.how.chars().take(300).collect();
                println!("{breaks}\n    catches {flaw}: {}", how.replace('\n', " "));
            }
        }
    }
    assert!(failures.is_empty(), "a contract suite does not bite:\n\n{failures}");
}

/// Tries every promise on every mutant, and prints which catch it.
pub(crate) fn print_who_catches_what<S>(suite: &Suite<S>, table: &Table<S>)
where
    S: ?Sized + Send + Sync,
{
    for mutant in &table.mutants {
        let caught: Vec<_> =
            at_once(suite.promises(), |promise| tried(promise, &*mutant.maker, IN_VAIN))
                .into_iter()
                .filter_map(|outcome| outcome.err().map(|broken| broken.promise))
                .collect();
        println!("{} is caught by {}: {}", mutant.flaw, caught.len(), caught.join(", "));
    }
}

/// Tries a promise on a runtime of its own, so that an adapter that blocks its thread is in nobody's
/// way.
fn tried<S: ?Sized>(promise: &Promise<S>, maker: &S, patience: Duration) -> Result<Tried, Broken> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let outcome = runtime.block_on(promise.try_within(patience, maker));
    // What a broken adapter leaves running is not waited for.
    runtime.shutdown_background();
    outcome
}

/// Does something with each, a few at once; what came of it, in their order.
fn at_once<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((at, one)) = {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    all.get(at).map(|one| (at, one))
                } {
                    let outcome = work(one);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((at, outcome));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}
