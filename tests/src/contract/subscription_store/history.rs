//! Any history of a store: steps made at random, taken on the adapter and on a plain list, which must
//! agree after each of them.
//!
//! Deliberately absent: doing several things at once, where a list would not know the order; and
//! effects, which the list has no database for.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use domain::subscription::{
    EventEffects, Lease, NewDeadLetter, Progress, RetriedLetter, SubscriptionFailure,
};
use domain::{Clock, Sequence, SubscriptionName, SubscriptionStore};
use proptest::prelude::*;

use super::model::{Model, Refusal};
use super::{SubscriptionStoreMaker, all_letters, fresh, named};
use crate::contract::cases::for_all;
use crate::expect::must;
use crate::fakes::ManualClock;

/// How many histories are tried unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 24;

/// Few of each, so that they meet.
const NAMES: [&str; 3] = ["a", "b", "a.b"];
const OWNERS: [&str; 2] = ["one", "two"];
const PLACES: std::ops::Range<u64> = 0..12;

#[derive(Debug, Clone)]
enum Step {
    Ensure(&'static str, u64),
    Acquire(&'static str, &'static str, u64),
    /// By a lease that was given, counted from the newest one.
    Renew(usize, u64),
    Release(usize),
    Advance(usize, Told),
    Halt(usize, u64),
    Pause(&'static str),
    Resume(&'static str),
    Rewind(&'static str, u64),
    Remove(&'static str),
    Retry(&'static str, u64),
    Discard(&'static str, u64),
    /// By so many seconds, forwards or backwards.
    MoveTheClock(i64),
    Restart,
}

/// What progress is told.
#[derive(Debug, Clone)]
struct Told {
    cursor: u64,
    reach: u64,
    letters: Vec<(u64, u32)>,
    resolved: Vec<u64>,
    /// With how many attempts more each has failed; handled without any.
    retried: Vec<(u64, u32)>,
    failed: Option<u64>,
}

fn steps() -> impl Strategy<Value = Vec<Step>, Tree: Send> {
    let name = || prop::sample::select(&NAMES[..]);
    let owner = prop::sample::select(&OWNERS[..]);
    // Mostly the newest lease.
    let lease = || prop_oneof![4 => Just(0_usize), 1 => 0..4_usize];
    let letters = prop::collection::vec((PLACES, 1..4_u32), 0..3);
    let resolved = prop::collection::vec(PLACES, 0..2);
    let retried = prop::collection::vec((PLACES, 0..3_u32), 0..4);
    let told = (PLACES, PLACES, letters, resolved, retried, prop::option::of(PLACES)).prop_map(
        |(cursor, reach, letters, resolved, retried, failed)| Told {
            cursor,
            reach,
            letters,
            resolved,
            retried,
            failed,
        },
    );
    // In groups, as more than ten at once would not be `Send`.
    let leases = prop_oneof![
        6 => (name(), owner, 0..20_u64)
            .prop_map(|(name, owner, ttl)| Step::Acquire(name, owner, ttl)),
        2 => (lease(), 0..20_u64).prop_map(|(lease, ttl)| Step::Renew(lease, ttl)),
        1 => lease().prop_map(Step::Release),
        8 => (lease(), told).prop_map(|(lease, told)| Step::Advance(lease, told)),
        1 => (lease(), PLACES).prop_map(|(lease, event)| Step::Halt(lease, event)),
    ];
    let standing = prop_oneof![
        4 => (name(), PLACES).prop_map(|(name, cursor)| Step::Ensure(name, cursor)),
        1 => name().prop_map(Step::Pause),
        1 => name().prop_map(Step::Resume),
        2 => (name(), PLACES).prop_map(|(name, cursor)| Step::Rewind(name, cursor)),
        1 => name().prop_map(Step::Remove),
    ];
    let others = prop_oneof![
        3 => (name(), PLACES).prop_map(|(name, sequence)| Step::Retry(name, sequence)),
        3 => (name(), PLACES).prop_map(|(name, sequence)| Step::Discard(name, sequence)),
        2 => (-3..20_i64).prop_map(Step::MoveTheClock),
        1 => Just(Step::Restart),
    ];
    let step = prop_oneof![18 => leases, 9 => standing, 9 => others];
    prop::collection::vec(step, 1..40)
}

pub(super) async fn any_history_agrees_with_a_plain_list(maker: &dyn SubscriptionStoreMaker) {
    for_all(CASES, steps(), |steps| Box::pin(play(maker, steps))).await;
}

async fn play(maker: &dyn SubscriptionStoreMaker, steps: Vec<Step>) {
    let (store, clock) = fresh(maker).await;
    let mut played = Played { maker, store, clock, model: Model::default(), leases: Vec::new() };
    for (number, step) in steps.into_iter().enumerate() {
        let what = format!("step {number}, {step:?}");
        played.take(step, &what).await;
        let all = must(played.store.all().await);
        assert_eq!(all, played.model.all(), "{what}: the subscriptions");
        assert_eq!(
            all_letters(&*played.store).await,
            played.model.letters(),
            "{what}: the letters"
        );
    }
    for name in NAMES.map(named) {
        assert_eq!(must(played.store.find(&name).await), played.model.find(&name), "each by name");
    }
}

/// A history under way.
struct Played<'a> {
    maker: &'a dyn SubscriptionStoreMaker,
    store: Arc<dyn SubscriptionStore>,
    clock: Arc<ManualClock>,
    model: Model,
    /// All that were given.
    leases: Vec<Lease>,
}

impl Played<'_> {
    /// The lease at a place from the newest, or one that was never given.
    fn lease(&self, place: usize) -> Lease {
        let given = self.leases.iter().rev().nth(place).cloned();
        given.unwrap_or_else(|| Lease { name: named(NAMES[0]), token: 0 })
    }

    async fn take(&mut self, step: Step, what: &str) {
        match step {
            Step::Acquire(name, owner, ttl) => self.acquire(&named(name), owner, ttl, what).await,
            Step::Renew(place, ttl) => {
                let lease = self.lease(place);
                let ttl = Duration::from_secs(ttl);
                let told = self.store.renew(&lease, ttl).await.map(Some).map_err(Refusal::from);
                let ttl = must(TimeDelta::from_std(ttl));
                assert_eq!(told, self.model.renew(&lease, self.clock.now(), ttl), "{what}");
            }
            Step::MoveTheClock(seconds) => self.clock.advance(TimeDelta::seconds(seconds)),
            Step::Restart => {
                if let Some(again) = self.maker.reopen(&self.store, Arc::clone(&self.clock)).await {
                    self.store = again;
                }
            }
            step => {
                let (told, expected) = self.change(step).await;
                assert_eq!(told.map_err(Refusal::from), expected, "{what}");
            }
        }
    }

    async fn acquire(&mut self, name: &SubscriptionName, owner: &str, ttl: u64, what: &str) {
        let ttl = Duration::from_secs(ttl);
        let now = self.clock.now();
        let given = self.store.acquire(name, owner, ttl).await.map_err(Refusal::from);
        let expected = self.model.may_acquire(name, owner, now);
        let may = given.as_ref().map(Option::is_some).map_err(|refusal| *refusal);
        assert_eq!(may, expected, "{what}: whether a lease is given");
        if let Ok(Some(lease)) = given {
            let newest = self.leases.last().map_or(0, |lease| lease.token);
            assert!(lease.token > newest, "{what}: its token is greater than every one before");
            self.model.acquired(&lease, owner, now, must(TimeDelta::from_std(ttl)));
            self.leases.push(lease);
        }
    }

    /// Takes a step of which nothing is told but whether it was taken: on the store, and on the list.
    async fn change(
        &mut self,
        step: Step,
    ) -> (Result<(), domain::ports::SubscriptionStoreError>, Result<(), Refusal>) {
        let now = self.clock.now();
        let (store, model) = (Arc::clone(&self.store), &mut self.model);
        let lease = |place: usize| {
            let given = self.leases.iter().rev().nth(place).cloned();
            given.unwrap_or_else(|| Lease { name: named(NAMES[0]), token: 0 })
        };
        match step {
            Step::Ensure(name, cursor) => {
                let (name, cursor) = (named(name), Sequence(cursor));
                model.ensure(&name, cursor, now);
                (store.ensure(&name, cursor).await.map(drop), Ok(()))
            }
            Step::Release(place) => {
                model.release(&lease(place));
                (store.release(&lease(place)).await, Ok(()))
            }
            Step::Advance(place, told) => {
                let expected = model.advance(&lease(place), &progress(&told, &*self.clock));
                (store.advance(&lease(place), progress(&told, &*self.clock)).await, expected)
            }
            Step::Halt(place, event) => {
                let failure = failure(event, &*self.clock);
                let expected = model.halt(&lease(place), &failure);
                (store.halt(&lease(place), failure).await, expected)
            }
            Step::Pause(name) => (store.pause(&named(name)).await, model.pause(&named(name))),
            Step::Resume(name) => (store.resume(&named(name)).await, model.resume(&named(name))),
            Step::Rewind(name, cursor) => {
                let (name, cursor) = (named(name), Sequence(cursor));
                (store.rewind(&name, cursor).await, model.rewind(&name, cursor))
            }
            Step::Remove(name) => (store.remove(&named(name)).await, model.remove(&named(name))),
            Step::Retry(name, sequence) => {
                let (name, sequence) = (named(name), Sequence(sequence));
                (store.retry(&name, sequence).await, model.retry(&name, sequence))
            }
            Step::Discard(name, sequence) => {
                let (name, sequence) = (named(name), Sequence(sequence));
                (store.discard(&name, sequence).await, model.discard(&name, sequence))
            }
            // Taken by the caller.
            Step::Acquire(..) | Step::Renew(..) | Step::MoveTheClock(_) | Step::Restart => {
                (Ok(()), Ok(()))
            }
        }
    }
}

fn progress(told: &Told, clock: &dyn Clock) -> Progress {
    let letter = |(sequence, attempts): &(u64, u32)| NewDeadLetter {
        sequence: Sequence(*sequence),
        attempts: *attempts,
        errors: vec![format!("attempt {attempts}")],
        failed_at: clock.now(),
    };
    let retried = |one: &(u64, u32)| match *one {
        (sequence, 0) => RetriedLetter::Handled(EventEffects {
            sequence: Sequence(sequence),
            effects: Vec::new(),
        }),
        _ => RetriedLetter::Failed(letter(one)),
    };
    Progress {
        cursor: Sequence(told.cursor),
        reach: Sequence(told.reach),
        effects: Vec::new(),
        dead_letters: told.letters.iter().map(letter).collect(),
        resolved: told.resolved.iter().copied().map(Sequence).collect(),
        retried: told.retried.iter().map(retried).collect(),
        failure: told.failed.map(|event| failure(event, clock)),
    }
}

fn failure(event: u64, clock: &dyn Clock) -> SubscriptionFailure {
    SubscriptionFailure {
        sequence: (event > 0).then_some(Sequence(event)),
        errors: vec![format!("over {event}"), "\u{0}\u{1F600}".to_owned()],
        at: clock.now(),
    }
}
