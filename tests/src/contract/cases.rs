//! Trying a property on many generated values, and finding the smallest one that breaks it.
//!
//! The generating and shrinking is proptest's own. Where a property waits for its adapter, its runner
//! is not used for the trying, because it calls a plain function and cannot wait on whatever runtime
//! the suite is called from.
//!
//! `PROPTEST_CASES` says how many values are tried, `PROPTEST_RNG_SEED` (a number) which ones;
//! without it they are the same on every run. `PROPTEST_MAX_SHRINK_ITERS` bounds the shrinking.

use std::fmt::Debug;
use std::time::Duration;

use futures::future::BoxFuture;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};

use super::panics::caught;

/// Where nothing else is said.
const SEED: u64 = 0x1de1;
const SHRINKS: u32 = 400;

/// How long one value may take.
const LONGEST: Duration = Duration::from_secs(10);

/// The same on every run, unless the environment says otherwise.
fn config(cases: u32) -> Config {
    let mut config = Config::default();
    if matches!(config.rng_seed, RngSeed::Random) {
        config.rng_seed = RngSeed::Fixed(SEED);
    }
    config.cases = told().unwrap_or(cases);
    // Proptest's own bound is a million, for which nobody waits here.
    config.max_shrink_iters = config.max_shrink_iters.min(SHRINKS);
    // A suite runs from other people's tests: it writes no file beside them.
    config.failure_persistence = None;
    config
}

/// How many values the environment asks for, if it does.
pub(crate) fn told() -> Option<u32> {
    std::env::var_os("PROPTEST_CASES").map(|_| Config::default().cases)
}

/// A source of values.
pub(crate) fn runner() -> TestRunner {
    TestRunner::new(config(1))
}

/// A value of a strategy.
pub(crate) fn generate<S: Strategy>(runner: &mut TestRunner, strategy: S) -> S::Value {
    tree(runner, &strategy).current()
}

fn tree<S: Strategy>(runner: &mut TestRunner, strategy: &S) -> S::Tree {
    match strategy.new_tree(runner) {
        Ok(tree) => tree,
        Err(reason) => panic!("the suite must find values to try: {reason}"),
    }
}

/// Tries `property`, which waits, and panics where it does not hold, on `cases` values, or on as many as
/// `PROPTEST_CASES` says.
///
/// # Panics
/// When it does not hold: with the smallest value found that breaks it.
pub(crate) async fn for_all<'a, S, F>(cases: u32, strategy: S, property: F)
where
    S: Strategy<Tree: Send>,
    S::Value: Debug + Clone,
    F: Fn(S::Value) -> BoxFuture<'a, ()>,
{
    let Config { cases, max_shrink_iters: shrinks, .. } = config(cases);
    let mut runner = runner();
    for case in 0..cases {
        let mut tree = tree(&mut runner, &strategy);
        let tried = async |value| match tokio::time::timeout(LONGEST, caught(property(value))).await
        {
            Ok(outcome) => outcome.map_err(|how| (how, false)),
            Err(_) => Err((format!("nothing more within {LONGEST:?}"), true)),
        };
        let Err((mut how, mut stuck)) = tried(tree.current()).await else { continue };
        let mut smallest = tree.current();
        let mut broke = true;
        for _ in 0..shrinks {
            // One that hangs is told as it is: each smaller one might take as long.
            if stuck {
                break;
            }
            // Down as long as it still breaks, back up where it holds.
            if !(if broke { tree.simplify() } else { tree.complicate() }) {
                break;
            }
            let outcome = tried(tree.current()).await;
            broke = outcome.is_err();
            if let Err(said) = outcome {
                ((how, stuck), smallest) = (said, tree.current());
            }
        }
        panic!("{how}\n    the smallest case found (of case {case}):\n{smallest:#?}");
    }
}

/// The same as [`for_all`], for a property that waits for nothing.
///
/// # Panics
/// When it does not hold: with the smallest value found that breaks it.
pub(crate) fn for_each<S: Strategy>(cases: u32, strategy: S, property: impl Fn(S::Value)) {
    let outcome = TestRunner::new(config(cases)).run(&strategy, |value| {
        property(value);
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(how, smallest)) => {
            panic!("{how}\n    the smallest case found:\n{smallest:#?}")
        }
        Err(TestError::Abort(reason)) => panic!("the suite must find values to try: {reason}"),
    }
}
