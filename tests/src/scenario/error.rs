//! Why a scenario does not go on.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use application::cloud_events::{InvalidEvent, ReadError};
use application::delivery::ManageError;
use chrono::{DateTime, Utc};
use domain::ports::SubscriptionStoreError;
use domain::{EmitError, QueryError};
use indelible::{StartError, SubscribeError};

use crate::expect::chain;

/// What a test returns that is a scenario.
pub type Outcome<T = ()> = Result<T, ScenarioError>;

/// Why a scenario does not go on. Where an expectation was not met, the message holds the timeline.
///
/// Its `Debug` form is its message with all causes, since that is what a failing test prints.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// The application does not start.
    #[error("the application under test does not start")]
    Start(#[from] StartError),
    /// There is no place for its file.
    #[error("the scenario has no folder to keep its file in: is there room for temporary files?")]
    Folder(#[source] std::io::Error),
    /// An event was refused.
    #[error("an event of the scenario was refused")]
    Emit(#[from] EmitError),
    /// The record cannot be read.
    #[error("the record cannot be read")]
    Query(#[from] QueryError),
    /// A durable subscription is not run.
    #[error("a durable subscription of the scenario is not run")]
    Subscribe(#[from] SubscribeError),
    /// The durable subscriptions cannot be looked at.
    #[error("the durable subscriptions cannot be looked at")]
    Subscriptions(#[from] SubscriptionStoreError),
    /// Something could not be done to a durable subscription.
    #[error("something could not be done to a durable subscription")]
    Manage(#[from] ManageError),
    /// There is no such file.
    #[error("the history cannot be read from {}", .file.display())]
    HistoryFile {
        /// The file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The history cannot be read on.
    #[error("the history cannot be read")]
    History(#[from] ReadError),
    /// The history holds what is no event of the catalogue.
    #[error("line {line} of the history is no event of the scenario's catalogue")]
    HistoryEvent {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        #[source]
        source: InvalidEvent,
    },
    /// A history goes back in time, or is later than the scenario.
    #[error("the history goes from {latest} back to {when}: what is on record never does")]
    HistoryOrder {
        /// Where it goes.
        when: DateTime<Utc>,
        /// Where it was.
        latest: DateTime<Utc>,
    },
    /// A history with times, and a clock that cannot be set.
    #[error(
        "the history says when it was recorded, and the clock is overridden: leave the clock to \
         the scenario, which `.at(moment)` has stand still"
    )]
    HistoryClock,
    /// Something is still under way.
    #[error(
        "the application is not at rest within {patience:?}: {under_way}. Has a handler been left \
         waiting, or does one emit without end? `with_patience` waits longer.\n\n{timeline}"
    )]
    NotSettled {
        /// How long it was waited for.
        patience: Duration,
        /// What is known to be under way.
        under_way: String,
        /// The scenario so far.
        timeline: String,
    },
    /// An expectation was not met.
    #[error("expected {expected}, found {found}.\n{because}\n\n{timeline}")]
    Unmet {
        /// What was expected.
        expected: String,
        /// How much of that there is.
        found: String,
        /// Which edge is missing from the event to the subscriber to the row.
        because: String,
        /// The scenario so far.
        timeline: String,
    },
    /// The child process did not do what it was to be killed in.
    #[error(
        "the child process ended after {acknowledged} acknowledged events, before it was killed: \
         `{child}` must be a test of this executable, by its full path, that starts with \
         `start_in_child` and emits until it is killed. It said:\n{said}"
    )]
    Child {
        /// The test that is the child.
        child: String,
        /// How many events had been acknowledged to it.
        acknowledged: usize,
        /// What it wrote.
        said: String,
    },
    /// The child process cannot be run.
    #[error("the child process cannot be run")]
    Process(#[source] std::io::Error),
    /// An acknowledged event did not survive the crash, or the record is not whole.
    #[error("the record did not survive the crash: {what}\n\n{timeline}")]
    NotDurable {
        /// What is missing or wrong.
        what: String,
        /// The scenario so far.
        timeline: String,
    },
}

impl fmt::Debug for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&chain(self))
    }
}
