//! What is promised of what handlers change in the store's database.

use domain::Sequence;
use domain::ports::SubscriptionStoreError;
use domain::subscription::{EventEffects, RetriedLetter, SubscriptionStatus};

use super::{
    EffectLedger, Progress, SubscriptionStoreMaker, all_letters, assert_fenced, leased, letter,
    named, standing, take, up_to,
};
use crate::contract::Tried;
use crate::expect::must;

const NO_LEDGER: Tried = Tried::Not(
    "its maker does not say what a handler may change in its database: implement \
     `SubscriptionStoreMaker::ledger`, as `contract::shipped::OnDisk` does",
);

/// The effects of an event that write these words down.
fn writes(ledger: &dyn EffectLedger, sequence: u64, words: &[&str]) -> EventEffects {
    let effects = words.iter().map(|word| ledger.write(word)).collect();
    EventEffects { sequence: Sequence(sequence), effects }
}

pub(super) async fn what_handlers_want_changed_is_changed_with_the_cursor(
    maker: &dyn SubscriptionStoreMaker,
) -> Tried {
    let (store, _, lease) = leased(maker).await;
    let Some(ledger) = maker.ledger(&*store).await else { return NO_LEDGER };
    assert_eq!(ledger.words().await, [""; 0], "nothing is written yet");
    let effects = vec![
        writes(&*ledger, 11, &["one", "it's; \"two\""]),
        EventEffects { sequence: Sequence(12), effects: Vec::new() },
        writes(&*ledger, 13, &["three ?"]),
    ];
    must(store.advance(&lease, Progress { effects, ..up_to(13) }).await);
    assert_eq!(ledger.words().await, ["it's; \"two\"", "one", "three ?"], "all of it is changed");
    assert_eq!(standing(&*store, "billing").await.cursor, Sequence(13), "and the cursor moved");
    Tried::Holds
}

pub(super) async fn an_effect_that_is_refused_undoes_everything(
    maker: &dyn SubscriptionStoreMaker,
) -> Tried {
    let (store, clock, lease) = leased(maker).await;
    let Some(ledger) = maker.ledger(&*store).await else { return NO_LEDGER };
    let effects = vec![writes(&*ledger, 11, &["kept"])];
    let dead_letters = vec![letter(9, 1, &clock)];
    must(store.advance(&lease, Progress { effects, dead_letters, ..up_to(11) }).await);
    let (before, letters) = (standing(&*store, "billing").await, all_letters(&*store).await);
    let effects = vec![
        writes(&*ledger, 12, &["undone"]),
        writes(&*ledger, 13, &["undone too", "kept"]),
        writes(&*ledger, 14, &["not come to"]),
    ];
    let progress = Progress {
        effects,
        dead_letters: vec![letter(13, 1, &clock)],
        resolved: vec![Sequence(9)],
        failure: Some(super::failure(13, &clock)),
        ..up_to(14)
    };
    let refused = store.advance(&lease, progress).await;
    let named =
        matches!(&refused, Err(SubscriptionStoreError::Effect { sequence: Sequence(13), .. }));
    assert!(named, "what was refused is named with its event, 13, and not as {refused:?}");
    assert_eq!(ledger.words().await, ["kept"], "what was changed before it is undone");
    assert_eq!(standing(&*store, "billing").await, before, "the cursor has not moved");
    assert_eq!(all_letters(&*store).await, letters, "and no dead letter has come or gone");
    let effects = vec![writes(&*ledger, 12, &["undone"])];
    must(store.advance(&lease, Progress { effects, ..up_to(12) }).await);
    assert_eq!(ledger.words().await, ["kept", "undone"], "the next one is done as ever");
    Tried::Holds
}

pub(super) async fn a_retried_letter_changes_something_once_each_time_it_is_asked_for(
    maker: &dyn SubscriptionStoreMaker,
) -> Tried {
    let (store, clock, lease) = leased(maker).await;
    let Some(ledger) = maker.ledger(&*store).await else { return NO_LEDGER };
    let billing = named("billing");
    let dead_letters = (11..14).map(|sequence| letter(sequence, 1, &clock)).collect();
    must(store.advance(&lease, Progress { dead_letters, ..up_to(13) }).await);
    let retried = |sequence: u64, words: &[&str]| Progress {
        retried: vec![RetriedLetter::Handled(writes(&*ledger, sequence, words))],
        ..up_to(13)
    };
    must(store.advance(&lease, retried(11, &["nobody asked"])).await);
    assert_eq!(ledger.words().await, [""; 0], "nobody has asked for it");
    for sequence in [11, 12] {
        must(store.retry(&billing, Sequence(sequence)).await);
    }
    must(store.advance(&lease, retried(11, &["once"])).await);
    must(store.advance(&lease, retried(11, &["twice"])).await);
    assert_eq!(ledger.words().await, ["once"], "what has been done is not done again");
    let refused = store.advance(&lease, retried(12, &["undone", "once"])).await;
    let named =
        matches!(&refused, Err(SubscriptionStoreError::Effect { sequence: Sequence(12), .. }));
    assert!(named, "what was refused is named with its event, 12, and not as {refused:?}");
    let letters = all_letters(&*store).await;
    let marks: Vec<_> = letters.iter().map(|one| (one.sequence.0, one.retry_requested)).collect();
    assert_eq!(marks, [(12, true), (13, false)], "and it is still asked for");
    must(store.discard(&billing, Sequence(12)).await);
    must(store.advance(&lease, retried(12, &["discarded"])).await);
    assert_eq!(ledger.words().await, ["once"], "what was discarded changes nothing");
    Tried::Holds
}

pub(super) async fn an_outdated_lease_changes_nothing_for_handlers(
    maker: &dyn SubscriptionStoreMaker,
) -> Tried {
    let (store, _, old) = leased(maker).await;
    let Some(ledger) = maker.ledger(&*store).await else { return NO_LEDGER };
    let new = take(&*store, "billing", "one").await;
    let progress = |sequence: u64, words: &[&str]| Progress {
        effects: vec![writes(&*ledger, sequence, words)],
        ..up_to(sequence)
    };
    assert_fenced(store.advance(&old, progress(11, &["twice"])).await, "advancing");
    assert_eq!(ledger.words().await, [""; 0], "nothing is changed");
    must(store.advance(&new, progress(11, &["twice"])).await);
    assert_fenced(store.advance(&old, progress(12, &["late"])).await, "advancing");
    assert_eq!(ledger.words().await, ["twice"], "it is changed once, by the newer one");
    let SubscriptionStatus { cursor, .. } = standing(&*store, "billing").await;
    assert_eq!(cursor, Sequence(11), "to where the newer one has come");
    Tried::Holds
}
