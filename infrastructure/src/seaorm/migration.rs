//! The schema, step by step. A step that has been released is never edited; a new one follows.

use sea_orm_migration::prelude::*;

/// Tells an audit log from every other program's SQLite file: `INDL`.
pub(super) const APPLICATION_ID: i64 = 0x494E_444C;

/// The newest schema version this program knows; `PRAGMA user_version` holds it.
pub(super) const SCHEMA_VERSION: i64 = 2;

/// All steps, in order.
pub(super) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateAuditLog), Box::new(CreateSubscriptions)]
    }
}

/// Version 1: the log, its indexes, and the triggers that keep it append-only and gapless.
struct CreateAuditLog;

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

/// Version 2: durable subscriptions, what they could not handle, and the number of the last lease.
struct CreateSubscriptions;

impl MigrationName for CreateSubscriptions {
    fn name(&self) -> &'static str {
        "v0002_create_subscriptions"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateSubscriptions {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(CREATE_SUBSCRIPTIONS).await?;
        Ok(())
    }
}

/// Any trigger on insert makes SQLite gather a statement's rows before it inserts the first, about
/// a fifth of the work of a large batch; how much the triggers then look up hardly shows. It is the
/// price of refusing REPLACE, which deletes a row without firing a trigger on delete.
const CREATE_AUDIT_LOG: &str = "
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

/// The names begin as those of the log do, since handlers keep tables of their own in this file and
/// would name one `subscription` sooner or later.
const CREATE_SUBSCRIPTIONS: &str = "
CREATE TABLE audit_subscription (
    name            TEXT NOT NULL PRIMARY KEY,
    cursor          INTEGER NOT NULL CHECK (cursor >= 0),
    reach           INTEGER NOT NULL CHECK (reach >= cursor),
    state           TEXT NOT NULL CHECK (state IN ('active', 'paused', 'halted')),
    token           INTEGER NOT NULL DEFAULT 0,
    holder          TEXT,
    lease_until     TEXT,
    failed_at       TEXT,
    failed_sequence INTEGER,
    failed_errors   TEXT,
    created_at      TEXT NOT NULL,
    CHECK ((holder IS NULL) = (lease_until IS NULL)),
    CHECK ((failed_at IS NULL) = (failed_errors IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_dead_letter (
    subscription    TEXT NOT NULL,
    sequence        INTEGER NOT NULL,
    attempts        INTEGER NOT NULL,
    errors          TEXT NOT NULL,
    failed_at       TEXT NOT NULL,
    retry_requested INTEGER NOT NULL DEFAULT 0 CHECK (retry_requested IN (0, 1)),
    PRIMARY KEY (subscription, sequence)
) STRICT, WITHOUT ROWID;

-- One counter for all subscriptions, so that no token comes again when one of them is removed.
CREATE TABLE audit_lease_token (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    last INTEGER NOT NULL
) STRICT;
INSERT INTO audit_lease_token (id, last) VALUES (1, 0);

PRAGMA user_version = 2;
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_carries_the_marks_it_is_recognised_by() {
        assert!(CREATE_AUDIT_LOG.contains(&format!("PRAGMA application_id = {APPLICATION_ID};")));
        let newest = format!("PRAGMA user_version = {SCHEMA_VERSION};");
        assert!(CREATE_SUBSCRIPTIONS.contains(&newest));
        assert_eq!(APPLICATION_ID.to_be_bytes()[4..], *b"INDL");
    }
}
