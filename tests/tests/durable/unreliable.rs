//! A store of durable subscriptions that fails when it is told to.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{StorageProblem, SubscriptionStoreError};
use domain::subscription::{DeadLetter, Lease, Progress, SubscriptionFailure, SubscriptionStatus};
use domain::{AppendError, Clock, Sequence, SubscriptionName, SubscriptionStore};
use indelible_tests::expect::soon;
use indelible_tests::fakes::panic_on_purpose;
use indelible_tests::scenario::{Outcome, TestApp, TestAppBuilder};
use infrastructure::clock::SystemClock;
use infrastructure::memory::InMemorySubscriptionStore;
use tokio::sync::watch;

/// A store whose methods fail as long as they are named, and that can be paused behind one's back.
#[derive(Clone)]
pub(crate) struct Unreliable {
    pub(crate) inner: Arc<InMemorySubscriptionStore>,
    failing: Arc<Mutex<BTreeSet<&'static str>>>,
    failed: Arc<watch::Sender<Vec<&'static str>>>,
    pub(crate) pauses_before_acquiring: Arc<Mutex<bool>>,
}

type Done<T = ()> = Result<T, SubscriptionStoreError>;

impl Unreliable {
    pub(crate) fn new() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        Self {
            inner: Arc::new(InMemorySubscriptionStore::new(clock)),
            failing: Arc::default(),
            failed: Arc::default(),
            pauses_before_acquiring: Arc::default(),
        }
    }

    pub(crate) fn fail(&self, methods: &[&'static str]) {
        *self.failing.lock().unwrap() = methods.iter().copied().collect();
    }

    /// Waits until a method has failed so often.
    pub(crate) async fn failed(&self, method: &'static str, times: usize) {
        let mut failed = self.failed.subscribe();
        let often = |all: &Vec<&str>| all.iter().filter(|it| **it == method).count() >= times;
        soon(method, failed.wait_for(often)).await.unwrap();
    }

    fn check(&self, method: &'static str) -> Done {
        if self.failing.lock().unwrap().contains(method) {
            self.failed.send_modify(|all| all.push(method));
            let problem: StorageProblem = Arc::new(std::io::Error::other("the disk is on fire"));
            return Err(AppendError::Storage(problem).into());
        }
        Ok(())
    }

    pub(crate) async fn started(&self) -> Outcome<TestApp> {
        self.builder().start().await
    }

    pub(crate) fn builder(&self) -> TestAppBuilder {
        let store = self.clone();
        TestApp::builder().with_override::<dyn SubscriptionStore>(move || Box::new(store.clone()))
    }
}

#[async_trait]
impl SubscriptionStore for Unreliable {
    async fn ensure(&self, name: &SubscriptionName, at: Sequence) -> Done<SubscriptionStatus> {
        self.inner.ensure(name, at).await
    }

    async fn find(&self, name: &SubscriptionName) -> Done<Option<SubscriptionStatus>> {
        self.check("find")?;
        self.inner.find(name).await
    }

    async fn all(&self) -> Done<Vec<SubscriptionStatus>> {
        self.inner.all().await
    }

    async fn acquire(
        &self,
        name: &SubscriptionName,
        owner: &str,
        ttl: Duration,
    ) -> Done<Option<Lease>> {
        if std::mem::take(&mut *self.pauses_before_acquiring.lock().unwrap()) {
            self.inner.pause(name).await?;
        }
        self.inner.acquire(name, owner, ttl).await
    }

    async fn renew(&self, lease: &Lease, ttl: Duration) -> Done<SubscriptionStatus> {
        self.check("renew")?;
        self.inner.renew(lease, ttl).await
    }

    async fn release(&self, lease: &Lease) -> Done {
        self.check("release")?;
        self.inner.release(lease).await
    }

    async fn advance(&self, lease: &Lease, progress: Progress) -> Done {
        if self.failing.lock().unwrap().contains("a panic") {
            panic_on_purpose("this store panics");
        }
        self.check("advance")?;
        self.inner.advance(lease, progress).await
    }

    async fn halt(&self, lease: &Lease, failure: SubscriptionFailure) -> Done {
        self.check("halt")?;
        self.inner.halt(lease, failure).await
    }

    async fn pause(&self, name: &SubscriptionName) -> Done {
        self.inner.pause(name).await
    }

    async fn resume(&self, name: &SubscriptionName) -> Done {
        self.inner.resume(name).await
    }

    async fn rewind(&self, name: &SubscriptionName, cursor: Sequence) -> Done {
        self.inner.rewind(name, cursor).await
    }

    async fn remove(&self, name: &SubscriptionName) -> Done {
        self.inner.remove(name).await
    }

    async fn dead_letters(&self, of: Option<&SubscriptionName>) -> Done<Vec<DeadLetter>> {
        self.check("dead_letters")?;
        self.inner.dead_letters(of).await
    }

    async fn retry(&self, name: &SubscriptionName, sequence: Sequence) -> Done {
        self.inner.retry(name, sequence).await
    }

    async fn discard(&self, name: &SubscriptionName, sequence: Sequence) -> Done {
        self.inner.discard(name, sequence).await
    }
}
