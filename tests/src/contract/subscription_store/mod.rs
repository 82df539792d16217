//! The promises of the store of durable subscriptions: one suite for every adapter of
//! [`SubscriptionStore`].
//!
//! A store that keeps nothing beyond the process needs one closure, and says so; one without a database
//! in which a handler could change something says that as well:
//!
//! ```
//! use std::sync::Arc;
//! use indelible_tests::contract::subscription_store::{BEYOND_THE_PROCESS, EFFECTS, suite};
//! use indelible_tests::fakes::ManualClock;
//! use infrastructure::memory::InMemorySubscriptionStore;
//!
//! # #[tokio::main] async fn main() {
//! let make = |clock: Arc<ManualClock>| async { InMemorySubscriptionStore::new(clock) };
//! suite().except(BEYOND_THE_PROCESS).except(EFFECTS).hold(&make).await;
//! # }
//! ```
//!
//! One that outlives the process implements [`SubscriptionStoreMaker`]; see
//! [`OnDisk`](super::shipped::OnDisk).
//!
//! Deliberately absent: handlers, and who runs a subscription; and what needs a disk that fails.

mod effects;
mod history;
mod leases;
mod letters;
mod model;
mod progress;
mod sharing;
mod standing;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::SubscriptionStoreError;
use domain::subscription::{
    DeadLetter, Effect, Lease, NewDeadLetter, Progress, SubscriptionFailure, SubscriptionStatus,
};
use domain::{Clock, Sequence, SubscriptionName, SubscriptionStore};

use super::Suite;
use super::audit_log::start;
use super::promise::promises;
use crate::expect::must;
use crate::fakes::ManualClock;

/// Makes the stores that the suite tries. A closure that makes one is a maker too.
#[async_trait]
pub trait SubscriptionStoreMaker: Send + Sync + 'static {
    /// A new store without subscriptions, whose leases run out by this clock.
    async fn make(&self, clock: Arc<ManualClock>) -> Arc<dyn SubscriptionStore>;

    /// The store made last, as the next start of the program would find it. The default is for an
    /// adapter that keeps nothing beyond the process: nothing. What takes a restart to try is then
    /// not tried, and must be left out by name.
    async fn reopen(
        &self,
        _: &Arc<dyn SubscriptionStore>,
        _: Arc<ManualClock>,
    ) -> Option<Arc<dyn SubscriptionStore>> {
        None
    }

    /// The store made last, opened a second time while the first is in use, as another process would,
    /// by a clock of its own. The default is for an adapter that only one can use: nothing. What
    /// takes two to try is then not tried, and must be left out by name.
    async fn share(
        &self,
        _: &dyn SubscriptionStore,
        _: Arc<ManualClock>,
    ) -> Option<Arc<dyn SubscriptionStore>> {
        None
    }

    /// Something in the database of the store made last that handlers may change. The default is for
    /// an adapter without one: nothing. What takes effects to try is then not tried, and must be left
    /// out by name.
    async fn ledger(&self, _: &dyn SubscriptionStore) -> Option<Box<dyn EffectLedger>> {
        None
    }
}

#[async_trait]
impl<F, R, S> SubscriptionStoreMaker for F
where
    F: Fn(Arc<ManualClock>) -> R + Send + Sync + 'static,
    R: Future<Output = S> + Send,
    S: SubscriptionStore,
{
    async fn make(&self, clock: Arc<ManualClock>) -> Arc<dyn SubscriptionStore> {
        Arc::new(self(clock).await)
    }
}

/// A list of words in the store's database, in which no word may stand twice.
#[async_trait]
pub trait EffectLedger: Send + Sync {
    /// The effect that writes a word down; the database must refuse it where the word stands already.
    fn write(&self, word: &str) -> Effect;

    /// The words, sorted.
    async fn words(&self) -> Vec<String>;
}

/// The promises that take a restart or a second program to try. A store that keeps nothing beyond the
/// process cannot make them: `suite().except(BEYOND_THE_PROCESS).hold(&maker)`.
pub const BEYOND_THE_PROCESS: &[&str] =
    &["what_was_noted_outlives_a_restart", "several_who_share_a_store_see_one"];

