-- What makes of a file of the first version one of the second, as the release of that time did; with more
-- on record, and a subscription that has come so far.
INSERT INTO seaql_migrations VALUES ('v0002_create_subscriptions', 1767225601);

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

INSERT INTO audit_log (sequence, event_id, event_type, schema_version, occurred_at, source, subject, plan_id,
                       project_name, session_id, actor, user_identity, correlation_id, causation_id, trace_id,
                       extensions, details, recorded_at)
VALUES (2, 'second', 'plan.created', 1, '2026-01-01T00:00:00.000000001Z', '/second', 'plan/p1', 'p1', 'indelible',
        's1', 'agent:planner', 'ada@example.org', 'c1', 'first', '4bf92f3577b34da6a3ce929d0e0e4736',
        '{"region":"north"}', '{"name":"tidy","goal":"main","more":1.50}', '2026-01-01T00:00:01.000000000Z'),
       (3, 'third', 'plan.created', 1, '2026-01-01T00:00:00.000000002Z', '/second', NULL, NULL, NULL, NULL, NULL,
        NULL, NULL, NULL, NULL, NULL, '{"name":"Grüße\u0000","goal":"main"}', '2026-01-01T00:00:01.000000000Z');

INSERT INTO audit_subscription (name, cursor, reach, state, created_at)
VALUES ('billing', 3, 3, 'active', '2026-01-01T00:00:00.000000000Z');
