//! The audit log, split by use: appending, querying, retention, inspection.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use shaku::Interface;

use crate::audit::retention::Prefix;
use crate::audit::{
    AuditEntry, AuditFilter, LogSpan, Page, Receipt, RecordedEvent, Sequence, Tally, TallyBy,
};

/// What the storage under an audit log said, kept as the source of an error.
pub type StorageProblem = Arc<dyn std::error::Error + Send + Sync>;

/// Why entries were not appended. None of the batch is on record.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// Other processes held the log for longer than we wait.
    #[error(
        "the audit log is locked by another process and stayed so for {waited_secs} s: \
         find out which one holds it, then try again"
    )]
    Locked {
        /// How long we waited, in seconds.
        waited_secs: u64,
    },
    /// There is no room left.
    #[error("the disk under the audit log is full: make room, then try again")]
    Full(#[source] StorageProblem),
    /// The log may be read but not written.
    #[error("the audit log is read-only: give this user the right to write to its file and folder")]
    ReadOnly(#[source] StorageProblem),
    /// The storage is damaged or is not a log.
    #[error("the audit log is damaged: run `indelible doctor`, and restore it from a copy")]
    Corrupt(#[source] StorageProblem),
    /// The storage failed otherwise.
    #[error("the storage under the audit log failed")]
    Storage(#[source] StorageProblem),
    /// The log has been closed.
    #[error("the audit log is closed: it was shut down while this event waited")]
    Closed,
}

/// Why a question to the log was not answered.
#[derive(Debug, Clone, thiserror::Error)]
pub enum QueryError {
    /// The storage is damaged or is not a log.
    #[error("the audit log is damaged: run `indelible doctor`, and restore it from a copy")]
    Corrupt(#[source] StorageProblem),
    /// An entry cannot be read back.
    #[error("entry {sequence} cannot be read: {problem}; run `indelible doctor`")]
    Unreadable {
        /// The entry's place on record.
        sequence: Sequence,
        /// What is wrong with it.
        problem: String,
    },
    /// Entries that a reader was still to be told of are no longer there.
    #[error(
        "entries {from} to {through} were removed by retention before this reader came to them: \
         read faster, or keep entries for longer"
    )]
    Removed {
        /// The first of them.
        from: Sequence,
        /// The last of them.
        through: Sequence,
    },
    /// The log has been closed, and is not read any more.
    #[error("the audit log has been closed: open it again")]
    Closed,
    /// The storage failed otherwise.
    #[error("the storage under the audit log failed")]
    Storage(#[source] StorageProblem),
}

/// Why entries were not removed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RetentionError {
    /// The log could not be written.
    #[error("the audit log could not be pruned")]
    Append(#[from] AppendError),
    /// The log could not be read.
    #[error("the audit log could not be read for pruning")]
    Query(#[from] QueryError),
    /// An entry is not as it was recorded, or is missing: it is evidence, and nothing of its chunk goes.
    #[error(
        "entry {sequence} is not what was recorded, and nothing from there on is removed, since that \
         would remove what shows it: run `indelible verify`, and restore the record from a copy"
    )]
    Changed {
        /// The entry's place on record.
        sequence: Sequence,
    },
}

/// Appending to the record.
#[async_trait]
pub trait AuditAppend: Interface {
    /// Appends a batch: all of it or none, in the order given.
    ///
    /// An adapter MUST return only once the batch is on stable storage; MUST give each new entry
    /// the sequence after the newest on record, gapless and never used before, also when several
    /// processes append; MUST stamp entries with a time that never goes back; and MUST NOT append an
    /// entry whose source and event id are on record, or earlier in the batch, but return the first
    /// one's receipt for it. Receipts come in the order of the batch.
    ///
    /// Dropping the future leaves all of the batch on record or none of it.
    async fn append(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, AppendError>;
}

/// Asking the record.
#[async_trait]
pub trait AuditQuery: Interface {
    /// A page of the entries that the filter means.
    ///
    /// An adapter MUST return them by sequence, ascending or descending as the page says, exactly
    /// as they were appended, and MUST agree with [`AuditFilter::matches`].
    async fn page(
        &self,
        filter: &AuditFilter,
        page: Page,
    ) -> Result<Vec<RecordedEvent>, QueryError>;

    /// The entry at a place, if there is one.
    async fn by_sequence(&self, sequence: Sequence) -> Result<Option<RecordedEvent>, QueryError>;

    /// The entries with an event id, by sequence: several sources may have used the same one.
    async fn by_event_id(&self, event_id: &str) -> Result<Vec<RecordedEvent>, QueryError>;

    /// What there is: first, last, and how many.
    async fn span(&self) -> Result<LogSpan, QueryError>;

    /// Counts the entries that the filter means, the largest count first, equal counts by key,
    /// entries without the field last among their equals.
    async fn tally(&self, filter: &AuditFilter, by: TallyBy) -> Result<Vec<Tally>, QueryError>;

    /// The last entry recorded before a moment, if there is one.
    async fn last_recorded_before(
        &self,
        moment: DateTime<Utc>,
    ) -> Result<Option<Sequence>, QueryError>;

    /// Waits until there is an entry after `sequence`, and returns the newest one's.
    ///
    /// An adapter MUST return at once what is there already; MUST notice within 100 ms what is
    /// appended later, by whichever process; MUST NOT keep asking the record in order to notice; and
    /// MUST be safe to cancel. It may return late where others hold the record.
    async fn newer_than(&self, sequence: Sequence) -> Result<Sequence, QueryError>;
}

/// Removing the oldest part of the record, by policy.
#[async_trait]
pub trait AuditRetention: Interface {
    /// Removes entries from the start up to and including `through`, at most `limit` of them, and
    /// returns the range that this very call removed; `None` means that there is nothing left to
    /// remove. Of several that remove at once, each is told its own range, and no two overlap.
    ///
    /// An adapter MUST remove only a contiguous prefix, all of the chunk or none; MUST NOT remove
    /// the newest entry, whatever `through` is; and MUST let appends in between two chunks. Where
    /// others can change what it keeps, it MUST NOT remove an entry whose leaf is no longer the one
    /// in the tree.
    async fn remove_oldest(
        &self,
        through: Sequence,
        limit: u32,
    ) -> Result<Option<Prefix>, RetentionError>;

    /// Compares the entries from the start up to and including `through` with the tree, as
    /// [`Self::remove_oldest`] does, and fails as it would over one that is another. Nothing is changed.
    ///
    /// An adapter whose entries nobody else can change has nothing to compare.
    async fn compare_oldest(&self, _through: Sequence) -> Result<(), RetentionError> {
        Ok(())
    }
}

/// One thing found out about the log: what, and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What was looked at, such as `journal mode`.
    pub what: String,
    /// What was found.
    pub value: String,
    /// What is wrong with it and how to mend it; `None` when it is as it should be.
    pub problem: Option<String>,
}

impl Fact {
    /// A fact that is as it should be.
    #[must_use]
    pub fn fine(what: impl Into<String>, value: impl fmt::Display) -> Self {
        Self { what: what.into(), value: value.to_string(), problem: None }
    }

    /// A fact with something wrong about it.
    #[must_use]
    pub fn wrong(
        what: impl Into<String>,
        value: impl fmt::Display,
        problem: impl Into<String>,
    ) -> Self {
        Self { what: what.into(), value: value.to_string(), problem: Some(problem.into()) }
    }

    /// A fact that only somebody can have brought about who changed the storage past its adapter.
    #[must_use]
    pub fn tampered(what: impl Into<String>, value: impl fmt::Display) -> Self {
        Self::wrong(
            what,
            value,
            "the file was changed from outside: see by `indelible verify` what it is worth, restore it from a \
             copy, and compare that with a checkpoint that was kept elsewhere",
        )
    }
}

/// Everything an inspection found out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inspection {
    /// The findings, in the order they should be read.
    pub facts: Vec<Fact>,
}

impl Inspection {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.facts.iter().all(|fact| fact.problem.is_none())
    }
}

/// Examining the log's own state.
#[async_trait]
pub trait AuditInspect: Interface {
    /// Examines the storage, without changing it: where it is, in which state, and whether the
    /// record is whole. An adapter MUST report gaps in the sequence.
    async fn inspect(&self) -> Result<Inspection, QueryError>;

    /// What is wrong with the storage itself, whatever the record in it says, in the storage's own words:
    /// nothing where it is sound, or keeps no structure that could be damaged.
    ///
    /// An adapter MUST change nothing, and SHOULD take no longer than it takes to read the record once.
    async fn damage(&self) -> Result<Vec<String>, QueryError> {
        Ok(Vec::new())
    }
}

/// The whole audit log: what one component provides, and each use case sees a part of.
pub trait AuditLog: AuditAppend + AuditQuery + AuditRetention + AuditInspect {}

impl<L: AuditAppend + AuditQuery + AuditRetention + AuditInspect> AuditLog for L {}
