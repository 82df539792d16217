INSERT INTO audit_log (
    sequence, event_id, event_type, schema_version, occurred_at, source, subject, plan_id, project_name, session_id, actor, user_identity, correlation_id, causation_id, trace_id, extensions, details, recorded_at
) VALUES (
    /* sequence */ 2,
    /* event_id */ 'golden-2',
    /* event_type */ 'audit.prune_started',
    /* schema_version */ 1,
    /* occurred_at */ '2026-01-01T01:59:59.993000001Z',
    /* source */ '/golden',
    /* subject */ 'subject: Grüße, 世界 ''1''',
    /* plan_id */ 'plan-1',
    /* project_name */ 'project ß',
    /* session_id */ 'session-1',
    /* actor */ 'agent:planner: 🦀',
    /* user_identity */ 'ann@example.org',
    /* correlation_id */ 'run-1',
    /* causation_id */ 'golden-0',
    /* trace_id */ '4bf92f3577b34da6a3ce929d0e0e4736',
    /* extensions */ '{"datacontenttype":"application/json","partition":3,"sampled":true,"tracestate":"vendor=Grüße"}',
    /* details */ '{"from_sequence":18446744073709551615,"to_sequence":18446744073709551615,"older_than_days":18446744073709551615,"a_later_field":{"text":"Grüße, 世界 🦀 \u0000\u001f  \" \\ '' /","digits":[123456789012345678901234567890,-1e-400,1.50,-0.0,1e+2],"":[null,true,[],{}]}}',
    /* recorded_at */ '2026-01-01T02:00:00.000000001Z'
);
