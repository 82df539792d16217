//! The store as a plain list: what every adapter's answers are compared with.
//!
//! Deliberately absent: storing anything, and choosing tokens. The model takes those that the store has
//! given, once it has seen that they ascend.

use chrono::{DateTime, TimeDelta, Utc};
use domain::Sequence;
use domain::ports::SubscriptionStoreError;
use domain::subscription::{
    DeadLetter, Lease, Progress, RetriedLetter, SubscriptionFailure, SubscriptionName,
    SubscriptionState, SubscriptionStatus,
};

/// Why nothing is done, without the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Unknown,
    NoDeadLetter,
    Fenced,
    Other,
}

impl From<SubscriptionStoreError> for Refusal {
    fn from(error: SubscriptionStoreError) -> Self {
        match error {
            SubscriptionStoreError::Unknown { .. } => Self::Unknown,
            SubscriptionStoreError::NoDeadLetter { .. } => Self::NoDeadLetter,
            SubscriptionStoreError::Fenced { .. } => Self::Fenced,
            _ => Self::Other,
        }
    }
}

/// Everything there is.
#[derive(Debug, Default)]
pub(super) struct Model {
    subscriptions: Vec<SubscriptionStatus>,
    letters: Vec<DeadLetter>,
}

type Outcome<T> = Result<T, Refusal>;

