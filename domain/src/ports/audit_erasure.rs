//! Erasing values from the record, without changing what can be proven of it.
//!
//! Deliberately absent: whether it may be done, and putting it on record.

use async_trait::async_trait;
use shaku::Interface;

use super::StorageProblem;
use crate::Sequence;
use crate::audit::legal_hold::{HeldEntry, LegalHold};
use crate::audit::{Erasure, ErasureCount};

/// Why nothing was erased, or not all of it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ErasureError {
    /// The record is of a version that keeps no digests of what is erased.
    #[error(
        "this record is of an earlier version, of which nothing can be erased: open it for writing \
         once, by any command that records"
    )]
    EarlierVersion,
    /// The record is kept by an adapter that erases nothing.
    #[error(
        "of this record nothing can be erased: give the container an `AuditErasure` of its own"
    )]
    NotKept,
    /// Nothing can be written.
    #[error("nothing can be erased: open the record for writing")]
    ReadOnly(#[source] StorageProblem),
    /// Other processes held the record for longer than we wait.
    #[error(
        "the audit log is locked by another process and stayed so for {waited_secs} s: find out \
         which one holds it, then erase again"
    )]
    Locked {
        /// How long we waited, in seconds.
        waited_secs: u64,
    },
    /// Somebody reads what was there before.
    #[error(
        "the values are gone from the record, but their bytes are still in the file beside it, since \
         somebody reads what was there before{}: end that, then erase again", by(.readers)
    )]
    InUse {
        /// The processes that have the record open, where that can be found out.
        readers: Vec<String>,
    },
    /// There is no room left.
    #[error("the disk is full: make room for a second copy of the record, then erase again")]
    Full(#[source] StorageProblem),
    /// An entry is not as it was written.
    #[error(
        "entry {sequence} cannot be erased, its {field} is not as it was written: run `indelible \
         doctor`, and restore the record from a copy"
    )]
    Unfit {
        /// The entry's place on record.
        sequence: Sequence,
        /// What of it.
        field: &'static str,
    },
    /// An entry is no longer what was recorded: it is evidence, and nothing of its chunk was erased.
    #[error(
        "entry {sequence} is not what was recorded, and nothing of it is erased, since that would destroy \
         what shows it: run `indelible verify`, and restore the record from a copy"
    )]
    Changed {
        /// The entry's place on record.
        sequence: Sequence,
    },
    /// An entry is under a legal hold. Nothing of its chunk was erased.
    #[error(
        "entry {} is under legal hold {}: release it with `indelible hold release {}` once that may be, \
         then erase again", .0.sequence, .0.hold, .0.hold
    )]
    Held(HeldEntry),
    /// The storage failed.
    #[error("the storage under the audit log failed")]
    Storage(#[source] StorageProblem),
}

fn by(readers: &[String]) -> String {
    if readers.is_empty() { String::new() } else { format!(" ({})", readers.join(", ")) }
}

/// What one call erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErasedChunk {
    /// Of how many entries.
    pub entries: u64,
    /// The last entry that was looked at, where the next call goes on; `None` when there is none
    /// left up to the place that was named.
    pub reached: Option<Sequence>,
}

/// Erasing values from the record.
#[async_trait]
pub trait AuditErasure: Interface {
    /// The entries that something would be erased of: those that are meant and still have a value to
    /// lose. Nothing is changed.
    async fn count(&self, erasure: &Erasure) -> Result<ErasureCount, ErasureError>;

    /// Of each of these holds: the oldest entry up to and including `through` that it covers and that
    /// something would be erased of; the oldest first, and of the same one by hold. Nothing is changed.
    ///
    /// An adapter MUST agree with [`LegalHold::covers`].
    async fn held(
        &self,
        erasure: &Erasure,
        holds: &[LegalHold],
        through: Sequence,
    ) -> Result<Vec<HeldEntry>, ErasureError>;

    /// The oldest entry up to and including `through` that something would be erased of and that is no
    /// longer what was recorded. Nothing is changed.
    ///
    /// An adapter whose entries nobody else can change has none.
    async fn changed(
        &self,
        _erasure: &Erasure,
        _through: Sequence,
    ) -> Result<Option<Sequence>, ErasureError> {
        Ok(None)
    }

    /// Erases the values of at most `limit` entries that are meant, after `after` and up to and
    /// including `through`.
    ///
    /// An adapter MUST erase all of a chunk or none, also when the future is dropped; MUST leave
    /// everything else of an entry as it is, so that the same leaf follows from it; MUST say of an
    /// entry what was erased; MUST leave alone what was erased before; and MUST let appends in between
    /// two chunks. Where it keeps the legal holds as well, it MUST refuse a chunk with an entry that is
    /// held; where others can change what it keeps, one with an entry whose leaf is no longer the one in
    /// the tree.
    async fn erase(
        &self,
        erasure: &Erasure,
        after: Sequence,
        through: Sequence,
        limit: u32,
    ) -> Result<ErasedChunk, ErasureError>;

    /// Overwrites what the storage still keeps of values that are no longer on record: erased before
    /// this call, or removed with their entries. Afterwards none of it is found in its files.
    async fn scrub(&self) -> Result<(), ErasureError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_keeps_what_was_erased_in_the_file_is_named_where_it_is_known() {
        let said = |readers: &[&str]| {
            let readers = readers.iter().map(ToString::to_string).collect();
            ErasureError::InUse { readers }.to_string()
        };
        let known = said(&["vim (7)", "sqlite3 (9)"]);
        assert!(
            known.contains("what was there before (vim (7), sqlite3 (9)): end that"),
            "{known}"
        );
        assert!(said(&[]).contains("what was there before: end that"));
    }
}