/// The promises that take a database in which handlers may change something.
pub const EFFECTS: &[&str] = &[
    "what_handlers_want_changed_is_changed_with_the_cursor",
    "an_effect_that_is_refused_undoes_everything",
    "a_retried_letter_changes_something_once_each_time_it_is_asked_for",
    "an_outdated_lease_changes_nothing_for_handlers",
];

/// Holds an adapter to every promise of [`SubscriptionStore`].
///
/// # Panics
/// When a promise is broken: with its name, its sentence, and what was seen instead. And when one
/// could not be tried: see [`BEYOND_THE_PROCESS`] and [`EFFECTS`].
pub async fn subscription_store(maker: &dyn SubscriptionStoreMaker) {
    suite().hold(maker).await;
}

/// The promises of [`SubscriptionStore`].
#[must_use]
pub fn suite() -> Suite<dyn SubscriptionStoreMaker> {
    Suite::new(
        "the subscription store",
        promises![
            /// A new subscription goes on from where it is told, and nobody runs it.
            standing::a_new_subscription_begins_where_it_is_told,
            /// A subscription that is there is left as it is by whoever makes sure of it.
            standing::who_makes_sure_of_a_subscription_leaves_it_as_it_is,
            /// Subscriptions are listed by name, and found by it.
            standing::subscriptions_are_listed_by_name,
            /// What is asked of a subscription that is not there is refused with its name.
            standing::what_is_not_there_is_refused_by_its_name,
            /// A subscription is paused, halted with its failure, and resumed, which forgets it.
            standing::a_subscription_is_paused_halted_and_resumed,
            /// A cursor is set back or on, and the reach stays at least where it was.
            standing::a_rewound_subscription_keeps_its_reach,
            /// A subscription that is removed is gone with its dead letters, and can be made anew.
            standing::a_removed_subscription_is_forgotten,
            /// A lease keeps others out until the moment at which it runs out.
            leases::a_lease_is_exclusive_until_it_runs_out,
            /// Of many who ask at once, one gets the lease.
            leases::of_many_at_once_one_gets_the_lease,
            /// Every lease has a greater token than those before it, whatever has happened since.
            leases::every_lease_has_a_greater_token,
            /// A lease that has run out is good until somebody else gets one.
            leases::a_lease_that_ran_out_is_good_until_another_is_given,
            /// A lease is renewed for so long from now, and says how the subscription stands.
            leases::a_renewed_lease_lasts_from_now,
            /// Whatever is asked with an outdated lease is refused, and changes nothing.
            leases::an_outdated_lease_is_refused,
            /// A lease ends when it is given back, and when the subscription is paused, rewound,
            /// halted or removed.
            leases::a_lease_ends_when_it_is_given_back_or_taken_away,
            /// A lease that is given back lets another in at once; one that is outdated does not.
            leases::a_lease_that_is_given_back_lets_another_in,
            /// Progress moves cursor and reach forward, and never back.
            progress::cursor_and_reach_never_go_back,
            /// Progress notes what went wrong last, and forgets it when all is well.
            progress::progress_notes_the_last_failure_or_that_there_is_none,
            /// A dead letter that comes again replaces the earlier one, and adds to its attempts.
            letters::a_dead_letter_that_comes_again_adds_to_its_attempts,
            /// A dead letter is marked for another try, and goes when its event is handled or it is discarded.
            letters::a_dead_letter_is_retried_resolved_or_discarded,
            /// What comes of a dead letter that is tried again counts only while somebody asks for it.
            letters::what_comes_of_a_retried_letter_counts_only_while_it_is_asked_for,
            /// Dead letters are listed by name and sequence, of one subscription or of all.
            letters::dead_letters_are_listed_by_name_and_sequence,
            /// What handlers want changed is changed when the cursor has moved, in order.
            effects::what_handlers_want_changed_is_changed_with_the_cursor,
            /// An effect that the database refuses undoes the whole of its progress, and is named.
            effects::an_effect_that_is_refused_undoes_everything,
            /// A dead letter that is tried again changes something once each time it is asked for.
            effects::a_retried_letter_changes_something_once_each_time_it_is_asked_for,
            /// What handlers want changed is not changed with an outdated lease.
            effects::an_outdated_lease_changes_nothing_for_handlers,
            /// What was noted is there after a restart, and no lease gets an earlier token.
            sharing::what_was_noted_outlives_a_restart,
            /// Several who share a store see each other's changes, and lease to one of them at a time.
            sharing::several_who_share_a_store_see_one,
            /// Whatever is done in whatever order, the store answers as a plain list would.
            history::any_history_agrees_with_a_plain_list,
        ],
    )
}

