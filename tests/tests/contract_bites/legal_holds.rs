//! Legal holds that break one promise each.

use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::audit::legal_hold::{HeldEntry, HoldId, HoldScope, LegalHold};
use domain::ports::LegalHoldError;
use domain::{AuditFilter, AuditLog, LegalHolds, Sequence};
use indelible_tests::contract::Suite;
use indelible_tests::contract::legal_holds::{Held, LegalHoldsMaker};
use indelible_tests::fakes::ManualClock;
use infrastructure::memory::{InMemoryAuditLog, InMemoryLegalHolds};
use infrastructure::seaorm::{AuditStorage, SeaOrmAuditLog, SeaOrmLegalHolds, StorageOptions};

use crate::table::{Mutant, Table, row};

pub(crate) fn suite() -> Suite<dyn LegalHoldsMaker> {
    indelible_tests::contract::legal_holds::suite()
}

#[rustfmt::skip] // A table reads better as one.
pub(crate) fn table() -> Table<dyn LegalHoldsMaker> {
    let mutants: Vec<Mutant<dyn LegalHoldsMaker>> = vec![
        row!(a_hold_is_in_force_until_it_is_released, made, Flaw::ListsBackwards),
        row!(a_hold_is_in_force_until_it_is_released, made, Flaw::ReleasesNothing),
        row!(a_hold_that_is_not_on_record_is_refused, made, Flaw::PlacesWhatIsNotOnRecord),
        row!(a_hold_that_is_not_on_record_is_refused, made, Flaw::ReleasesByAnyEvent),
        row!(a_hold_is_placed_once_and_released_once, made, Flaw::PlacesAnew),
        row!(a_hold_is_placed_once_and_released_once, made, Flaw::ReleasesNobody),
        row!(holds_outlive_a_restart, made, Flaw::ForgetsOnRestart),
        row!(what_is_held_agrees_with_what_a_hold_covers, made, Flaw::TellsTheNewest),
        row!(what_is_held_agrees_with_what_a_hold_covers, made, Flaw::IgnoresTheFilter),
        row!(what_is_held_agrees_with_what_a_hold_covers, made, Flaw::IgnoresTheRange),
        row!(what_is_held_agrees_with_what_a_hold_covers, made, Flaw::ForgetsWhoDidIt),
        row!(a_released_hold_holds_nothing, made, Flaw::HoldsOn),
        row!(what_is_held_is_not_removed, made, Flaw::KeepsTheRecordInNameOnly),
        row!(a_hold_placed_meanwhile_holds_the_rest, made, Flaw::KeepsTheRecordInNameOnly),
    ];
    Table { unbroken: Box::new(made(Flaw::None)), mutants }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    ListsBackwards,
    ReleasesNothing,
    PlacesWhatIsNotOnRecord,
    ReleasesByAnyEvent,
    PlacesAnew,
    ReleasesNobody,
    ForgetsOnRestart,
    TellsTheNewest,
    IgnoresTheFilter,
    IgnoresTheRange,
    ForgetsWhoDidIt,
    HoldsOn,
    KeepsTheRecordInNameOnly,
}

/// Makes holds with a flaw over those on disk, and remembers what is under each.
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

/// What tells holds from others.
fn address(holds: &dyn LegalHolds) -> usize {
    std::ptr::from_ref(holds).addr()
}

impl Maker {
    async fn open(&self, file: PathBuf, clock: Arc<ManualClock>) -> Held {
        let storage = AuditStorage::connect(StorageOptions::new(file)).await.unwrap();
        let log: Arc<dyn AuditLog> = Arc::new(SeaOrmAuditLog::new(storage.clone(), clock));
        let inner: Arc<dyn LegalHolds> = Arc::new(SeaOrmLegalHolds::new(storage.clone()));
        let held = self.flawed(log, inner);
        self.made.lock().unwrap().insert(address(&*held.1), storage);
        held
    }

    fn flawed(&self, log: Arc<dyn AuditLog>, inner: Arc<dyn LegalHolds>) -> Held {
        let more = Mutex::default();
        (Arc::clone(&log), Arc::new(Flawed { flaw: self.flaw, log, inner, more }))
    }
}

#[async_trait]
impl LegalHoldsMaker for Maker {
    async fn make(&self, clock: Arc<ManualClock>) -> Held {
        if self.flaw == Flaw::KeepsTheRecordInNameOnly {
            let log: Arc<dyn AuditLog> = Arc::new(InMemoryAuditLog::new(clock));
            let inner = Arc::new(InMemoryLegalHolds::new(Arc::clone(&log)));
            return self.flawed(log, inner);
        }
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        self.open(self.folder.path().join(format!("{number}/audit.db")), clock).await
    }

