//! Keeping secrets off the record.
