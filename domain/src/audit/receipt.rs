//! What is known of an event once it is on record.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ErasedFields;
use crate::envelope::EventEnvelope;
use crate::event::{DetailsError, DomainEvent, EventType};
use crate::proof::CommittedField;

/// An event's place on record: from 1, gapless, ascending in commit order, never used again.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
pub struct Sequence(pub u64);

impl Sequence {
    /// The place after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The place so many before this one; 0 where there is none.
    #[must_use]
    pub const fn back(self, places: u64) -> Self {
        Self(self.0.saturating_sub(places))
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Sequence {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Whether an emit put the event on record or found it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReceiptStatus {
    /// This emit put it on record.
    Recorded,
    /// An earlier emit of the same source and id did; this one changed nothing.
    AlreadyOnRecord,
}

/// Proof for the emitter that its event is on stable storage.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Receipt {
    /// The event's id.
    pub event_id: String,
    /// Its place on record.
    pub sequence: Sequence,
    /// When it was recorded, by the recorder's clock, which never goes back.
    pub recorded_at: DateTime<Utc>,
    /// Whether this emit recorded it.
    pub status: ReceiptStatus,
}

/// An event that is on record, exactly as it is on record: redacted, and without what was erased.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedEvent {
    /// Its place on record.
    pub sequence: Sequence,
    /// When it was recorded, by the recorder's clock, which never goes back.
    pub recorded_at: DateTime<Utc>,
    /// The event. What was erased is absent, and erased details are an empty object.
    pub envelope: EventEnvelope,
    /// What of it was erased.
    pub erased: ErasedFields,
}

/// A recorded event was asked for as a type it is not, or that it can no longer be read as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongEventType {
    /// It is another type.
    #[error("event {sequence} is a `{found}`, not a `{wanted}`: ask `is` first")]
    Other {
        /// The event's place on record.
        sequence: Sequence,
        /// What was asked for.
        wanted: EventType,
        /// What it is.
        found: EventType,
    },
    /// It is that type, and its payload was erased.
    #[error(
        "the details of event {sequence}, a `{wanted}`, were erased: ask what was `erased` first"
    )]
    Erased {
        /// The event's place on record.
        sequence: Sequence,
        /// What was asked for.
        wanted: EventType,
    },
    /// It is that type, and its payload cannot be read.
    #[error("event {sequence} cannot be read as `{wanted}`")]
    Details {
        /// The event's place on record.
        sequence: Sequence,
        /// What was asked for.
        wanted: EventType,
        /// What is wrong with the payload.
        #[source]
        source: DetailsError,
    },
}

impl RecordedEvent {
    /// The receipt that its emitter got.
    #[must_use]
    pub fn receipt(&self) -> Receipt {
        Receipt {
            event_id: self.envelope.event_id.clone(),
            sequence: self.sequence,
            recorded_at: self.recorded_at,
            status: ReceiptStatus::Recorded,
        }
    }

    /// Whether this is an event of type `E`.
    #[must_use]
    pub fn is<E: DomainEvent>(&self) -> bool {
        self.envelope.event_type.as_str() == E::DESCRIPTOR.event_type
    }

    /// The typed event, of whichever version it was recorded in.
    ///
    /// # Errors
    /// When it is another type, or its payload was erased or cannot be read (a redacted number, for
    /// instance).
    pub fn decode<E: DomainEvent>(&self) -> Result<E, WrongEventType> {
        let wanted = E::DESCRIPTOR.name();
        if !self.is::<E>() {
            return Err(WrongEventType::Other {
                sequence: self.sequence,
                wanted,
                found: self.envelope.event_type.clone(),
            });
        }
        if self.erased.contains(CommittedField::Details) {
            return Err(WrongEventType::Erased { sequence: self.sequence, wanted });
        }
        E::from_versioned(self.envelope.schema_version, &self.envelope.details)
            .map_err(|source| WrongEventType::Details { sequence: self.sequence, wanted, source })
    }
}

/// Which part of the record there is: all of it, less what retention has removed at the start.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LogSpan {
    /// The oldest entry still there, and when it was recorded.
    pub first: Option<(Sequence, DateTime<Utc>)>,
    /// The newest entry, and when it was recorded.
    pub last: Option<(Sequence, DateTime<Utc>)>,
    /// How many entries there are.
    pub entries: u64,
}
