INSERT INTO audit_log (
    sequence, event_id, event_type, schema_version, occurred_at, source, subject, plan_id, project_name, session_id, actor, user_identity, correlation_id, causation_id, trace_id, extensions, details, recorded_at
) VALUES (
    /* sequence */ 1,
    /* event_id */ 'golden-1',
    /* event_type */ 'audit.prune_started',
    /* schema_version */ 1,
    /* occurred_at */ '2026-01-01T00:59:59.993000001Z',
    /* source */ '/golden',
    /* subject */ NULL,
    /* plan_id */ NULL,
    /* project_name */ NULL,
    /* session_id */ NULL,
    /* actor */ NULL,
    /* user_identity */ NULL,
    /* correlation_id */ NULL,
    /* causation_id */ NULL,
    /* trace_id */ NULL,
    /* extensions */ NULL,
    /* details */ '{"from_sequence":42,"to_sequence":42,"older_than_days":42}',
    /* recorded_at */ '2026-01-01T01:00:00.000000001Z'
);
