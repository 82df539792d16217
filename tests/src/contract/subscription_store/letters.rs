//! What is promised of dead letters.

use chrono::TimeDelta;
use domain::Sequence;
use domain::ports::SubscriptionStoreError;
use domain::subscription::{DeadLetter, EventEffects, NewDeadLetter, RetriedLetter};

use super::{
    Progress, SubscriptionStoreMaker, all_letters, leased, letter, named, standing, take, up_to,
};
use crate::expect::must;

pub(super) async fn a_dead_letter_that_comes_again_adds_to_its_attempts(
    maker: &dyn SubscriptionStoreMaker,
) {
    let (store, clock, lease) = leased(maker).await;
    let first = letter(11, 3, &clock);
    must(store.advance(&lease, Progress { dead_letters: vec![first.clone()], ..up_to(11) }).await);
    let expected = DeadLetter {
        subscription: named("billing"),
        sequence: Sequence(11),
        attempts: 3,
        errors: first.errors,
        failed_at: first.failed_at,
        retry_requested: false,
    };
    assert_eq!(
        all_letters(&*store).await,
        std::slice::from_ref(&expected),
        "it is kept as it was noted"
    );
    must(store.retry(&named("billing"), Sequence(11)).await);
    clock.advance(TimeDelta::hours(1));
    let mut second = letter(11, 2, &clock);
    second.errors = vec!["another cause".to_owned()];
    let again = Progress { dead_letters: vec![second.clone()], ..up_to(11) };
    must(store.advance(&lease, again).await);
    let expected =
        DeadLetter { attempts: 5, errors: second.errors, failed_at: second.failed_at, ..expected };
    assert_eq!(all_letters(&*store).await, [expected], "the attempts add up, the rest is new");
    let once_more = Progress { dead_letters: vec![letter(11, u32::MAX, &clock)], ..up_to(11) };
    must(store.advance(&lease, once_more).await);
    assert_eq!(all_letters(&*store).await[0].attempts, u32::MAX, "as far as they can be counted");
}

pub(super) async fn a_dead_letter_is_retried_resolved_or_discarded(
    maker: &dyn SubscriptionStoreMaker,
) {
    let (store, clock, lease) = leased(maker).await;
    let billing = named("billing");
    let dead_letters = (11..15).map(|sequence| letter(sequence, 1, &clock)).collect();
    must(store.advance(&lease, Progress { dead_letters, ..up_to(14) }).await);
    let marks = async || {
        let letters = all_letters(&*store).await;
        letters.iter().map(|one| (one.sequence.0, one.retry_requested)).collect::<Vec<_>>()
    };
    must(store.retry(&billing, Sequence(12)).await);
    must(store.retry(&billing, Sequence(12)).await);
    let marked = [(11, false), (12, true), (13, false), (14, false)];
    assert_eq!(marks().await, marked, "the one that was asked for is marked");
    must(store.discard(&billing, Sequence(13)).await);
    assert_eq!(marks().await, [(11, false), (12, true), (14, false)], "what is discarded is gone");
    let resolved = vec![Sequence(12), Sequence(14), Sequence(99)];
    must(store.advance(&lease, Progress { resolved, ..up_to(14) }).await);
    assert_eq!(marks().await, [(11, false)], "what has been handled is one no more");
    assert_eq!(standing(&*store, "billing").await.dead_letters, 1, "and is not counted");
    for outcome in
        [store.retry(&billing, Sequence(12)).await, store.discard(&billing, Sequence(13)).await]
    {
        let missing = matches!(&outcome, Err(SubscriptionStoreError::NoDeadLetter { .. }));
        assert!(missing, "one that is not there is refused, not {outcome:?}");
    }
    must(store.advance(&lease, up_to(15)).await);
}

pub(super) async fn what_comes_of_a_retried_letter_counts_only_while_it_is_asked_for(
    maker: &dyn SubscriptionStoreMaker,
) {
    let (store, clock, lease) = leased(maker).await;
    let billing = named("billing");
    let dead_letters = (11..15).map(|sequence| letter(sequence, 2, &clock)).collect();
    must(store.advance(&lease, Progress { dead_letters, ..up_to(14) }).await);
    for sequence in [11, 12, 14] {
        must(store.retry(&billing, Sequence(sequence)).await);
    }
    must(store.discard(&billing, Sequence(14)).await);
    let handled = |sequence: u64| {
        RetriedLetter::Handled(EventEffects { sequence: Sequence(sequence), effects: Vec::new() })
    };
    clock.advance(TimeDelta::hours(1));
    let failed = letter(12, 1, &clock);
    let retried = || {
        let failed =
            |sequence: u64| NewDeadLetter { sequence: Sequence(sequence), ..failed.clone() };
        let failed = [12, 13, 14].map(|sequence| RetriedLetter::Failed(failed(sequence)));
        [handled(11), handled(13)].into_iter().chain(failed).collect()
    };
    let before = all_letters(&*store).await;
    must(store.advance(&lease, Progress { retried: retried(), ..up_to(14) }).await);
    let again = DeadLetter {
        attempts: 3,
        errors: failed.errors.clone(),
        failed_at: failed.failed_at,
        retry_requested: false,
        ..before[1].clone()
    };
    let expected = [again, before[2].clone()];
    let says = "what was handled is gone, what failed again says so, and what nobody asked for, or \
                somebody has discarded, is as it was";
    assert_eq!(all_letters(&*store).await, expected, "{says}");
    must(store.advance(&lease, Progress { retried: retried(), ..up_to(14) }).await);
    assert_eq!(all_letters(&*store).await, expected, "each is asked for once");
    must(store.retry(&billing, Sequence(12)).await);
    must(store.advance(&lease, Progress { retried: vec![handled(12)], ..up_to(14) }).await);
    assert_eq!(all_letters(&*store).await, expected[1..], "and can be asked for again");
}

pub(super) async fn dead_letters_are_listed_by_name_and_sequence(
    maker: &dyn SubscriptionStoreMaker,
) {
    let (store, clock, lease) = leased(maker).await;
    must(store.ensure(&named("accounts"), Sequence(1)).await);
    let other = take(&*store, "accounts", "one").await;
    for (lease, sequences) in [(&lease, vec![30, 2, 200]), (&other, vec![4, 3])] {
        let dead_letters = sequences.iter().map(|sequence| letter(*sequence, 1, &clock)).collect();
        must(store.advance(lease, Progress { dead_letters, ..up_to(200) }).await);
    }
    let listed = async |of: Option<&str>| {
        let of = of.map(named);
        let letters = must(store.dead_letters(of.as_ref()).await);
        let listed = letters.iter().map(|one| format!("{} {}", one.subscription, one.sequence));
        listed.collect::<Vec<_>>()
    };
    let all = ["accounts 3", "accounts 4", "billing 2", "billing 30", "billing 200"];
    assert_eq!(listed(None).await, all, "all of them, by name and sequence");
    assert_eq!(listed(Some("billing")).await, all[2..], "or those of one");
    let counts: Vec<_> = must(store.all().await).iter().map(|one| one.dead_letters).collect();
    assert_eq!(counts, [2, 3], "each subscription says how many it has");
}
