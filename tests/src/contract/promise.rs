//! Promises as values: each has a name, a sentence, and a trial, so that one can be tried alone,
//! and a failure says which one is broken.
//!
//! Deliberately absent: anything about a certain port, and a test harness of its own. A suite is
//! called from an ordinary test.

use std::fmt::Write as _;
use std::time::Duration;

use futures::future::BoxFuture;

use super::cases;
use super::panics::caught;
use crate::expect::PATIENCE;

/// After so many broken promises the rest is not tried: where all are broken, trying them takes
/// minutes and says no more.
const ENOUGH: usize = 5;

/// How a promise is tried: a future that panics when it does not hold.
pub type Trial<S> = for<'a> fn(&'a S) -> BoxFuture<'a, ()>;

/// One thing that a port promises.
///
/// `S` is what it is tried on: whatever makes adapters, such as
/// [`dyn AuditLogMaker`](super::audit_log::AuditLogMaker). Every trial makes its own adapter.
pub struct Promise<S: ?Sized + 'static> {
    name: &'static str,
    says: &'static str,
    trial: Trial<S>,
}

impl<S: ?Sized> Clone for Promise<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: ?Sized> Copy for Promise<S> {}

/// A promise that an adapter does not keep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{promise}` is broken\n    the promise: {says}\n    what happened: {how}")]
pub struct Broken {
    /// The promise's name.
    pub promise: &'static str,
    /// The promise, as a sentence.
    pub says: &'static str,
    /// What was seen instead, and where in the suite.
    pub how: String,
    /// Whether nothing was seen, and the trial was given up.
    pub in_vain: bool,
}

impl<S: ?Sized> Promise<S> {
    /// A promise with its name, its sentence, and how it is tried.
    #[must_use]
    pub fn new(name: &'static str, says: &'static str, trial: Trial<S>) -> Self {
        Self { name, says: says.trim(), trial }
    }

    /// The name, by which it is found in its suite.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The promise, as a sentence.
    #[must_use]
    pub fn says(&self) -> &'static str {
        self.says
    }

    /// Tries the promise on an adapter; with patience for a slow machine.
    ///
    /// # Errors
    /// When it does not hold, or what must happen does not.
    pub async fn try_on(&self, subject: &S) -> Result<(), Broken> {
        // Who asks for more cases than usual has the time.
        let more = cases::told().map_or(1, |cases| 1 + cases / 64);
        self.try_within(PATIENCE * more, subject).await
    }

    /// Tries the promise, and takes it for broken when the trial takes longer than this.
    ///
    /// # Errors
    /// When it does not hold, or what must happen does not.
    pub async fn try_within(&self, patience: Duration, subject: &S) -> Result<(), Broken> {
        let trial = tokio::time::timeout(patience, caught((self.trial)(subject)));
        let outcome = trial.await;
        let in_vain = outcome.is_err();
        let how = match outcome {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(how)) => how,
            Err(_) => format!(
                "it was not over within {patience:?}: the trial waits for something that the \
                 adapter never does, such as an event it must hand on"
            ),
        };
        Err(Broken { promise: self.name, says: self.says, how, in_vain })
    }
}

/// Everything that a port promises.
#[derive(Clone)]
pub struct Suite<S: ?Sized + 'static> {
    port: &'static str,
    promises: Vec<Promise<S>>,
}

impl<S: ?Sized> Suite<S> {
    /// The promises of a port, in the order in which they should be tried.
    #[must_use]
    pub fn new(port: &'static str, promises: Vec<Promise<S>>) -> Self {
        Self { port, promises }
    }

    /// The promises, in the order in which they are tried.
    #[must_use]
    pub fn promises(&self) -> &[Promise<S>] {
        &self.promises
    }

    /// The promise of this name.
    ///
    /// # Panics
    /// When there is none; those there are are listed.
    #[must_use]
    pub fn promise(&self, name: &str) -> &Promise<S> {
        let Some(promise) = self.promises.iter().find(|promise| promise.name == name) else {
            let names: Vec<_> = self.promises.iter().map(Promise::name).collect();
            panic!("{} has no promise `{name}`: name one of {}", self.port, names.join(", "))
        };
        promise
    }

    /// The suite without some promises, for an adapter that cannot keep them and says so, such as
    /// a fake.
    ///
    /// # Panics
    /// When there is no such promise.
    #[must_use]
    pub fn except(mut self, names: &[&str]) -> Self {
        for name in names {
            let _ = self.promise(name);
        }
        self.promises.retain(|promise| !names.contains(&promise.name));
        self
    }

    /// Tries every promise in turn, and tells how many hold.
    ///
    /// # Panics
    /// When some do not: with the name of each, what it says, and what was seen instead.
    pub async fn hold(&self, subject: &S) -> usize {
        let mut broken = Vec::new();
        let mut tried = 0;
        for promise in &self.promises {
            tried += 1;
            broken.extend(promise.try_on(subject).await.err());
            if broken.len() == ENOUGH {
                break;
            }
        }
        assert!(broken.is_empty(), "{}", self.report(tried, &broken));
        tried
    }

    fn report(&self, tried: usize, broken: &[Broken]) -> String {
        let (port, all) = (self.port, self.promises.len());
        let mut text =
            format!("this adapter breaks {} of the {all} promises of {port}:\n", broken.len());
        for broken in broken {
            // Writing to a string cannot fail.
            let _ = write!(text, "\n  {broken}\n");
        }
        if tried < all {
            let _ = write!(text, "\n  The {} that follow were not tried.\n", all - tried);
        }
        text + "\nTo try one alone: `suite().promise(\"its name\").try_on(&maker).await`."
    }
}

/// A list of promises: a sentence and the path of the trial for each. The first form hands the
/// subject to the trial, the second what an expression makes of the subject.
macro_rules! promises {
    ($($(#[doc = $says:literal])+ $part:ident :: $name:ident),+ $(,)?) => {
        vec![$($crate::contract::promise::Promise::new(
            stringify!($name),
            concat!($($says),+),
            |subject| Box::pin($part::$name(subject)),
        )),+]
    };
    ($subject:ident => $make:expr; $($(#[doc = $says:literal])+ $part:ident :: $name:ident),+ $(,)?) => {
        vec![$($crate::contract::promise::Promise::new(
            stringify!($name),
            concat!($($says),+),
            |$subject| Box::pin(async move { $part::$name($make).await }),
        )),+]
    };
}
pub(crate) use promises;
