//! Clocks that break one promise each.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::Clock;
use indelible_tests::contract::Suite;
use indelible_tests::contract::clock::ClockMaker;
use infrastructure::clock::SystemClock;

use crate::table::{Table, row};

pub(crate) fn suite() -> Suite<dyn ClockMaker> {
    indelible_tests::contract::clock::suite()
}

pub(crate) fn table() -> Table<dyn ClockMaker> {
    Table {
        unbroken: Box::new(|| SystemClock),
        mutants: vec![
            row!(the_time_is_told_at_once, made, Flaw::BlocksWhenAsked),
            row!(a_sleep_lasts_as_long_as_was_asked, made, Flaw::WakesEarly),
            row!(others_run_meanwhile, made, Flaw::BlocksTheThread),
            row!(many_may_sleep_at_once, made, Flaw::WakesOneSleeperOnly, in vain),
            row!(a_sleep_may_be_given_up, made, Flaw::SleepsOnWhenGivenUp, in vain),
            row!(a_sleep_of_nothing_ends, made, Flaw::MissesTheMomentThatIsNow, in vain),
            row!(the_longest_sleep_does_no_harm, made, Flaw::CountsTheEnd),
        ],
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    BlocksWhenAsked,
    WakesEarly,
    BlocksTheThread,
    WakesOneSleeperOnly,
    SleepsOnWhenGivenUp,
    MissesTheMomentThatIsNow,
    CountsTheEnd,
}

fn made(flaw: Flaw) -> impl Fn() -> Flawed {
    move || Flawed { flaw, busy: Arc::default() }
}

struct Flawed {
    flaw: Flaw,
    busy: Arc<AtomicBool>,
}

/// Frees the one place for a sleeper.
struct Place(Arc<AtomicBool>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for Flawed {
    fn now(&self) -> DateTime<Utc> {
        if self.flaw == Flaw::BlocksWhenAsked {
            std::thread::sleep(Duration::from_millis(100));
        }
        SystemClock.now()
    }

    async fn sleep(&self, pause: Duration) {
        match self.flaw {
            Flaw::WakesEarly => SystemClock.sleep(pause / 10).await,
            Flaw::BlocksTheThread => std::thread::sleep(pause.min(Duration::from_secs(1))),
            Flaw::WakesOneSleeperOnly => {
                if self.busy.swap(true, Ordering::SeqCst) {
                    std::future::pending::<()>().await;
                }
                let _place = Place(Arc::clone(&self.busy));
                SystemClock.sleep(pause).await;
            }
            Flaw::SleepsOnWhenGivenUp => {
                while self.busy.swap(true, Ordering::SeqCst) {
                    SystemClock.sleep(Duration::from_millis(1)).await;
                }
                SystemClock.sleep(pause).await;
                self.busy.store(false, Ordering::SeqCst);
            }
            Flaw::MissesTheMomentThatIsNow if pause.is_zero() => std::future::pending().await,
            Flaw::CountsTheEnd => {
                let end = self.now() + TimeDelta::from_std(pause).unwrap();
                SystemClock.sleep((end - self.now()).to_std().unwrap_or_default()).await;
            }
            _ => SystemClock.sleep(pause).await,
        }
    }
}
