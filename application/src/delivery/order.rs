//! Which events are handled one after the other, and which may be handled side by side.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use domain::RecordedEvent;

/// What events have in common that are handled one after the other. Those without one are so too.
pub(super) type Key = Option<String>;

type Chosen = Arc<dyn Fn(&RecordedEvent) -> String + Send + Sync>;

/// Which events are handled in the order of the record, one after the other. Events of different keys
/// may be handled side by side, and an event that is tried again holds up its own key alone.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum OrderBy {
    /// All of them.
    #[default]
    Total,
    /// Those of one plan. Those of none are handled one after the other as well.
    Plan,
    /// Those of one run of work. Those of none are handled one after the other as well.
    Correlation,
    /// Those for which the function gives the same key. One that panics gives none.
    Key(Chosen),
}

impl OrderBy {
    /// Those for which `key` is the same.
    pub fn key(key: impl Fn(&RecordedEvent) -> String + Send + Sync + 'static) -> Self {
        Self::Key(Arc::new(key))
    }

    /// The key of an event.
    pub(super) fn of(&self, event: &RecordedEvent) -> Key {
        match self {
            Self::Total => None,
            Self::Plan => event.envelope.plan_id.clone(),
            Self::Correlation => event.envelope.correlation_id.clone(),
            Self::Key(key) => catch_unwind(AssertUnwindSafe(|| key(event))).ok(),
        }
    }
}

impl fmt::Debug for OrderBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Total => "Total",
            Self::Plan => "Plan",
            Self::Correlation => "Correlation",
            Self::Key(_) => "Key(..)",
        })
    }
}
