//! The schema, step by step. A step that has been released is never edited; a new one follows.

mod v1;
mod v2;
mod v3;
mod v4;

use sea_orm_migration::prelude::*;

/// Tells an audit log from every other program's SQLite file: `INDL`.
pub(super) const APPLICATION_ID: i64 = 0x494E_444C;

/// Tells an archive, a part of an audit log, from the whole of one: `INDA`. What lies in an archive's
/// frame without this mark is a record like any other.
pub(super) const ARCHIVE_ID: i64 = 0x494E_4441;

/// The newest schema version this program knows; `PRAGMA user_version` holds it.
pub(super) const SCHEMA_VERSION: i64 = 4;

/// All steps, in order.
pub(super) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(v1::CreateAuditLog),
            Box::new(v2::CreateSubscriptions),
            Box::new(v3::CreateTree),
            Box::new(v4::CreateHolds),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_carries_the_marks_it_is_recognised_by() {
        let mark = format!("PRAGMA application_id = {APPLICATION_ID};");
        assert!(v1::CREATE_AUDIT_LOG.contains(&mark));
        let newest = format!("PRAGMA user_version = {SCHEMA_VERSION};");
        assert!(v4::CREATE_HOLDS.contains(&newest));
        assert_eq!(APPLICATION_ID.to_be_bytes()[4..], *b"INDL");
        assert_eq!(ARCHIVE_ID.to_be_bytes()[4..], *b"INDA");
    }
}
