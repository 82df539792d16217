//! A store that behaves like the one it wraps, but for one flaw.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::SubscriptionStoreError;
use domain::subscription::{
    DeadLetter, Lease, Progress, RetriedLetter, SubscriptionFailure, SubscriptionName,
    SubscriptionStatus,
};
use domain::{Clock, Sequence, SubscriptionStore};
use indelible_tests::fakes::ManualClock;
use infrastructure::seaorm::SeaOrmSubscriptionStore;

use super::Flaw;

pub(super) struct Flawed {
    inner: Arc<SeaOrmSubscriptionStore>,
    file: PathBuf,
    clock: Arc<ManualClock>,
    flaw: Flaw,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    rewound: HashSet<SubscriptionName>,
    kept: Vec<DeadLetter>,
    newest: u64,
    /// What is taken off each token.
    less: u64,
    seen: HashMap<SubscriptionName, SubscriptionStatus>,
}

type Outcome<T> = Result<T, SubscriptionStoreError>;

impl Flawed {
    pub(super) fn over(
        inner: Arc<SeaOrmSubscriptionStore>,
        file: PathBuf,
        clock: Arc<ManualClock>,
        flaw: Flaw,
    ) -> Self {
        Self { inner, file, clock, flaw, state: Mutex::default() }
    }

    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn raw(&self, sql: &str, values: impl rusqlite::Params) {
        let connection = rusqlite::Connection::open(&self.file).unwrap();
        connection.execute(sql, values).unwrap();
    }

    async fn status(&self, name: &SubscriptionName) -> Option<SubscriptionStatus> {
        self.inner.find(name).await.unwrap()
    }

    /// The newest lease on a subscription, whoever holds it.
    async fn newest(&self, name: &SubscriptionName) -> Lease {
        let token = self.status(name).await.map_or(0, |status| status.token);
        Lease { name: name.clone(), token }
    }

    /// A lease although another owner's lasts: in that one's name.
    async fn force(&self, name: &SubscriptionName, ttl: Duration) -> Outcome<Option<Lease>> {
        let holder = self.status(name).await.and_then(|status| status.holder);
        let (holder, _) = holder.unwrap();
        self.inner.acquire(name, &holder, ttl).await
    }

    /// The lease as the store under this one knows it.
    async fn known(&self, lease: &Lease) -> Outcome<Lease> {
        let mut known = lease.clone();
        match self.flaw {
            Flaw::TrustsAnyLease => return Ok(self.newest(&lease.name).await),
            Flaw::CountsAnewAfterARemoval => known.token += self.state().less,
            Flaw::FencesTheExpired => {
                let holder = self.status(&lease.name).await.and_then(|status| status.holder);
                if holder.is_some_and(|(_, until)| until <= self.clock.now()) {
                    return Err(SubscriptionStoreError::Fenced { name: lease.name.clone() });
                }
            }
            Flaw::TrustsWhatWasGivenBack => {
                let status = self.status(&lease.name).await;
                if status.is_some_and(|one| one.token == lease.token && one.holder.is_none()) {
                    let again = self.inner.acquire(&lease.name, "nobody", Duration::ZERO).await?;
                    return Ok(again.unwrap());
                }
            }
            _ => {}
        }
        Ok(known)
    }

    fn shown(&self, mut status: SubscriptionStatus) -> SubscriptionStatus {
        if self.is(Flaw::RewindsTheReach) && self.state().rewound.contains(&status.name) {
            status.reach = status.cursor;
        }
        status
    }
}

#[async_trait]
impl SubscriptionStore for Flawed {
    async fn ensure(
        &self,
        name: &SubscriptionName,
        cursor: Sequence,
    ) -> Outcome<SubscriptionStatus> {
        match self.flaw {
            Flaw::BeginsAtNought => return self.inner.ensure(name, Sequence(0)).await,
            Flaw::EnsuresAnew if self.status(name).await.is_some() => {
                self.inner.rewind(name, cursor).await?;
            }
            _ => {}
        }
        Ok(self.shown(self.inner.ensure(name, cursor).await?))
    }

