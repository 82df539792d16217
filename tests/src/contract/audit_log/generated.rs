//! Events to ask about and questions to ask, made at random from few values, so that they meet.

use chrono::{DateTime, TimeDelta, Utc};
use domain::audit::{Page, TallyBy, TimeSpan, TypePattern};
use domain::{Actor, AuditFilter, EventEnvelope, Sequence};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::entries::{envelope, object, start};

/// How many events there are to ask about.
pub(super) const EVENTS: usize = 240;

const TYPES: [&str; 8] = [
    "plan.created",
    "plan.applied",
    "planner.created",
    "tool.invoked",
    "tool.a.b",
    "tool",
    "t[o]ol.made",
    "täl.made",
];
const TEXTS: [&str; 5] = ["p1", "p2", "", "P1", "ü\"\\"];

fn text() -> impl Strategy<Value = String, Tree: Send> {
    select(&TEXTS[..]).prop_map(str::to_owned)
}

fn maybe_text() -> impl Strategy<Value = Option<String>, Tree: Send> {
    prop::option::of(text())
}

fn moment() -> impl Strategy<Value = DateTime<Utc>, Tree: Send> {
    (-3_i64..400).prop_map(|seconds| start() + TimeDelta::seconds(seconds * 60))
}

fn maybe_actor() -> impl Strategy<Value = Option<Actor>, Tree: Send> {
    prop::option::of(prop_oneof![
        text().prop_map(Actor::human),
        text().prop_map(Actor::agent),
        text().prop_map(Actor::system),
    ])
}

/// An event with few different values, so that questions find some.
pub(super) fn an_envelope() -> impl Strategy<Value = EventEnvelope, Tree: Send> {
    let fields = (
        (select(&TYPES[..]), moment(), maybe_actor(), text(), 1_u32..4_000),
        (maybe_text(), maybe_text(), maybe_text(), maybe_text(), maybe_text()),
    );
    fields.prop_map(|((event_type, occurred_at, actor, goal, schema_version), texts)| {
        EventEnvelope {
            event_type: event_type.to_owned().into(),
            occurred_at,
            actor,
            schema_version,
            details: object(json!({ "name": schema_version % 240, "goal": goal })),
            plan_id: texts.0,
            project_name: texts.1,
            session_id: texts.2,
            user_identity: texts.3,
            correlation_id: texts.4,
            ..envelope("")
        }
    })
}

/// Events to ask about; their version is how many seconds more than one pass before them.
pub(super) fn envelopes() -> impl Strategy<Value = Vec<EventEnvelope>, Tree: Send> {
    prop::collection::vec(an_envelope(), EVENTS).prop_map(|all| {
        let numbered = all.into_iter().enumerate();
        // Two sources use each id.
        numbered
            .map(|(n, event)| EventEnvelope {
                event_id: format!("e{}", n / 2),
                source: format!("urn:source:{}", n % 2),
                ..event
            })
            .collect()
    })
}

fn time_span() -> impl Strategy<Value = TimeSpan, Tree: Send> {
    let edge = || {
        prop::option::weighted(
            0.3,
            prop_oneof![
                8 => moment(),
                1 => Just(DateTime::<Utc>::MIN_UTC),
                1 => Just(DateTime::<Utc>::MAX_UTC),
            ],
        )
    };
    (edge(), edge()).prop_map(|(since, until)| TimeSpan { since, until })
}

/// Questions, some of which find something.
pub(super) fn filters() -> impl Strategy<Value = AuditFilter, Tree: Send> {
    let pattern = prop_oneof![
        select(&TYPES[..]),
        select(
            &["tool.*", "*", "*.created", "pl?n*.*", "t?l.made", "t[o]*", "[t]*", "", "*a*b"][..]
        ),
    ];
    let context = select(&["plan", "planner", "tool", "tool.a", "t[o]ol", "", "täl", "pla"][..]);
    let few = |likely| 0..=usize::from(likely);
    let maybe = |likely: f64| prop::option::weighted(likely, text());
    (
        prop::collection::vec(pattern.prop_map(TypePattern::new), few(2_u8)),
        prop::collection::vec(context.prop_map(str::to_owned), few(1_u8)),
        (maybe(0.2), maybe(0.1), maybe(0.1), maybe(0.1), maybe(0.1)),
        prop::option::weighted(0.1, maybe_actor()),
        (time_span(), time_span()),
        prop::option::weighted(
            0.2,
            prop_oneof![
                text(),
                select(&["goal", "\"goal\":", "1", "p", "%", "main"][..]).prop_map(str::to_owned)
            ],
        ),
    )
        .prop_map(|(types, contexts, texts, actor, (recorded, occurred), contains)| {
            AuditFilter {
                types,
                contexts,
                plan_id: texts.0,
                project_name: texts.1,
                session_id: texts.2,
                user_identity: texts.3,
                correlation_id: texts.4,
                actor: actor
                    .map(|actor| actor.map_or("nobody".to_owned(), |actor| actor.to_string())),
                recorded,
                occurred,
                contains,
            }
        })
}

/// Bounds on a record that ends before `end`, some of which hold something.
pub(super) fn pages(end: u64) -> impl Strategy<Value = Page, Tree: Send> {
    let edge = move || {
        prop::option::of(prop_oneof![
            9 => (0..=end).prop_map(Sequence),
            1 => Just(Sequence(u64::MAX)),
        ])
    };
    (edge(), edge(), prop_oneof![0_u32..20, Just(u32::MAX)], any::<bool>())
        .prop_map(|(after, before, limit, reverse)| Page { after, before, limit, reverse })
}

/// Everything that entries are counted by.
pub(super) const fn tally_keys() -> [TallyBy; 8] {
    [
        TallyBy::Type,
        TallyBy::Context,
        TallyBy::Plan,
        TallyBy::Project,
        TallyBy::Actor,
        TallyBy::User,
        TallyBy::Hour,
        TallyBy::Day,
    ]
}
