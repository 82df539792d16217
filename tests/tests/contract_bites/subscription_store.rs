//! Stores of durable subscriptions that break one promise each.

mod flawed;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::SubscriptionStore;
use indelible_tests::contract::Suite;
use indelible_tests::contract::shipped::WordTable;
use indelible_tests::contract::subscription_store::{EffectLedger, SubscriptionStoreMaker};
use indelible_tests::fakes::ManualClock;
use infrastructure::seaorm::{AuditStorage, SeaOrmSubscriptionStore, StorageOptions};

use crate::table::{Mutant, Table, row};
use flawed::Flawed;

pub(crate) fn suite() -> Suite<dyn SubscriptionStoreMaker> {
    indelible_tests::contract::subscription_store::suite()
}

#[rustfmt::skip] // A table reads better as one.
pub(crate) fn table() -> Table<dyn SubscriptionStoreMaker> {
    let mutants: Vec<Mutant<dyn SubscriptionStoreMaker>> = vec![
        row!(a_new_subscription_begins_where_it_is_told, made, Flaw::BeginsAtNought),
        row!(who_makes_sure_of_a_subscription_leaves_it_as_it_is, made, Flaw::EnsuresAnew),
        row!(subscriptions_are_listed_by_name, made, Flaw::ListsBackwards),
        row!(what_is_not_there_is_refused_by_its_name, made, Flaw::PausesNobody),
        row!(a_subscription_is_paused_halted_and_resumed, made, Flaw::ResumesInNameOnly),
        row!(a_subscription_is_paused_halted_and_resumed, made, Flaw::HaltsWithoutAWord),
        row!(a_rewound_subscription_keeps_its_reach, made, Flaw::RewindsTheReach),
        row!(a_removed_subscription_is_forgotten, made, Flaw::KeepsLettersOfWhatIsGone),
        row!(a_lease_is_exclusive_until_it_runs_out, made, Flaw::LendsTwice),
        row!(a_lease_is_exclusive_until_it_runs_out, made, Flaw::LendsForEver),
        row!(of_many_at_once_one_gets_the_lease, made, Flaw::LooksBeforeItLends),
        row!(every_lease_has_a_greater_token, made, Flaw::GivesItsOwnerTheSame),
        row!(every_lease_has_a_greater_token, made, Flaw::CountsAnewAfterARemoval),
        row!(a_lease_that_ran_out_is_good_until_another_is_given, made, Flaw::FencesTheExpired),
        row!(a_renewed_lease_lasts_from_now, made, Flaw::AddsToTheEnd),
        row!(an_outdated_lease_is_refused, made, Flaw::TrustsAnyLease),
        row!(an_outdated_lease_is_refused, made, Flaw::NotesLettersFirst),
        row!(a_lease_ends_when_it_is_given_back_or_taken_away, made, Flaw::TrustsWhatWasGivenBack),
        row!(a_lease_that_is_given_back_lets_another_in, made, Flaw::ReleasesNothing),
        row!(a_lease_that_is_given_back_lets_another_in, made, Flaw::ReleasesWhoever),
        row!(cursor_and_reach_never_go_back, made, Flaw::GoesBack),
        row!(progress_notes_the_last_failure_or_that_there_is_none, made, Flaw::RemembersFailures),
        row!(a_dead_letter_that_comes_again_adds_to_its_attempts, made, Flaw::CountsAttemptsAnew),
        row!(a_dead_letter_is_retried_resolved_or_discarded, made, Flaw::MarksNothing),
        row!(a_dead_letter_is_retried_resolved_or_discarded, made, Flaw::KeepsWhatIsResolved),
        row!(what_comes_of_a_retried_letter_counts_only_while_it_is_asked_for, made, Flaw::CountsEveryRetry),
        row!(what_comes_of_a_retried_letter_counts_only_while_it_is_asked_for, made, Flaw::DropsRetries),
        row!(dead_letters_are_listed_by_name_and_sequence, made, Flaw::ListsLettersOfAll),
        row!(dead_letters_are_listed_by_name_and_sequence, made, Flaw::ListsLettersByPlace),
        row!(what_handlers_want_changed_is_changed_with_the_cursor, made, Flaw::DropsEffects),
        row!(an_effect_that_is_refused_undoes_everything, made, Flaw::KeepsEarlierEffects),
        row!(an_effect_that_is_refused_undoes_everything, made, Flaw::MovesBeforeItChanges),
        row!(a_retried_letter_changes_something_once_each_time_it_is_asked_for, made, Flaw::CountsEveryRetry),
        row!(a_retried_letter_changes_something_once_each_time_it_is_asked_for, made, Flaw::DropsRetries),
        row!(an_outdated_lease_changes_nothing_for_handlers, made, Flaw::ChangesBeforeItAsks),
        row!(what_was_noted_outlives_a_restart, made, Flaw::ForgetsOnRestart),
        row!(what_was_noted_outlives_a_restart, made, Flaw::CountsAnewOnRestart),
        row!(several_who_share_a_store_see_one, made, Flaw::RemembersWhatItSaw),
        row!(any_history_agrees_with_a_plain_list, made, Flaw::RewindsTheReach),
        row!(any_history_agrees_with_a_plain_list, made, Flaw::CountsAttemptsAnew),
        row!(any_history_agrees_with_a_plain_list, made, Flaw::CountsEveryRetry),
    ];
    Table { unbroken: Box::new(made(Flaw::None)), mutants }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    BeginsAtNought,
    EnsuresAnew,
    ListsBackwards,
    PausesNobody,
    ResumesInNameOnly,
    HaltsWithoutAWord,
    RewindsTheReach,
    KeepsLettersOfWhatIsGone,
    LendsTwice,
    LendsForEver,
    LooksBeforeItLends,
    GivesItsOwnerTheSame,
    CountsAnewAfterARemoval,
    FencesTheExpired,
    AddsToTheEnd,
    TrustsAnyLease,
    NotesLettersFirst,
    TrustsWhatWasGivenBack,
    ReleasesNothing,
    ReleasesWhoever,
    GoesBack,
    RemembersFailures,
    CountsAttemptsAnew,
    MarksNothing,
    KeepsWhatIsResolved,
    CountsEveryRetry,
    DropsRetries,
    ListsLettersOfAll,
    ListsLettersByPlace,
    DropsEffects,
    KeepsEarlierEffects,
    MovesBeforeItChanges,
    ChangesBeforeItAsks,
    ForgetsOnRestart,
    CountsAnewOnRestart,
    RemembersWhatItSaw,
}