    async fn find(&self, name: &SubscriptionName) -> Outcome<Option<SubscriptionStatus>> {
        let found = self.inner.find(name).await?.map(|status| self.shown(status));
        if self.is(Flaw::RemembersWhatItSaw)
            && let Some(found) = &found
        {
            let first = self.state().seen.entry(name.clone()).or_insert(found.clone()).clone();
            return Ok(Some(first));
        }
        Ok(found)
    }

    async fn all(&self) -> Outcome<Vec<SubscriptionStatus>> {
        let mut all = self.inner.all().await?;
        if self.is(Flaw::ListsBackwards) {
            all.reverse();
        }
        Ok(all.into_iter().map(|status| self.shown(status)).collect())
    }

    async fn acquire(
        &self,
        name: &SubscriptionName,
        owner: &str,
        ttl: Duration,
    ) -> Outcome<Option<Lease>> {
        let holder = self.status(name).await.and_then(|status| status.holder);
        match (self.flaw, &holder) {
            (Flaw::LendsForEver, Some((holder, _))) if holder != owner => return Ok(None),
            (Flaw::GivesItsOwnerTheSame, Some((holder, _))) if holder == owner => {
                let lease = self.newest(name).await;
                self.inner.renew(&lease, ttl).await?;
                return Ok(Some(lease));
            }
            (Flaw::LooksBeforeItLends, Some((_, until))) if *until > self.clock.now() => {
                return Ok(None);
            }
            (Flaw::LooksBeforeItLends, _) => tokio::task::yield_now().await,
            _ => {}
        }
        let mut lease = self.inner.acquire(name, owner, ttl).await?;
        if lease.is_none() && matches!(self.flaw, Flaw::LendsTwice | Flaw::LooksBeforeItLends) {
            lease = self.force(name, ttl).await?;
        }
        if let Some(lease) = &mut lease {
            let mut state = self.state();
            state.newest = lease.token;
            lease.token -= state.less;
        }
        Ok(lease)
    }

    async fn renew(&self, lease: &Lease, ttl: Duration) -> Outcome<SubscriptionStatus> {
        let lease = self.known(lease).await?;
        let holder = self.status(&lease.name).await.and_then(|status| status.holder);
        let mut ttl = ttl;
        if self.is(Flaw::AddsToTheEnd)
            && let Some((_, until)) = holder
        {
            let left = (until - self.clock.now()).to_std().unwrap_or_default();
            ttl = ttl.saturating_add(left);
        }
        Ok(self.shown(self.inner.renew(&lease, ttl).await?))
    }

    async fn release(&self, lease: &Lease) -> Outcome<()> {
        match self.flaw {
            Flaw::ReleasesNothing => Ok(()),
            Flaw::ReleasesWhoever => {
                let newest = self.newest(&lease.name).await;
                self.inner.release(&newest).await
            }
            Flaw::CountsAnewAfterARemoval => {
                let known = self.known(lease).await?;
                self.inner.release(&known).await
            }
            _ => self.inner.release(lease).await,
        }
    }

