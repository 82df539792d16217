//! Version 1: the log, its indexes, and the triggers that keep it append-only and gapless.
//!
//! Deliberately absent: any change to it once it was released; a new step follows instead.

use sea_orm_migration::prelude::*;

/// The step.
pub(super) struct CreateAuditLog;

impl MigrationName for CreateAuditLog {
    fn name(&self) -> &'static str {
        "v0001_create_audit_log"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateAuditLog {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(CREATE_AUDIT_LOG).await?;
        Ok(())
    }
}

/// Any trigger on insert makes SQLite gather a statement's rows before it inserts the first, about
/// a fifth of the work of a large batch; how much the triggers then look up hardly shows. It is the
/// price of refusing REPLACE, which deletes a row without firing a trigger on delete.
pub(super) const CREATE_AUDIT_LOG: &str = "
CREATE TABLE audit_log (
    sequence       INTEGER PRIMARY KEY,
    event_id       TEXT NOT NULL,
    event_type     TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    occurred_at    TEXT NOT NULL,
    source         TEXT NOT NULL,
    subject        TEXT,
    plan_id        TEXT,
    project_name   TEXT,
    session_id     TEXT,
    actor          TEXT,
    user_identity  TEXT,
    correlation_id TEXT,
    causation_id   TEXT,
    trace_id       TEXT,
    extensions     TEXT,
    details        TEXT NOT NULL,
    recorded_at    TEXT NOT NULL
) STRICT;

-- Ids made here are ordered by time, so that this index grows at its end.
CREATE UNIQUE INDEX audit_log_event ON audit_log (event_id, source);
CREATE INDEX audit_log_type ON audit_log (event_type);
CREATE INDEX audit_log_plan ON audit_log (plan_id) WHERE plan_id IS NOT NULL;
CREATE INDEX audit_log_session ON audit_log (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX audit_log_correlation ON audit_log (correlation_id) WHERE correlation_id IS NOT NULL;

-- Holds one row while retention removes entries, inside the same transaction.
CREATE TABLE audit_retention_permit (
    id               INTEGER PRIMARY KEY CHECK (id = 1),
    through_sequence INTEGER NOT NULL
) STRICT;

CREATE TRIGGER audit_log_is_never_changed BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only: record a correcting event instead of changing one');
END;

CREATE TRIGGER audit_log_is_pruned_by_retention_only BEFORE DELETE ON audit_log
WHEN NOT EXISTS (SELECT 1 FROM audit_retention_permit WHERE through_sequence >= OLD.sequence)
    OR OLD.sequence <> (SELECT min(sequence) FROM audit_log)
    OR OLD.sequence = (SELECT max(sequence) FROM audit_log)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only: remove its oldest entries with `indelible prune`');
END;

CREATE TRIGGER audit_log_has_no_gaps BEFORE INSERT ON audit_log
WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM audit_log)
BEGIN
    SELECT RAISE(ABORT, 'the audit log has no gaps: append at the sequence after its newest entry');
END;

CREATE TRIGGER audit_log_holds_an_event_once BEFORE INSERT ON audit_log
WHEN EXISTS (SELECT 1 FROM audit_log WHERE event_id = NEW.event_id AND source = NEW.source)
BEGIN
    SELECT RAISE(ABORT, 'the event is on record already: give a new event an id of its own');
END;

PRAGMA application_id = 1229866060;
PRAGMA user_version = 1;
";
