//! What a check of the application's health found.

use std::fmt;

/// Whether the application is fit to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Readiness {
    /// All is well.
    Ready,
    /// It records and answers, but something about it waits for somebody.
    Degraded,
    /// It must not be given events.
    NotReady,
}

impl Readiness {
    /// The readiness as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Degraded => "degraded",
            Self::NotReady => "not ready",
        }
    }
}

impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What was looked at, such as `recording` or `subscription billing`.
    pub what: String,
    /// How fit the application is as far as this goes.
    pub readiness: Readiness,
    /// What was found; where something is wrong, the reason and what to do.
    pub found: String,
}

impl Condition {
    /// All is well.
    #[must_use]
    pub fn fine(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { what: what.into(), readiness: Readiness::Ready, found: found.into() }
    }

    /// Something waits for somebody.
    #[must_use]
    pub fn degraded(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { what: what.into(), readiness: Readiness::Degraded, found: found.into() }
    }

    /// It must not be given events.
    #[must_use]
    pub fn not_ready(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { what: what.into(), readiness: Readiness::NotReady, found: found.into() }
    }
}

/// How the application fares.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Health {
    /// Everything that was looked at, the good and the bad.
    pub conditions: Vec<Condition>,
}

impl Health {
    /// Whether it is fit to be used: as fit as its worst condition.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let worst = self.conditions.iter().map(|condition| condition.readiness).max();
        worst.unwrap_or(Readiness::Ready)
    }

    /// Why it is not ready, or degraded: the conditions that are not as they should be.
    pub fn reasons(&self) -> impl Iterator<Item = &Condition> {
        self.conditions.iter().filter(|condition| condition.readiness != Readiness::Ready)
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.readiness())?;
        for reason in self.reasons() {
            write!(f, "; {}: {}", reason.what, reason.found)?;
        }
        Ok(())
    }
}
