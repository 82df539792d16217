//! Where a reader of the record begins.

use chrono::{DateTime, Utc};

use crate::audit::Sequence;

/// Where a stream begins, or a durable subscription whose name is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum StartAt {
    /// With what is recorded from now on.
    #[default]
    Now,
    /// With the oldest entry there is.
    Beginning,
    /// With the entry after this one; `Sequence(0)` is before them all.
    After(Sequence),
    /// With the first entry that was recorded at this moment or later.
    Time(DateTime<Utc>),
}
