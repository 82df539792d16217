//! What is promised of leases.

use std::time::Duration;

use chrono::TimeDelta;
use domain::{Clock, Sequence};

use super::{
    A_WHILE, Progress, SubscriptionStoreMaker, all_letters, assert_fenced, failure, fresh, leased,
    letter, named, standing, take, up_to,
};
use crate::contract::audit_log::start;
use crate::contract::beside::Beside;
use crate::expect::must;

pub(super) async fn a_lease_is_exclusive_until_it_runs_out(maker: &dyn SubscriptionStoreMaker) {
    let (store, clock, lease) = leased(maker).await;
    let other = async || must(store.acquire(&named("billing"), "two", A_WHILE).await);
    let holder = Some(("one".to_owned(), start() + TimeDelta::minutes(1)));
    assert_eq!(standing(&*store, "billing").await.holder, holder, "it says who runs it");
    assert_eq!(standing(&*store, "billing").await.token, lease.token, "and by which lease");
    assert_eq!(other().await, None, "another owner waits");
    must(store.ensure(&named("mail"), Sequence(1)).await);
    take(&*store, "mail", "two").await;
    clock.advance(TimeDelta::minutes(1) - TimeDelta::nanoseconds(1));
    assert_eq!(other().await, None, "to the last moment");
    must(store.advance(&lease, up_to(11)).await);
    clock.advance(TimeDelta::nanoseconds(1));
    let Some(taken) = other().await else { panic!("a lease that has run out keeps nobody out") };
    let holder = Some(("two".to_owned(), start() + TimeDelta::minutes(2)));
    assert_eq!(standing(&*store, "billing").await.holder, holder, "and then it has the lease");
    assert_fenced(store.renew(&lease, A_WHILE).await, "renewing one that was taken over");
    must(store.advance(&taken, up_to(12)).await);
}

pub(super) async fn of_many_at_once_one_gets_the_lease(maker: &dyn SubscriptionStoreMaker) {
    let (store, clock) = fresh(maker).await;
    must(store.ensure(&named("billing"), Sequence(1)).await);
    for round in 0..10 {
        let asking = (0..8).map(|n| {
            let store = std::sync::Arc::clone(&store);
            async move {
                let owner = format!("instance {n}");
                must(store.acquire(&named("billing"), &owner, A_WHILE).await)
            }
        });
        let given = Beside::of_round(round).all(asking).await;
        let given: Vec<_> = given.into_iter().flatten().collect();
        assert_eq!(given.len(), 1, "round {round}: one gets it, the others wait");
        must(store.advance(&given[0], up_to(round)).await);
        clock.advance(TimeDelta::minutes(1));
    }
}

pub(super) async fn every_lease_has_a_greater_token(maker: &dyn SubscriptionStoreMaker) {
    let (store, clock, first) = leased(maker).await;
    let mut newest = first.token;
    assert!(newest > 0, "tokens count from 1");
    let mut next = async |what: &str| {
        let lease = take(&*store, "billing", "one").await;
        assert!(lease.token > newest, "{} must be more than {newest}: {what}", lease.token);
        newest = lease.token;
        lease
    };
    let lease = next("its owner asks again").await;
    must(store.release(&lease).await);
    let lease = next("it was given back").await;
    must(store.halt(&lease, failure(1, &clock)).await);
    next("it has halted").await;
    must(store.pause(&named("billing")).await);
    next("it was paused").await;
    must(store.rewind(&named("billing"), Sequence(1)).await);
    next("it was rewound").await;
    clock.advance(TimeDelta::hours(1));
    next("it ran out").await;
    must(store.remove(&named("billing")).await);
    must(store.ensure(&named("billing"), Sequence(1)).await);
    next("it was removed and made again").await;
}

pub(super) async fn a_lease_that_ran_out_is_good_until_another_is_given(
    maker: &dyn SubscriptionStoreMaker,
) {
    let (store, clock, lease) = leased(maker).await;
    clock.advance(TimeDelta::hours(1));
    must(store.advance(&lease, up_to(11)).await);
    let told = must(store.renew(&lease, A_WHILE).await);
    let until = start() + TimeDelta::hours(1) + TimeDelta::minutes(1);
    assert_eq!(told.holder, Some(("one".to_owned(), until)), "it lasts once more");
    let other = must(store.acquire(&named("billing"), "two", A_WHILE).await);
    assert_eq!(other, None, "and keeps others out once more");
    clock.advance(TimeDelta::hours(1));
    take(&*store, "billing", "two").await;
    assert_fenced(store.advance(&lease, up_to(12)).await, "advancing after another has come");
}

