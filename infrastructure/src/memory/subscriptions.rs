//! Durable subscriptions in memory: as durable as the process.
//!
//! Deliberately absent: effects. There is no database to change anything in, and it is refused to act
//! as if there were.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::SubscriptionStoreError;
use domain::subscription::{
    DeadLetter, Lease, NewDeadLetter, Progress, RetriedLetter, SubscriptionFailure,
    SubscriptionName, SubscriptionState, SubscriptionStatus,
};
use domain::{Clock, Sequence, SubscriptionStore};
use shaku::{Component, HasComponent, Module, ModuleBuildContext};

use crate::moment;

/// Durable subscriptions in memory. See [`domain::ports`] for what it promises; effects it refuses.
pub struct InMemorySubscriptionStore {
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
}

impl InMemorySubscriptionStore {
    /// A store without subscriptions; leases run out by `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing that can panic runs while it is half changed.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Outcome<T> = Result<T, SubscriptionStoreError>;

#[derive(Default)]
struct Kept {
    /// The number of dead letters in these is not kept up: see [`Kept::told`].
    subscriptions: BTreeMap<SubscriptionName, SubscriptionStatus>,
    letters: BTreeMap<(SubscriptionName, Sequence), DeadLetter>,
    last_token: u64,
}

impl Kept {
    fn named(&mut self, name: &SubscriptionName) -> Outcome<&mut SubscriptionStatus> {
        let unknown = || SubscriptionStoreError::Unknown { name: name.clone() };
        self.subscriptions.get_mut(name).ok_or_else(unknown)
    }

    /// The subscription of a lease that is the newest, and was neither given back nor taken away.
    fn leased(&mut self, lease: &Lease) -> Outcome<&mut SubscriptionStatus> {
        let good = |status: &&mut SubscriptionStatus| {
            status.token == lease.token && status.holder.is_some()
        };
        let fenced = || SubscriptionStoreError::Fenced { name: lease.name.clone() };
        self.subscriptions.get_mut(&lease.name).filter(good).ok_or_else(fenced)
    }

    fn letter(&mut self, name: &SubscriptionName, sequence: Sequence) -> Outcome<LetterEntry<'_>> {
        self.named(name)?;
        match self.letters.entry((name.clone(), sequence)) {
            Entry::Occupied(letter) => Ok(letter),
            Entry::Vacant(_) => {
                Err(SubscriptionStoreError::NoDeadLetter { name: name.clone(), sequence })
            }
        }
    }

    fn is_asked_for(&self, name: &SubscriptionName, sequence: Sequence) -> bool {
        self.letters.get(&(name.clone(), sequence)).is_some_and(|letter| letter.retry_requested)
    }

    fn note(&mut self, name: &SubscriptionName, new: NewDeadLetter) {
        let NewDeadLetter { sequence, attempts, errors, failed_at } = new;
        let before = self.letters.get(&(name.clone(), sequence));
        let letter = DeadLetter {
            subscription: name.clone(),
            sequence,
            attempts: before.map_or(0, |letter| letter.attempts).saturating_add(attempts),
            errors,
            failed_at,
            retry_requested: false,
        };
        self.letters.insert((name.clone(), sequence), letter);
    }

    /// A subscription as it is told to others.
    fn told(&self, status: &SubscriptionStatus) -> SubscriptionStatus {
        let letters = self.letters.keys().filter(|(name, _)| *name == status.name).count();
        SubscriptionStatus { dead_letters: letters as u64, ..status.clone() }
    }
}

type LetterEntry<'kept> =
    std::collections::btree_map::OccupiedEntry<'kept, (SubscriptionName, Sequence), DeadLetter>;

#[async_trait]
impl SubscriptionStore for InMemorySubscriptionStore {
    async fn ensure(
        &self,
        name: &SubscriptionName,
        cursor: Sequence,
    ) -> Outcome<SubscriptionStatus> {
        let now = self.clock.now();
        let mut kept = self.kept();
        let new = || SubscriptionStatus {
            name: name.clone(),
            cursor,
            reach: cursor,
            state: SubscriptionState::Active,
            holder: None,
            token: 0,
            failure: None,
            dead_letters: 0,
            created_at: now,
        };
        let status = kept.subscriptions.entry(name.clone()).or_insert_with(new).clone();
        Ok(kept.told(&status))
    }

    async fn find(&self, name: &SubscriptionName) -> Outcome<Option<SubscriptionStatus>> {
        let kept = self.kept();
        Ok(kept.subscriptions.get(name).map(|status| kept.told(status)))
    }

    async fn all(&self) -> Outcome<Vec<SubscriptionStatus>> {
        let kept = self.kept();
        Ok(kept.subscriptions.values().map(|status| kept.told(status)).collect())
    }

