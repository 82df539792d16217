//! Which operation fails, and how.
//!
//! Deliberately absent: doing it; see `disk`.

#![forbid(unsafe_code)]

use std::ffi::c_int;
use std::fmt;

use libsqlite3_sys::{
    SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_IOERR_DELETE, SQLITE_IOERR_FSYNC, SQLITE_IOERR_TRUNCATE,
    SQLITE_IOERR_WRITE,
};

/// What a disk is asked to do that changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// Making a file that is not there.
    Create,
    /// Writing some bytes.
    Write,
    /// Making what was written last.
    Sync,
    /// Making a file shorter.
    Truncate,
    /// Deleting a file.
    Delete,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Create, Self::Write, Self::Sync, Self::Truncate, Self::Delete];
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Write => "write",
            Self::Sync => "sync",
            Self::Truncate => "truncate",
            Self::Delete => "delete",
        })
    }
}

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Failure {
    /// The disk reports an error (`EIO`); nothing was done.
    Io,
    /// There is no room (`ENOSPC`); nothing was done. SQLite tells this from an error where it
    /// writes, and nowhere else.
    Full,
    /// A write stops in the middle for want of room: the first half of the bytes is there. Of
    /// anything but a write, the same as [`Failure::Full`].
    Short,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Io => "EIO",
            Self::Full => "ENOSPC",
            Self::Short => "cut short",
        })
    }
}

/// A failure at one operation, or from that one on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fault {
    /// Which kind of operation fails.
    pub operation: Operation,
    /// The how manieth of its kind from now on, counted from 1.
    pub nth: usize,
    /// How it fails.
    pub failure: Failure,
    /// Whether every later one of its kind fails as well.
    pub lasting: bool,
}

impl Fault {
    /// The n-th operation of a kind fails, and no other.
    #[must_use]
    pub const fn once(operation: Operation, nth: usize, failure: Failure) -> Self {
        Self { operation, nth, failure, lasting: false }
    }

    /// The n-th operation of a kind fails, and every later one of the kind.
    #[must_use]
    pub const fn lasting(operation: Operation, nth: usize, failure: Failure) -> Self {
        Self { operation, nth, failure, lasting: true }
    }

    /// Whether the operation that is the n-th of this kind is to fail.
    pub(crate) fn strikes(&self, operation: Operation, nth: usize) -> bool {
        operation == self.operation && (nth == self.nth || (self.lasting && nth > self.nth))
    }

    /// What SQLite's own VFS would return.
    pub(crate) fn code(&self) -> c_int {
        match (self.operation, self.failure) {
            (Operation::Write, Failure::Io) => SQLITE_IOERR_WRITE,
            (Operation::Write, Failure::Full | Failure::Short) => SQLITE_FULL,
            (Operation::Create, _) => SQLITE_CANTOPEN,
            (Operation::Sync, _) => SQLITE_IOERR_FSYNC,
            (Operation::Truncate, _) => SQLITE_IOERR_TRUNCATE,
            (Operation::Delete, _) => SQLITE_IOERR_DELETE,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, nth, failure, lasting } = self;
        write!(
            f,
            "{operation} {nth}{} fails: {failure}",
            if *lasting { " and all later" } else { "" }
        )
    }
}