/// For how long leases are taken where nothing depends on it.
const A_WHILE: Duration = Duration::from_mins(1);

/// A name.
fn named(text: &str) -> SubscriptionName {
    must(SubscriptionName::new(text))
}

/// A store and the clock its leases run out by.
async fn fresh(
    maker: &dyn SubscriptionStoreMaker,
) -> (Arc<dyn SubscriptionStore>, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(start()));
    (maker.make(Arc::clone(&clock)).await, clock)
}

/// A store with a subscription `billing` that begins after 10, and a lease on it.
async fn leased(
    maker: &dyn SubscriptionStoreMaker,
) -> (Arc<dyn SubscriptionStore>, Arc<ManualClock>, Lease) {
    let (store, clock) = fresh(maker).await;
    must(store.ensure(&named("billing"), Sequence(10)).await);
    let lease = take(&*store, "billing", "one").await;
    (store, clock, lease)
}

/// A lease that must be given.
async fn take(store: &dyn SubscriptionStore, name: &str, owner: &str) -> Lease {
    let lease = must(store.acquire(&named(name), owner, A_WHILE).await);
    let Some(lease) = lease else { panic!("nobody holds `{name}`: `{owner}` must get a lease") };
    assert_eq!(lease.name, named(name), "a lease is on what it was asked for");
    lease
}

/// How a subscription that must be there stands.
async fn standing(store: &dyn SubscriptionStore, name: &str) -> SubscriptionStatus {
    let found = must(store.find(&named(name)).await);
    let Some(found) = found else { panic!("`{name}` must be there") };
    found
}

async fn all_letters(store: &dyn SubscriptionStore) -> Vec<DeadLetter> {
    must(store.dead_letters(None).await)
}

/// Progress up to a cursor, and nothing else.
fn up_to(cursor: u64) -> Progress {
    Progress { cursor: Sequence(cursor), reach: Sequence(cursor), ..Progress::default() }
}

/// A dead letter with these attempts.
fn letter(sequence: u64, attempts: u32, clock: &ManualClock) -> NewDeadLetter {
    NewDeadLetter {
        sequence: Sequence(sequence),
        attempts,
        errors: vec![format!("no such invoice: {sequence}"), "caused \"so\"\n".to_owned()],
        failed_at: clock.now(),
    }
}

/// A failure over an event.
fn failure(sequence: u64, clock: &ManualClock) -> SubscriptionFailure {
    SubscriptionFailure {
        sequence: Some(Sequence(sequence)),
        errors: vec!["it does not answer".to_owned()],
        at: clock.now(),
    }
}

#[track_caller]
fn assert_fenced<T: Debug>(outcome: Result<T, SubscriptionStoreError>, what: &str) {
    let fenced = matches!(outcome, Err(SubscriptionStoreError::Fenced { .. }));
    assert!(fenced, "{what} must be refused with an outdated lease, not {outcome:?}");
}

#[track_caller]
fn assert_unknown<T: Debug>(outcome: Result<T, SubscriptionStoreError>, what: &str) {
    let unknown = matches!(
        &outcome,
        Err(SubscriptionStoreError::Unknown { name }) if *name == named("nobody")
    );
    assert!(unknown, "{what} must be refused where there is no subscription, not {outcome:?}");
}
