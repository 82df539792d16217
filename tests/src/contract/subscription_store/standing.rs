//! What is promised of how a subscription stands, and of whether it goes on.

use chrono::TimeDelta;
use domain::Sequence;
use domain::subscription::{Lease, SubscriptionState, SubscriptionStatus};

use super::{
    A_WHILE, SubscriptionStoreMaker, all_letters, assert_fenced, assert_unknown, failure, fresh,
    leased, letter, named, standing, take, up_to,
};
use crate::contract::audit_log::start;
use crate::expect::must;

pub(super) async fn a_new_subscription_begins_where_it_is_told(maker: &dyn SubscriptionStoreMaker) {
    let (store, _) = fresh(maker).await;
    assert_eq!(must(store.all().await), [], "a new store has no subscriptions");
    let made = must(store.ensure(&named("billing"), Sequence(7)).await);
    let expected = SubscriptionStatus {
        name: named("billing"),
        cursor: Sequence(7),
        reach: Sequence(7),
        state: SubscriptionState::Active,
        holder: None,
        token: 0,
        failure: None,
        dead_letters: 0,
        created_at: start(),
    };
    assert_eq!(made, expected, "it says how it has been made");
    assert_eq!(standing(&*store, "billing").await, expected, "and is found as it was made");
}

pub(super) async fn who_makes_sure_of_a_subscription_leaves_it_as_it_is(
    maker: &dyn SubscriptionStoreMaker,
) {
    let (store, clock, lease) = leased(maker).await;
    must(store.advance(&lease, up_to(12)).await);
    let before = standing(&*store, "billing").await;
    clock.advance(TimeDelta::seconds(1));
    for cursor in [3, 400] {
        let told = must(store.ensure(&named("billing"), Sequence(cursor)).await);
        assert_eq!(told, before, "one that is there is told as it is");
        assert_eq!(standing(&*store, "billing").await, before, "and left as it is");
    }
    must(store.advance(&lease, up_to(13)).await);
}

pub(super) async fn subscriptions_are_listed_by_name(maker: &dyn SubscriptionStoreMaker) {
    let (store, _) = fresh(maker).await;
    for (name, cursor) in [("mail", 1), ("a.b", 2), ("zoo", 3), ("a-b", 4), ("a", 5)] {
        must(store.ensure(&named(name), Sequence(cursor)).await);
    }
    let names: Vec<_> = must(store.all().await).iter().map(|one| one.name.to_string()).collect();
    assert_eq!(names, ["a", "a-b", "a.b", "mail", "zoo"], "they are listed by name");
    assert_eq!(standing(&*store, "zoo").await.cursor, Sequence(3), "each is found by its name");
    assert_eq!(must(store.find(&named("nobody")).await), None, "and nothing where there is none");
}

pub(super) async fn what_is_not_there_is_refused_by_its_name(maker: &dyn SubscriptionStoreMaker) {
    let (store, clock, _) = leased(maker).await;
    let nobody = named("nobody");
    assert_unknown(store.acquire(&nobody, "one", A_WHILE).await, "acquiring");
    assert_unknown(store.pause(&nobody).await, "pausing");
    assert_unknown(store.resume(&nobody).await, "resuming");
    assert_unknown(store.rewind(&nobody, Sequence(1)).await, "rewinding");
    assert_unknown(store.remove(&nobody).await, "removing");
    assert_unknown(store.retry(&nobody, Sequence(1)).await, "retrying");
    assert_unknown(store.discard(&nobody, Sequence(1)).await, "discarding");
    let lease = Lease { name: nobody.clone(), token: 1 };
    assert_fenced(store.renew(&lease, A_WHILE).await, "renewing");
    assert_fenced(store.advance(&lease, up_to(1)).await, "advancing");
    assert_fenced(store.halt(&lease, failure(1, &clock)).await, "halting");
    must(store.release(&lease).await);
    assert_eq!(must(store.dead_letters(Some(&nobody)).await), [], "it has no dead letters");
    assert_eq!(must(store.find(&nobody).await), None, "nothing of it has made one");
}