impl Model {
    pub(super) fn all(&self) -> Vec<SubscriptionStatus> {
        let mut all = self.subscriptions.clone();
        for one in &mut all {
            let letters = self.letters.iter().filter(|letter| letter.subscription == one.name);
            one.dead_letters = letters.count() as u64;
        }
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    pub(super) fn letters(&self) -> Vec<DeadLetter> {
        let mut letters = self.letters.clone();
        letters.sort_by_key(|letter| (letter.subscription.clone(), letter.sequence));
        letters
    }

    pub(super) fn find(&self, name: &SubscriptionName) -> Option<SubscriptionStatus> {
        self.all().into_iter().find(|one| one.name == *name)
    }

    fn one(&mut self, name: &SubscriptionName) -> Outcome<&mut SubscriptionStatus> {
        self.subscriptions.iter_mut().find(|one| one.name == *name).ok_or(Refusal::Unknown)
    }

    fn held(&mut self, lease: &Lease) -> Outcome<&mut SubscriptionStatus> {
        let good = |one: &&mut SubscriptionStatus| {
            one.name == lease.name && one.token == lease.token && one.holder.is_some()
        };
        self.subscriptions.iter_mut().find(good).ok_or(Refusal::Fenced)
    }

    pub(super) fn ensure(&mut self, name: &SubscriptionName, cursor: Sequence, now: DateTime<Utc>) {
        if self.one(name).is_err() {
            self.subscriptions.push(SubscriptionStatus {
                name: name.clone(),
                cursor,
                reach: cursor,
                state: SubscriptionState::Active,
                holder: None,
                token: 0,
                failure: None,
                dead_letters: 0,
                created_at: now,
            });
        }
    }

    /// Whether a lease should be given.
    pub(super) fn may_acquire(
        &mut self,
        name: &SubscriptionName,
        owner: &str,
        now: DateTime<Utc>,
    ) -> Outcome<bool> {
        Ok(match &self.one(name)?.holder {
            None => true,
            Some((holder, until)) => holder == owner || now >= *until,
        })
    }

    pub(super) fn acquired(
        &mut self,
        lease: &Lease,
        owner: &str,
        now: DateTime<Utc>,
        ttl: TimeDelta,
    ) {
        if let Ok(one) = self.one(&lease.name) {
            one.token = lease.token;
            one.holder = Some((owner.to_owned(), now + ttl));
        }
    }

    pub(super) fn renew(
        &mut self,
        lease: &Lease,
        now: DateTime<Utc>,
        ttl: TimeDelta,
    ) -> Outcome<Option<SubscriptionStatus>> {
        if let Some((_, until)) = &mut self.held(lease)?.holder {
            *until = now + ttl;
        }
        Ok(self.find(&lease.name))
    }

    pub(super) fn release(&mut self, lease: &Lease) {
        if let Ok(one) = self.held(lease) {
            one.holder = None;
        }
    }

    pub(super) fn advance(&mut self, lease: &Lease, progress: &Progress) -> Outcome<()> {
        let one = self.held(lease)?;
        one.cursor = one.cursor.max(progress.cursor);
        one.reach = one.reach.max(progress.reach).max(one.cursor);
        one.failure.clone_from(&progress.failure);
        let mut dead = Vec::new();
        for retried in &progress.retried {
            let asked_for = |letter: &DeadLetter| {
                letter.subscription == lease.name
                    && letter.sequence == retried.sequence()
                    && letter.retry_requested
            };
            let Some(place) = self.letters.iter().position(asked_for) else { continue };
            match retried {
                RetriedLetter::Handled(_) => drop(self.letters.remove(place)),
                RetriedLetter::Failed(letter) => {
                    self.letters[place].retry_requested = false;
                    dead.push(letter);
                }
            }
        }
        for new in dead.into_iter().chain(&progress.dead_letters) {
            let same = |letter: &DeadLetter| {
                letter.subscription == lease.name && letter.sequence == new.sequence
            };
            let earlier: u32 =
                self.letters.iter().filter(|one| same(one)).map(|one| one.attempts).sum();
            self.letters.retain(|one| !same(one));
            self.letters.push(DeadLetter {
                subscription: lease.name.clone(),
                sequence: new.sequence,
                attempts: earlier + new.attempts,
                errors: new.errors.clone(),
                failed_at: new.failed_at,
                retry_requested: false,
            });
        }
        self.letters.retain(|letter| {
            letter.subscription != lease.name || !progress.resolved.contains(&letter.sequence)
        });
        Ok(())
    }

    pub(super) fn halt(&mut self, lease: &Lease, failure: &SubscriptionFailure) -> Outcome<()> {
        let one = self.held(lease)?;
        one.state = SubscriptionState::Halted;
        one.failure = Some(failure.clone());
        one.holder = None;
        Ok(())
    }

    pub(super) fn pause(&mut self, name: &SubscriptionName) -> Outcome<()> {
        let one = self.one(name)?;
        one.state = SubscriptionState::Paused;
        one.holder = None;
        Ok(())
    }

    pub(super) fn resume(&mut self, name: &SubscriptionName) -> Outcome<()> {
        let one = self.one(name)?;
        one.state = SubscriptionState::Active;
        one.failure = None;
        Ok(())
    }

    pub(super) fn rewind(&mut self, name: &SubscriptionName, cursor: Sequence) -> Outcome<()> {
        let one = self.one(name)?;
        one.cursor = cursor;
        one.reach = one.reach.max(cursor);
        one.holder = None;
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &SubscriptionName) -> Outcome<()> {
        self.one(name)?;
        self.subscriptions.retain(|one| one.name != *name);
        self.letters.retain(|letter| letter.subscription != *name);
        Ok(())
    }

    fn letter(&mut self, name: &SubscriptionName, sequence: Sequence) -> Outcome<usize> {
        self.one(name)?;
        let this = |one: &DeadLetter| one.subscription == *name && one.sequence == sequence;
        self.letters.iter().position(this).ok_or(Refusal::NoDeadLetter)
    }

    pub(super) fn retry(&mut self, name: &SubscriptionName, sequence: Sequence) -> Outcome<()> {
        let place = self.letter(name, sequence)?;
        self.letters[place].retry_requested = true;
        Ok(())
    }

    pub(super) fn discard(&mut self, name: &SubscriptionName, sequence: Sequence) -> Outcome<()> {
        let place = self.letter(name, sequence)?;
        self.letters.remove(place);
        Ok(())
    }
}