    async fn acquire(
        &self,
        name: &SubscriptionName,
        owner: &str,
        ttl: Duration,
    ) -> Outcome<Option<Lease>> {
        let now = self.clock.now();
        let mut kept = self.kept();
        let token = kept.last_token + 1;
        let status = kept.named(name)?;
        let held = |(holder, until): &(String, _)| holder != owner && now < *until;
        if status.holder.as_ref().is_some_and(held) {
            return Ok(None);
        }
        status.token = token;
        status.holder = Some((owner.to_owned(), moment::later(now, ttl)));
        kept.last_token = token;
        Ok(Some(Lease { name: name.clone(), token }))
    }

    async fn renew(&self, lease: &Lease, ttl: Duration) -> Outcome<SubscriptionStatus> {
        let until = moment::later(self.clock.now(), ttl);
        let mut kept = self.kept();
        let status = kept.leased(lease)?;
        if let Some((_, end)) = &mut status.holder {
            *end = until;
        }
        let status = status.clone();
        Ok(kept.told(&status))
    }

    async fn release(&self, lease: &Lease) -> Outcome<()> {
        if let Ok(status) = self.kept().leased(lease) {
            status.holder = None;
        }
        Ok(())
    }

    async fn advance(&self, lease: &Lease, progress: Progress) -> Outcome<()> {
        let mut kept = self.kept();
        kept.leased(lease)?;
        let counts = |one: &&RetriedLetter| kept.is_asked_for(&lease.name, one.sequence());
        let of_retried = progress.retried.iter().filter(counts).filter_map(|one| match one {
            RetriedLetter::Handled(event) => Some(event),
            RetriedLetter::Failed(_) => None,
        });
        if progress.effects.iter().chain(of_retried).any(|event| !event.effects.is_empty()) {
            return Err(SubscriptionStoreError::NoEffects);
        }
        for one in progress.retried {
            if !kept.is_asked_for(&lease.name, one.sequence()) {
                continue;
            }
            match one {
                RetriedLetter::Handled(event) => {
                    kept.letters.remove(&(lease.name.clone(), event.sequence));
                }
                RetriedLetter::Failed(letter) => kept.note(&lease.name, letter),
            }
        }
        let status = kept.leased(lease)?;
        status.cursor = status.cursor.max(progress.cursor);
        status.reach = status.reach.max(progress.reach).max(progress.cursor);
        status.failure = progress.failure;
        for letter in progress.dead_letters {
            kept.note(&lease.name, letter);
        }
        for sequence in progress.resolved {
            kept.letters.remove(&(lease.name.clone(), sequence));
        }
        Ok(())
    }

    async fn halt(&self, lease: &Lease, failure: SubscriptionFailure) -> Outcome<()> {
        let mut kept = self.kept();
        let status = kept.leased(lease)?;
        status.state = SubscriptionState::Halted;
        status.failure = Some(failure);
        status.holder = None;
        Ok(())
    }

    async fn pause(&self, name: &SubscriptionName) -> Outcome<()> {
        let mut kept = self.kept();
        let status = kept.named(name)?;
        status.state = SubscriptionState::Paused;
        status.holder = None;
        Ok(())
    }

    async fn resume(&self, name: &SubscriptionName) -> Outcome<()> {
        let mut kept = self.kept();
        let status = kept.named(name)?;
        status.state = SubscriptionState::Active;
        status.failure = None;
        Ok(())
    }

    async fn rewind(&self, name: &SubscriptionName, cursor: Sequence) -> Outcome<()> {
        let mut kept = self.kept();
        let status = kept.named(name)?;
        status.cursor = cursor;
        status.reach = status.reach.max(cursor);
        status.holder = None;
        Ok(())
    }

    async fn remove(&self, name: &SubscriptionName) -> Outcome<()> {
        let mut kept = self.kept();
        kept.named(name)?;
        kept.subscriptions.remove(name);
        kept.letters.retain(|(subscription, _), _| subscription != name);
        Ok(())
    }

    async fn dead_letters(&self, of: Option<&SubscriptionName>) -> Outcome<Vec<DeadLetter>> {
        let kept = self.kept();
        let wanted = |letter: &&DeadLetter| of.is_none_or(|name| letter.subscription == *name);
        Ok(kept.letters.values().filter(wanted).cloned().collect())
    }

    async fn retry(&self, name: &SubscriptionName, sequence: Sequence) -> Outcome<()> {
        self.kept().letter(name, sequence)?.get_mut().retry_requested = true;
        Ok(())
    }

    async fn discard(&self, name: &SubscriptionName, sequence: Sequence) -> Outcome<()> {
        self.kept().letter(name, sequence)?.remove();
        Ok(())
    }
}

impl<M: Module + HasComponent<dyn Clock>> Component<M> for InMemorySubscriptionStore {
    type Interface = dyn SubscriptionStore;
    type Parameters = ();

    fn build(context: &mut ModuleBuildContext<M>, (): ()) -> Box<Self::Interface> {
        Box::new(Self::new(M::build_component(context)))
    }
}