    async fn advance(&self, lease: &Lease, progress: Progress) -> Outcome<()> {
        let lease = self.known(lease).await?;
        let mut progress = progress;
        match self.flaw {
            Flaw::RemembersFailures => {
                let before = self.status(&lease.name).await.and_then(|status| status.failure);
                progress.failure = progress.failure.or(before);
            }
            Flaw::CountsAttemptsAnew => {
                for letter in &progress.dead_letters {
                    let _ = self.inner.discard(&lease.name, letter.sequence).await;
                }
            }
            Flaw::KeepsWhatIsResolved => progress.resolved.clear(),
            Flaw::CountsEveryRetry => {
                for retried in std::mem::take(&mut progress.retried) {
                    match retried {
                        RetriedLetter::Handled(event) => {
                            progress.resolved.push(event.sequence);
                            progress.effects.push(event);
                        }
                        RetriedLetter::Failed(letter) => progress.dead_letters.push(letter),
                    }
                }
            }
            Flaw::DropsRetries => progress.retried.clear(),
            Flaw::DropsEffects => progress.effects.clear(),
            Flaw::MovesBeforeItChanges => {
                let moved = Progress { cursor: progress.cursor, ..Progress::default() };
                self.inner.advance(&lease, moved).await?;
            }
            _ => {}
        }
        let told = self.inner.advance(&lease, progress.clone()).await;
        match (self.flaw, &told) {
            (Flaw::GoesBack, Ok(())) => self.raw(
                "UPDATE audit_subscription SET cursor = ? WHERE name = ?",
                (progress.cursor.0.cast_signed(), lease.name.as_str()),
            ),
            (Flaw::NotesLettersFirst, Err(_)) => {
                let dead_letters = progress.dead_letters;
                let letters = Progress { dead_letters, ..Progress::default() };
                let newest = self.newest(&lease.name).await;
                self.inner.advance(&newest, letters).await?;
            }
            (Flaw::ChangesBeforeItAsks | Flaw::KeepsEarlierEffects, Err(_)) => {
                let effects = progress.effects.into_iter().take(1).collect();
                let earlier = Progress { effects, ..Progress::default() };
                let newest = self.newest(&lease.name).await;
                self.inner.advance(&newest, earlier).await?;
            }
            _ => {}
        }
        told
    }

    async fn halt(&self, lease: &Lease, failure: SubscriptionFailure) -> Outcome<()> {
        let lease = self.known(lease).await?;
        let mut failure = failure;
        if self.is(Flaw::HaltsWithoutAWord) {
            failure.errors.clear();
        }
        self.inner.halt(&lease, failure).await
    }

    async fn pause(&self, name: &SubscriptionName) -> Outcome<()> {
        let told = self.inner.pause(name).await;
        if self.is(Flaw::PausesNobody) { Ok(()) } else { told }
    }

    async fn resume(&self, name: &SubscriptionName) -> Outcome<()> {
        if self.is(Flaw::ResumesInNameOnly) {
            return Ok(());
        }
        self.inner.resume(name).await
    }

    async fn rewind(&self, name: &SubscriptionName, cursor: Sequence) -> Outcome<()> {
        self.state().rewound.insert(name.clone());
        self.inner.rewind(name, cursor).await
    }

    async fn remove(&self, name: &SubscriptionName) -> Outcome<()> {
        let letters = self.inner.dead_letters(Some(name)).await?;
        self.inner.remove(name).await?;
        let mut state = self.state();
        if self.is(Flaw::KeepsLettersOfWhatIsGone) {
            state.kept.extend(letters);
        }
        if self.is(Flaw::CountsAnewAfterARemoval) {
            state.less = state.newest;
        }
        Ok(())
    }

    async fn dead_letters(&self, of: Option<&SubscriptionName>) -> Outcome<Vec<DeadLetter>> {
        let of = of.filter(|_| !self.is(Flaw::ListsLettersOfAll));
        let mut letters = self.inner.dead_letters(of).await?;
        letters.extend(self.state().kept.clone());
        if self.is(Flaw::ListsLettersByPlace) {
            letters.sort_by_key(|letter| letter.sequence);
        }
        Ok(letters)
    }

    async fn retry(&self, name: &SubscriptionName, sequence: Sequence) -> Outcome<()> {
        self.inner.retry(name, sequence).await?;
        if self.is(Flaw::MarksNothing) {
            self.raw("UPDATE audit_dead_letter SET retry_requested = 0", ());
        }
        Ok(())
    }

    async fn discard(&self, name: &SubscriptionName, sequence: Sequence) -> Outcome<()> {
        self.inner.discard(name, sequence).await
    }
}