/// Makes stores with a flaw over stores on disk, and remembers what is under each.
struct Maker {
    flaw: Flaw,
    folder: tempfile::TempDir,
    files: AtomicUsize,
    made: Mutex<HashMap<usize, AuditStorage>>,
}

fn made(flaw: Flaw) -> Maker {
    let folder = tempfile::tempdir().unwrap();
    Maker { flaw, folder, files: AtomicUsize::new(0), made: Mutex::default() }
}

impl Drop for Maker {
    /// Connections can be let go only where there is a runtime, which those of the trials no longer are.
    fn drop(&mut self) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _inside = runtime.enter();
        self.made.lock().unwrap().clear();
    }
}

/// What tells a store from others.
fn address(store: &dyn SubscriptionStore) -> usize {
    std::ptr::from_ref(store).addr()
}

impl Maker {
    fn new_file(&self) -> PathBuf {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        self.folder.path().join(format!("{number}/audit.db"))
    }

    async fn open(&self, file: PathBuf, clock: Arc<ManualClock>) -> Arc<dyn SubscriptionStore> {
        let storage = AuditStorage::connect(StorageOptions::new(&file)).await.unwrap();
        let inner = SeaOrmSubscriptionStore::new(storage.clone(), Arc::clone(&clock) as _);
        let store: Arc<dyn SubscriptionStore> =
            Arc::new(Flawed::over(Arc::new(inner), file, clock, self.flaw));
        self.made.lock().unwrap().insert(address(&*store), storage);
        store
    }

    fn under(&self, store: &dyn SubscriptionStore) -> Option<AuditStorage> {
        self.made.lock().unwrap().get(&address(store)).cloned()
    }
}

#[async_trait]
impl SubscriptionStoreMaker for Maker {
    async fn make(&self, clock: Arc<ManualClock>) -> Arc<dyn SubscriptionStore> {
        self.open(self.new_file(), clock).await
    }

    async fn reopen(
        &self,
        store: &Arc<dyn SubscriptionStore>,
        clock: Arc<ManualClock>,
    ) -> Option<Arc<dyn SubscriptionStore>> {
        let storage = self.under(&**store)?;
        storage.close().await;
        let file = match self.flaw {
            Flaw::ForgetsOnRestart => self.new_file(),
            _ => storage.file().to_owned(),
        };
        if self.flaw == Flaw::CountsAnewOnRestart {
            let raw = rusqlite::Connection::open(&file).unwrap();
            raw.execute("UPDATE audit_lease_token SET last = 0", ()).unwrap();
        }
        Some(self.open(file, clock).await)
    }

    async fn share(
        &self,
        store: &dyn SubscriptionStore,
        clock: Arc<ManualClock>,
    ) -> Option<Arc<dyn SubscriptionStore>> {
        let file = self.under(store)?.file().to_owned();
        Some(self.open(file, clock).await)
    }

    async fn ledger(&self, store: &dyn SubscriptionStore) -> Option<Box<dyn EffectLedger>> {
        Some(Box::new(WordTable::new(self.under(store)?.file().to_owned())))
    }
}
