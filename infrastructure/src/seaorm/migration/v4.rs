//! Version 4: legal holds.
//!
//! Deliberately absent: any change to it once it was released; a new step follows instead.

use sea_orm_migration::prelude::*;

/// The step.
pub(super) struct CreateHolds;

impl MigrationName for CreateHolds {
    fn name(&self) -> &'static str {
        "v0004_create_holds"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateHolds {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(CREATE_HOLDS).await?;
        Ok(())
    }
}

/// Whoever removes or erases an entry, by whatever program: one that is held stays as it is. Who placed a
/// hold and why stands in the entry whose sequence is the hold's id, which the hold covers as well.
pub(super) const CREATE_HOLDS: &str = "
CREATE TABLE audit_hold (
    id               INTEGER PRIMARY KEY,
    scope            TEXT NOT NULL CHECK (scope IN ('plan', 'correlation', 'user', 'sequences')),
    value            TEXT,
    from_sequence    INTEGER,
    through_sequence INTEGER,
    CHECK ((scope = 'sequences') = (value IS NULL)),
    CHECK ((scope = 'sequences') = (from_sequence IS NOT NULL)),
    CHECK ((scope = 'sequences') = (through_sequence IS NOT NULL)),
    CHECK (from_sequence <= through_sequence)
) STRICT;

CREATE TRIGGER audit_hold_is_on_record BEFORE INSERT ON audit_hold
WHEN EXISTS (SELECT 1 FROM audit_hold WHERE id = NEW.id) OR NOT EXISTS (
    SELECT 1 FROM audit_log WHERE sequence = NEW.id AND event_type = 'audit.hold_placed')
BEGIN
    SELECT RAISE(ABORT, 'a legal hold is put on record first: place it with `indelible hold place`');
END;
CREATE TRIGGER audit_hold_is_never_changed BEFORE UPDATE ON audit_hold
BEGIN
    SELECT RAISE(ABORT, 'a legal hold is never changed: place another one, then release this one');
END;
CREATE TRIGGER audit_hold_is_released_on_record BEFORE DELETE ON audit_hold
WHEN NOT EXISTS (SELECT 1 FROM audit_log WHERE event_type = 'audit.hold_released'
    AND sequence > OLD.id AND json_extract(details, '$.hold') = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'a legal hold is in force until it is released: `indelible hold release`');
END;

CREATE TRIGGER audit_log_keeps_what_is_held BEFORE DELETE ON audit_log
WHEN EXISTS (SELECT 1 FROM audit_hold AS hold WHERE OLD.sequence = hold.id
    OR (hold.scope = 'plan' AND OLD.plan_id = hold.value)
    OR (hold.scope = 'correlation' AND OLD.correlation_id = hold.value)
    OR (hold.scope = 'user'
        AND (OLD.user_identity = hold.value OR OLD.actor = 'human:' || hold.value))
    OR (hold.scope = 'sequences'
        AND OLD.sequence BETWEEN hold.from_sequence AND hold.through_sequence))
BEGIN
    SELECT RAISE(ABORT, 'the entry is under a legal hold: see `indelible hold list`');
END;
CREATE TRIGGER audit_log_erases_nothing_held BEFORE UPDATE ON audit_log
WHEN EXISTS (SELECT 1 FROM audit_hold AS hold WHERE OLD.sequence = hold.id
    OR (hold.scope = 'plan' AND OLD.plan_id = hold.value)
    OR (hold.scope = 'correlation' AND OLD.correlation_id = hold.value)
    OR (hold.scope = 'user'
        AND (OLD.user_identity = hold.value OR OLD.actor = 'human:' || hold.value))
    OR (hold.scope = 'sequences'
        AND OLD.sequence BETWEEN hold.from_sequence AND hold.through_sequence))
BEGIN
    SELECT RAISE(ABORT, 'the entry is under a legal hold: see `indelible hold list`');
END;

PRAGMA user_version = 4;
";