pub(super) async fn a_renewed_lease_lasts_from_now(maker: &dyn SubscriptionStoreMaker) {
    let (store, clock, lease) = leased(maker).await;
    must(store.advance(&lease, up_to(15)).await);
    clock.advance(TimeDelta::seconds(40));
    let told = must(store.renew(&lease, A_WHILE).await);
    assert_eq!(told, standing(&*store, "billing").await, "it says how the subscription stands");
    assert_eq!(told.cursor, Sequence(15), "all of it");
    assert_eq!(told.token, lease.token, "it is the same lease");
    let until = |seconds| Some(("one".to_owned(), start() + TimeDelta::seconds(seconds)));
    assert_eq!(told.holder, until(100), "it lasts from now");
    let told = must(store.renew(&lease, Duration::from_secs(5)).await);
    assert_eq!(told.holder, until(45), "also where that is shorter");
    let told = must(store.renew(&lease, Duration::MAX).await);
    let longest = told.holder.map(|(_, until)| until > clock.now() + TimeDelta::days(365_000));
    assert_eq!(longest, Some(true), "and the longest there is does no harm");
}

pub(super) async fn an_outdated_lease_is_refused(maker: &dyn SubscriptionStoreMaker) {
    let (store, clock, old) = leased(maker).await;
    let new = take(&*store, "billing", "one").await;
    must(store.advance(&new, up_to(11)).await);
    let before = standing(&*store, "billing").await;
    assert_fenced(store.renew(&old, A_WHILE).await, "renewing");
    let progress = Progress {
        cursor: Sequence(50),
        reach: Sequence(60),
        dead_letters: vec![letter(2, 1, &clock)],
        failure: Some(failure(2, &clock)),
        ..Progress::default()
    };
    assert_fenced(store.advance(&old, progress).await, "advancing");
    assert_fenced(store.halt(&old, failure(2, &clock)).await, "halting");
    let ahead = domain::subscription::Lease { token: new.token + 1, ..new.clone() };
    assert_fenced(store.advance(&ahead, up_to(50)).await, "advancing by a lease never given");
    let ahead = domain::subscription::Lease { token: u64::MAX, ..new.clone() };
    assert_fenced(store.renew(&ahead, A_WHILE).await, "renewing by a lease never given");
    assert_eq!(standing(&*store, "billing").await, before, "nothing of it is done");
    assert_eq!(all_letters(&*store).await, [], "nor is a dead letter kept");
    must(store.advance(&new, up_to(12)).await);
}

pub(super) async fn a_lease_ends_when_it_is_given_back_or_taken_away(
    maker: &dyn SubscriptionStoreMaker,
) {
    let (store, clock, _) = leased(maker).await;
    let name = named("billing");
    for what in ["release", "pause", "rewind", "halt", "remove"] {
        let lease = take(&*store, "billing", "one").await;
        match what {
            "release" => must(store.release(&lease).await),
            "pause" => must(store.pause(&name).await),
            "rewind" => must(store.rewind(&name, Sequence(5)).await),
            "halt" => must(store.halt(&lease, failure(1, &clock)).await),
            _ => {
                must(store.remove(&name).await);
                must(store.ensure(&name, Sequence(5)).await);
            }
        }
        let before = standing(&*store, "billing").await;
        assert_eq!(before.holder, None, "nobody runs it after {what}");
        assert_fenced(store.renew(&lease, A_WHILE).await, &format!("renewing after {what}"));
        assert_fenced(store.advance(&lease, up_to(90)).await, &format!("advancing after {what}"));
        let halted = store.halt(&lease, failure(1, &clock)).await;
        assert_fenced(halted, &format!("halting after {what}"));
        must(store.release(&lease).await);
        assert_eq!(standing(&*store, "billing").await, before, "nothing of it is done");
    }
}

pub(super) async fn a_lease_that_is_given_back_lets_another_in(maker: &dyn SubscriptionStoreMaker) {
    let (store, _, first) = leased(maker).await;
    must(store.release(&first).await);
    let second = take(&*store, "billing", "two").await;
    must(store.release(&first).await);
    let third = must(store.acquire(&named("billing"), "three", A_WHILE).await);
    assert_eq!(third, None, "giving back an outdated lease takes nobody else's");
    must(store.advance(&second, up_to(11)).await);
}