    async fn reopen(&self, (_, holds): &Held, clock: Arc<ManualClock>) -> Option<Held> {
        let storage = self.made.lock().unwrap().get(&address(&**holds)).cloned()?;
        storage.close().await;
        let (log, holds) = self.open(storage.file().to_owned(), clock).await;
        if self.flaw == Flaw::ForgetsOnRestart {
            return Some((Arc::clone(&log), Arc::new(InMemoryLegalHolds::new(log))));
        }
        Some((log, holds))
    }

    fn keeps_the_record(&self) -> bool {
        true
    }
}

struct Flawed {
    flaw: Flaw,
    log: Arc<dyn AuditLog>,
    inner: Arc<dyn LegalHolds>,
    /// Holds that are in force by mistake.
    more: Mutex<Vec<LegalHold>>,
}

#[async_trait]
impl LegalHolds for Flawed {
    async fn place(&self, hold: &LegalHold) -> Result<(), LegalHoldError> {
        match self.inner.place(hold).await {
            Err(LegalHoldError::NotOnRecord { .. })
                if self.flaw == Flaw::PlacesWhatIsNotOnRecord =>
            {
                self.more.lock().unwrap().push(hold.clone());
                Ok(())
            }
            Err(LegalHoldError::Placed { .. }) if self.flaw == Flaw::PlacesAnew => Ok(()),
            placed => placed,
        }
    }

    async fn release(&self, id: HoldId) -> Result<(), LegalHoldError> {
        let all = self.inner.in_force().await?;
        let hold = all.into_iter().find(|hold| hold.id == id);
        match (self.flaw, self.inner.release(id).await) {
            (Flaw::ReleasesNobody, Err(LegalHoldError::Unknown { .. }))
            | (Flaw::ReleasesByAnyEvent, Err(LegalHoldError::NotOnRecord { .. })) => Ok(()),
            (Flaw::ReleasesNothing | Flaw::HoldsOn, Ok(())) => {
                self.more.lock().unwrap().extend(hold);
                Ok(())
            }
            (_, released) => released,
        }
    }

    async fn in_force(&self) -> Result<Vec<LegalHold>, LegalHoldError> {
        let mut all = self.inner.in_force().await?;
        match self.flaw {
            Flaw::ListsBackwards => all.reverse(),
            Flaw::ReleasesNothing | Flaw::PlacesWhatIsNotOnRecord => {
                all.extend(self.more.lock().unwrap().clone());
                all.sort_by_key(|hold| hold.id);
            }
            _ => {}
        }
        Ok(all)
    }

    async fn holding(
        &self,
        filter: &AuditFilter,
        within: RangeInclusive<Sequence>,
    ) -> Result<Vec<HeldEntry>, LegalHoldError> {
        match self.flaw {
            Flaw::IgnoresTheFilter => self.inner.holding(&AuditFilter::default(), within).await,
            Flaw::IgnoresTheRange => {
                self.inner.holding(filter, Sequence(0)..=Sequence(u64::MAX)).await
            }
            Flaw::TellsTheNewest => {
                let mut told = self.inner.holding(filter, within.clone()).await?;
                for held in &mut told {
                    while held.sequence < *within.end() {
                        let rest = held.sequence.next()..=*within.end();
                        let rest = self.inner.holding(filter, rest).await?;
                        let Some(later) = rest.iter().find(|it| it.hold == held.hold) else {
                            break;
                        };
                        held.sequence = later.sequence;
                    }
                }
                told.sort_by_key(|held| (held.sequence, held.hold));
                Ok(told)
            }
            Flaw::ForgetsWhoDidIt => {
                let users: BTreeSet<HoldId> = self
                    .in_force()
                    .await?
                    .into_iter()
                    .filter(|hold| matches!(hold.scope, HoldScope::User(_)))
                    .map(|hold| hold.id)
                    .collect();
                let mut told = self.inner.holding(filter, within).await?;
                let mut kept = Vec::new();
                for held in told.drain(..) {
                    let entry = self.log.by_sequence(held.sequence).await?.unwrap();
                    if !users.contains(&held.hold) || entry.envelope.user_identity.is_some() {
                        kept.push(held);
                    }
                }
                Ok(kept)
            }
            Flaw::HoldsOn => {
                let mut told = self.inner.holding(filter, within.clone()).await?;
                for hold in self.more.lock().unwrap().iter() {
                    told.push(HeldEntry { hold: hold.id, sequence: hold.id.0 });
                }
                Ok(told)
            }
            _ => self.inner.holding(filter, within).await,
        }
    }
}