pub(super) async fn a_subscription_is_paused_halted_and_resumed(
    maker: &dyn SubscriptionStoreMaker,
) {
    let (store, clock, lease) = leased(maker).await;
    let name = named("billing");
    let state = async || standing(&*store, "billing").await.state;
    must(store.halt(&lease, failure(11, &clock)).await);
    let halted = standing(&*store, "billing").await;
    assert_eq!(halted.state, SubscriptionState::Halted);
    assert_eq!(halted.failure, Some(failure(11, &clock)), "it says over what it has halted");
    assert_eq!(halted.cursor, Sequence(10), "and stays where it was");
    must(store.resume(&name).await);
    let resumed = standing(&*store, "billing").await;
    assert_eq!(resumed.state, SubscriptionState::Active);
    assert_eq!(resumed.failure, None, "resuming forgets the failure");
    must(store.pause(&name).await);
    assert_eq!(state().await, SubscriptionState::Paused);
    must(store.pause(&name).await);
    assert_eq!(state().await, SubscriptionState::Paused, "pausing twice is pausing once");
    let lease = take(&*store, "billing", "one").await;
    let renewed = must(store.renew(&lease, A_WHILE).await);
    assert_eq!(renewed.state, SubscriptionState::Paused, "who runs it is told");
    must(store.resume(&name).await);
    assert_eq!(state().await, SubscriptionState::Active);
    must(store.resume(&name).await);
    assert_eq!(state().await, SubscriptionState::Active, "what goes on may be resumed");
    must(store.advance(&lease, up_to(11)).await);
}

pub(super) async fn a_rewound_subscription_keeps_its_reach(maker: &dyn SubscriptionStoreMaker) {
    let (store, _, lease) = leased(maker).await;
    let mut progress = up_to(20);
    progress.reach = Sequence(30);
    must(store.advance(&lease, progress).await);
    let place = async || {
        let status = standing(&*store, "billing").await;
        (status.cursor.0, status.reach.0, status.state)
    };
    for (cursor, reach, says) in [
        (5, 30, "set back, what was handed out was handed out all the same"),
        (25, 30, "set on, but not past the reach"),
        (40, 40, "set on past the reach, which is never before the cursor"),
        (0, 40, "set back to the beginning"),
    ] {
        must(store.rewind(&named("billing"), Sequence(cursor)).await);
        assert_eq!(place().await, (cursor, reach, SubscriptionState::Active), "{says}");
    }
    must(store.pause(&named("billing")).await);
    must(store.rewind(&named("billing"), Sequence(3)).await);
    assert_eq!(place().await, (3, 40, SubscriptionState::Paused), "its state stays");
}

pub(super) async fn a_removed_subscription_is_forgotten(maker: &dyn SubscriptionStoreMaker) {
    let (store, clock, lease) = leased(maker).await;
    must(store.ensure(&named("mail"), Sequence(1)).await);
    let mail = take(&*store, "mail", "one").await;
    for lease in [&lease, &mail] {
        let dead_letters = vec![letter(2, 3, &clock)];
        must(store.advance(lease, super::Progress { dead_letters, ..up_to(20) }).await);
    }
    must(store.remove(&named("billing")).await);
    assert_eq!(must(store.find(&named("billing")).await), None, "it is gone");
    let left: Vec<_> = all_letters(&*store).await.into_iter().map(|one| one.subscription).collect();
    assert_eq!(left, [named("mail")], "with its dead letters, and nobody else's");
    clock.advance(TimeDelta::seconds(1));
    let anew = must(store.ensure(&named("billing"), Sequence(4)).await);
    assert_eq!((anew.cursor, anew.reach), (Sequence(4), Sequence(4)), "it is made anew");
    assert_eq!((anew.dead_letters, anew.holder), (0, None), "with nothing of the earlier one");
    assert_eq!(anew.created_at, start() + TimeDelta::seconds(1), "also not its age");
    assert_fenced(store.advance(&lease, up_to(30)).await, "an earlier one's progress");
}
