//! What is promised to several programs, one after the other or at once.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::{Clock, Sequence};

use super::{
    A_WHILE, Progress, SubscriptionStoreMaker, all_letters, assert_fenced, failure, leased, letter,
    named, standing, take, up_to,
};
use crate::contract::Tried;
use crate::contract::audit_log::start;
use crate::expect::must;
use crate::fakes::ManualClock;

pub(super) async fn what_was_noted_outlives_a_restart(maker: &dyn SubscriptionStoreMaker) -> Tried {
    let (store, clock, lease) = leased(maker).await;
    let progress = Progress {
        cursor: Sequence(20),
        reach: Sequence(25),
        dead_letters: vec![letter(15, 2, &clock)],
        failure: Some(failure(21, &clock)),
        ..Progress::default()
    };
    must(store.advance(&lease, progress).await);
    must(store.retry(&named("billing"), Sequence(15)).await);
    must(store.ensure(&named("mail"), Sequence(1)).await);
    must(store.pause(&named("mail")).await);
    let gone = take(&*store, "mail", "one").await;
    must(store.ensure(&named("gone"), Sequence(1)).await);
    let newest = take(&*store, "gone", "one").await;
    must(store.remove(&named("gone")).await);
    let (before, letters) = (must(store.all().await), all_letters(&*store).await);
    let Some(store) = maker.reopen(&store, Arc::clone(&clock)).await else {
        return Tried::Not(
            "its maker does not say how the store is opened again: implement \
             `SubscriptionStoreMaker::reopen`, as `contract::shipped::OnDisk` does",
        );
    };
    assert_eq!(must(store.all().await), before, "subscriptions are as they were");
    assert_eq!(all_letters(&*store).await, letters, "and dead letters");
    must(store.advance(&lease, up_to(26)).await);
    must(store.renew(&gone, A_WHILE).await);
    must(store.ensure(&named("gone"), Sequence(1)).await);
    let lease = take(&*store, "gone", "one").await;
    assert!(lease.token > newest.token, "no token comes again, also after a restart");
    Tried::Holds
}

pub(super) async fn several_who_share_a_store_see_one(maker: &dyn SubscriptionStoreMaker) -> Tried {
    let (one, clock, lease) = leased(maker).await;
    // The other one's clock is fast.
    let fast = Arc::new(ManualClock::at(start() + TimeDelta::seconds(30)));
    let Some(other) = maker.share(&*one, Arc::clone(&fast)).await else {
        return Tried::Not(
            "its maker does not say how another program opens the store meanwhile: implement \
             `SubscriptionStoreMaker::share`, as `contract::shipped::OnDisk` does",
        );
    };
    for cursor in 11..20 {
        let dead_letters = vec![letter(cursor, 1, &clock)];
        must(one.advance(&lease, Progress { dead_letters, ..up_to(cursor) }).await);
        let seen = standing(&*other, "billing").await;
        assert_eq!(seen, standing(&*one, "billing").await, "both see one subscription");
        assert_eq!(seen.cursor, Sequence(cursor), "as it stands now");
        assert_eq!(all_letters(&*other).await, all_letters(&*one).await, "and its dead letters");
    }
    let asked = must(other.acquire(&named("billing"), "two", A_WHILE).await);
    assert_eq!(asked, None, "the lease is one for both");
    fast.advance(TimeDelta::seconds(30));
    let taken = take(&*other, "billing", "two").await;
    assert!(taken.token > lease.token, "and so are the tokens");
    assert_fenced(one.advance(&lease, up_to(21)).await, "advancing after the other has come");
    must(one.advance(&taken, up_to(22)).await);
    must(one.pause(&named("billing")).await);
    assert_fenced(other.renew(&taken, A_WHILE).await, "renewing after the first has paused it");

    // And both at once, by clocks that agree.
    clock.set(fast.now());
    must(one.resume(&named("billing")).await);
    let mut given = Vec::new();
    for round in 0..10 {
        let asking = [(&one, "one"), (&other, "two")].map(|(store, owner)| {
            let store = Arc::clone(store);
            tokio::spawn(
                async move { must(store.acquire(&named("billing"), owner, A_WHILE).await) },
            )
        });
        let leases: Vec<_> =
            futures::future::join_all(asking).await.into_iter().map(must).collect();
        let leases: Vec<_> = leases.into_iter().flatten().collect();
        assert_eq!(leases.len(), 1, "round {round}: one of them gets it");
        must(other.release(&leases[0]).await);
        given.extend(leases.into_iter().map(|lease| lease.token));
    }
    assert!(given.is_sorted_by(|one, next| one < next), "no token is given twice: {given:?}");
    Tried::Holds
}
