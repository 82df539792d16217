//! Promises as values: each has a name, a sentence, and a trial, so that one can be tried alone,
//! and a failure says which one is broken.
//!
//! Deliberately absent: anything about a certain port, and a test harness of its own. A suite is
//! called from an ordinary test.

use std::fmt::{self, Write as _};
use std::time::Duration;

use futures::future::BoxFuture;

use super::cases;
use super::panics::caught;
use crate::expect::PATIENCE;

/// After so many broken promises the rest is not tried: where all are broken, trying them takes
/// minutes and says no more.
const ENOUGH: usize = 5;

/// How a promise is tried: a future that panics when it does not hold.
pub type Trial<S> = for<'a> fn(&'a S) -> BoxFuture<'a, Tried>;

/// What came of a trial in which nothing was seen broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// The promise was tried, and holds.
    Holds,
    /// The promise was not tried at all; why, and how it can be.
    Not(&'static str),
}

/// A trial that comes to its end has tried what it is for.
impl From<()> for Tried {
    fn from((): ()) -> Self {
        Self::Holds
    }
}

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

    /// Tries the promise on an adapter; with patience for a slow machine. Says so where the maker
    /// cannot do what it takes to try it.
    ///
    /// # Errors
    /// When it does not hold, or what must happen does not.
    pub async fn try_on(&self, subject: &S) -> Result<Tried, Broken> {
        // Who asks for more cases than usual has the time.
        let more = cases::told().map_or(1, |cases| 1 + cases / 64);
        self.try_within(PATIENCE * more, subject).await
    }

    /// Tries the promise, and takes it for broken when the trial takes longer than this.
    ///
    /// # Errors
    /// When it does not hold, or what must happen does not.
    pub async fn try_within(&self, patience: Duration, subject: &S) -> Result<Tried, Broken> {
        let trial = tokio::time::timeout(patience, caught((self.trial)(subject)));
        let outcome = trial.await;
        let in_vain = outcome.is_err();
        let how = match outcome {
            Ok(Ok(tried)) => return Ok(tried),
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
    excused: Vec<&'static str>,
}

/// What came of a suite that an adapter passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The port.
    pub port: &'static str,
    /// The promises that were tried, each of which holds.
    pub kept: Vec<&'static str>,
    /// The promises that were left out by name.
    pub excused: Vec<&'static str>,
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} promises of {} were tried and hold", self.kept.len(), self.port)?;
        if !self.excused.is_empty() {
            write!(f, "; left out, and not tried: {}", self.excused.join(", "))?;
        }
        Ok(())
    }
}

impl<S: ?Sized> Suite<S> {
    /// The promises of a port, in the order in which they should be tried.
    #[must_use]
    pub fn new(port: &'static str, promises: Vec<Promise<S>>) -> Self {
        Self { port, promises, excused: Vec::new() }
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
    /// a fake. What is left out is named by whoever [holds](Self::hold) the rest.
    ///
    /// # Panics
    /// When there is no such promise.
    #[must_use]
    pub fn except(mut self, names: &[&str]) -> Self {
        for name in names {
            let excused = self.promise(name).name;
            self.excused.push(excused);
        }
        self.promises.retain(|promise| !names.contains(&promise.name));
        self
    }

    /// Tries every promise in turn. Prints, and returns, which hold and which were left out.
    ///
    /// # Panics
    /// When some do not hold: with the name of each, what it says, and what was seen instead. And
    /// when some could not be tried, unless they are left out by name: a promise that nobody has
    /// tried is none that is kept.
    #[allow(clippy::print_stdout, reason = "whoever runs the suite wants to know what it tried")]
    pub async fn hold(&self, subject: &S) -> Held {
        let (mut kept, mut untried, mut broken) = (Vec::new(), Vec::new(), Vec::new());
        for promise in &self.promises {
            match promise.try_on(subject).await {
                Ok(Tried::Holds) => kept.push(promise.name),
                Ok(Tried::Not(why)) => untried.push((promise.name, why)),
                Err(how) => broken.push(how),
            }
            if broken.len() == ENOUGH {
                break;
            }
        }
        let tried = kept.len() + untried.len() + broken.len();
        assert!(broken.is_empty(), "{}", self.report(tried, &broken));
        assert!(untried.is_empty(), "{}", self.not_tried(&untried));
        let held = Held { port: self.port, kept, excused: self.excused.clone() };
        println!("{held}");
        held
    }

    fn not_tried(&self, untried: &[(&str, &str)]) -> String {
        let mut text = format!("these promises of {} were not tried:\n", self.port);
        for (name, why) in untried {
            // Writing to a string cannot fail.
            let _ = write!(text, "\n  `{name}`\n    {why}\n");
        }
        let names: Vec<_> = untried.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let names = names.join(", ");
        text + &format!(
            "\nWhere the adapter makes no such promise, say so: \
             `suite().except(&[{names}]).hold(&maker).await`."
        )
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
            |subject| Box::pin(async move { $part::$name(subject).await.into() }),
        )),+]
    };
    ($subject:ident => $make:expr; $($(#[doc = $says:literal])+ $part:ident :: $name:ident),+ $(,)?) => {
        vec![$($crate::contract::promise::Promise::new(
            stringify!($name),
            concat!($($says),+),
            |$subject| Box::pin(async move { $part::$name($make).await.into() }),
        )),+]
    };
}
pub(crate) use promises;
