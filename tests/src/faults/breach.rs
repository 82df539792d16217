//! Kinds of problems, the worst first, so that a report says what matters before what is frequent.
//!
//! Deliberately absent: finding them; see `check`, `ledger` and `run`.

use std::fmt;

/// A kind of problem. In the order of how bad it is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Breach {
    /// What was acknowledged is not there.
    Lost,
    /// The log cannot be opened or read, is not healthy, or takes nothing more.
    Unusable,
    /// An event is not what was emitted, or a batch is there in part.
    Torn,
    /// The record has a gap, or begins where it must not.
    Gap,
    /// An event is there twice, or at another place than its receipt says, or nobody emitted it.
    NotOnce,
    /// The tree is not that of the rows, or not the one that a checkpoint was kept of.
    Tree,
    /// Something never came back.
    Hung,
    /// Subscribers were told of what was refused, not of what was taken, or out of order.
    ToldOtherwise,
    /// An event was recorded at another time than its receipt says.
    OtherTime,
    /// Anything else, such as a trial that tried nothing.
    Other,
}

impl Breach {
    /// A problem of this kind.
    pub(super) fn of(self, what: impl Into<String>) -> Found {
        Found { breach: self, what: what.into() }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lost => "lost",
            Self::Unusable => "unusable",
            Self::Torn => "torn",
            Self::Gap => "gap",
            Self::NotOnce => "not once and at its place",
            Self::Tree => "another tree",
            Self::Hung => "hangs",
            Self::ToldOtherwise => "subscribers told otherwise",
            Self::OtherTime => "another time",
            Self::Other => "other",
        })
    }
}

/// One problem that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) breach: Breach,
    /// What is wrong, with the event it is about.
    pub(super) what: String,
}
