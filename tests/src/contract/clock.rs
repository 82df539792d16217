//! The promises of the clock.
//!
//! Deliberately absent: that time goes forwards. A machine's clock may be set back, and so may
//! this one; and how exact a sleep is, which depends on the machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use domain::Clock;
use futures::FutureExt;

use super::Suite;
use super::promise::promises;

/// Makes the clocks that the suite tries. A closure that makes one is a maker too.
pub trait ClockMaker: Send + Sync + 'static {
    /// A new clock.
    fn make(&self) -> Arc<dyn Clock>;
}

impl<F, C> ClockMaker for F
where
    F: Fn() -> C + Send + Sync + 'static,
    C: Clock,
{
    fn make(&self) -> Arc<dyn Clock> {
        Arc::new(self())
    }
}

/// Holds an adapter to every promise of [`Clock`].
///
/// # Panics
/// When a promise is broken: with its name, its sentence, and what was seen instead.
pub async fn clock(maker: &dyn ClockMaker) {
    suite().hold(maker).await;
}

/// The promises of [`Clock`].
#[must_use]
pub fn suite() -> Suite<dyn ClockMaker> {
    Suite::new(
        "the clock",
        promises![maker => maker.make();
            /// Asking the time waits for nothing.
            trials::the_time_is_told_at_once,
            /// A sleep ends once its pause has passed on this clock, and not before.
            trials::a_sleep_lasts_as_long_as_was_asked,
            /// Other tasks run while one sleeps.
            trials::others_run_meanwhile,
            /// Many may sleep at once, and each wakes.
            trials::many_may_sleep_at_once,
            /// A sleep that is given up leaves a clock that goes on.
            trials::a_sleep_may_be_given_up,
            /// A sleep of no length at all ends.
            trials::a_sleep_of_nothing_ends,
            /// A sleep of the greatest length there is does no harm.
            trials::the_longest_sleep_does_no_harm,
        ],
    )
}

/// Long enough to be seen, short enough to be waited for.
const PAUSE: Duration = Duration::from_millis(20);

mod trials {
    use super::*;

    pub(super) async fn the_time_is_told_at_once(clock: Arc<dyn Clock>) {
        const TIMES: u32 = 10;
        let begun = Instant::now();
        for _ in 0..TIMES {
            let _ = clock.now();
        }
        let each = begun.elapsed() / TIMES;
        assert!(each < Duration::from_millis(50), "the time is told at once, not after {each:?}");
    }

    pub(super) async fn a_sleep_lasts_as_long_as_was_asked(clock: Arc<dyn Clock>) {
        // More than once: on a busy machine a sleep that ends too early may be late all the same.
        for _ in 0..5 {
            let before = clock.now();
            clock.sleep(PAUSE).await;
            let passed = clock.now() - before;
            // The machine may correct its clock a little meanwhile.
            let least = TimeDelta::milliseconds(19);
            assert!(passed >= least, "a sleep of {PAUSE:?} ended after {passed} on its own clock");
        }
    }

    pub(super) async fn others_run_meanwhile(clock: Arc<dyn Clock>) {
        let awake = AtomicBool::new(false);
        let sleeping = async {
            clock.sleep(PAUSE).await;
            awake.store(true, Ordering::SeqCst);
        };
        // Comes to its turn after the sleep has begun.
        let other = async { awake.load(Ordering::SeqCst) };
        let ((), too_late) = futures::join!(sleeping, other);
        assert!(!too_late, "another task came to its turn only after the sleep had ended");
    }

    pub(super) async fn many_may_sleep_at_once(clock: Arc<dyn Clock>) {
        let sleepers = (1..=32).map(|n| clock.sleep(PAUSE / n));
        futures::future::join_all(sleepers).await;
    }

    pub(super) async fn a_sleep_may_be_given_up(clock: Arc<dyn Clock>) {
        let long = Duration::from_hours(24);
        for _ in 0..3 {
            // Polled once, or also long enough for the clock to have begun with it.
            let _ = clock.sleep(long).now_or_never();
            let mut sleep = clock.sleep(long);
            for _ in 0..3 {
                if (&mut sleep).now_or_never().is_some() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        let before = clock.now();
        clock.sleep(PAUSE).await;
        assert!(clock.now() > before, "the clock goes on after sleeps that were given up");
    }

    pub(super) async fn a_sleep_of_nothing_ends(clock: Arc<dyn Clock>) {
        clock.sleep(Duration::ZERO).await;
    }

    pub(super) async fn the_longest_sleep_does_no_harm(clock: Arc<dyn Clock>) {
        let _ = clock.sleep(Duration::MAX).now_or_never();
        let _ = clock.now();
        clock.sleep(PAUSE).await;
    }
}
