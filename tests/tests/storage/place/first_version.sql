-- A file of the schema's first version, as the first release made it; with one event on record.
CREATE TABLE "seaql_migrations" ( "version" varchar NOT NULL PRIMARY KEY, "applied_at" bigint NOT NULL );
INSERT INTO seaql_migrations VALUES ('v0001_create_audit_log', 1767225600);

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

INSERT INTO audit_log (sequence, event_id, event_type, schema_version, occurred_at, source, details, recorded_at)
VALUES (1, 'first', 'plan.created', 1, '2026-01-01T00:00:00.000000000Z', '/first', '{"name":"tidy","goal":"main"}',
        '2026-01-01T00:00:00.000000000Z');
