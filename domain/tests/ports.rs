//! The envelope's and the ports' own behaviour: drafts, actors, filters, guards, and what every
//! bus does for a single event.

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::executor::block_on;
use indelible_domain::events::{ActorCompleted, PlanApplied, PlanCreated, PlanEvent, ToolInvoked};
use indelible_domain::ports::{
    BusCondition, BusCounters, Delivery, EmitBatch, EventStream, Fact, Inspection, ReactionEmitter,
    RecordError, ShutdownReport, handler, projector,
};
use indelible_domain::subscription::Effect;
use indelible_domain::{
    Actor, ActorKind, AppendError, AuditFilter, Details, DomainEvent, Emit, EmitError,
    ErasedFields, EventBus, EventDraft, EventEnvelope, EventFilter, EventRecorder, EventSubscriber,
    EventType, Receipt, ReceiptStatus, RecordedEvent, RetentionError, Sequence, StartAt,
    Subscription,
};
use proptest::prelude::*;
use serde_json::json;

fn recorded(draft: impl Into<EventDraft>) -> RecordedEvent {
    let envelope = draft.into().seal(DateTime::UNIX_EPOCH, || "e1".to_owned(), "/tests");
    RecordedEvent {
        sequence: Sequence(1),
        recorded_at: DateTime::UNIX_EPOCH,
        envelope: envelope.unwrap_or_else(|error| panic!("{error}")),
        erased: ErasedFields::NONE,
    }
}

#[test]
fn sealing_fills_in_what_the_emitter_left_open_and_nothing_else() {
    let now: DateTime<Utc> = "2026-07-01T09:00:00Z".parse().unwrap();
    let sealed =
        EventDraft::from(PlanCreated::sample()).seal(now, || "made".to_owned(), "/here").unwrap();
    assert_eq!((sealed.event_id.as_str(), sealed.source.as_str()), ("made", "/here"));
    assert_eq!((sealed.occurred_at, sealed.schema_version), (now, 1));
    assert_eq!(sealed.actor, None);

    let extensions: Details = [("vendorkey".to_owned(), json!(1))].into_iter().collect();
    let full = EventDraft::from(PlanEvent::from(PlanCreated::sample()))
        .with_id("own")
        .from_source("/agent")
        .occurred_at(DateTime::UNIX_EPOCH)
        .about("subject")
        .in_plan("plan")
        .in_project("project")
        .in_session("session")
        .by(Actor::human("ann"))
        .for_user("user")
        .correlated_by("correlation")
        .caused_by("causation")
        .in_trace("trace")
        .with_extensions(extensions.clone())
        .seal(now, || unreachable!("the producer's own id is kept"), "/here")
        .unwrap();
    assert_eq!((full.event_id.as_str(), full.source.as_str()), ("own", "/agent"));
    assert_eq!(full.occurred_at, DateTime::UNIX_EPOCH);
    assert_eq!(
        [
            full.subject,
            full.plan_id,
            full.project_name,
            full.session_id,
            full.actor.map(|actor| actor.to_string()),
            full.user_identity,
            full.correlation_id,
            full.causation_id,
            full.trace_id,
        ]
        .map(Option::unwrap_or_default),
        [
            "subject",
            "plan",
            "project",
            "session",
            "human:ann",
            "user",
            "correlation",
            "causation",
            "trace"
        ]
    );
    assert_eq!(full.extensions, extensions);
}

#[test]
fn a_payload_that_is_not_one_of_its_type_makes_no_draft() {
    let error = EventDraft::untyped(&PlanCreated::DESCRIPTOR, 1, Details::new()).unwrap_err();
    assert_eq!(error.to_string(), "field `name` is missing: add it as a string");
}

#[test]
fn an_actor_is_written_as_its_kind_and_id() {
    assert_eq!(Actor::system("scheduler").to_string(), "system:scheduler");
    assert_eq!("agent:a:b".parse(), Ok(Actor::agent("a:b")), "an id may hold colons");
    for text in ["", "planner", "agent:", "robot:r2", "Agent:planner", ":x"] {
        let error = text.parse::<Actor>().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "`{text}` is no actor: write human:ID, agent:ID or system:ID, such as agent:planner"
            )
        );
    }
}

#[test]
fn wire_names_are_text_that_lines_up_in_tables() {
    let name = EventType::from("plan.created".to_owned());
    assert_eq!(name, EventType::from_static("plan.created"));
    assert_eq!(format!("{name:<14}|"), "plan.created  |");
    assert_eq!(name.context(), "plan");
    assert_eq!(EventType::from_static("undotted").context(), "undotted");
    assert_eq!(serde_json::to_string(&name).unwrap(), "\"plan.created\"");
    assert_eq!(serde_json::from_str::<EventType>("\"plan.created\"").unwrap(), name);
}

#[test]
fn a_filter_accepts_by_type_context_query_and_predicate() {
    let created = recorded(EventDraft::from(PlanCreated::sample()).in_plan("p1"));
    let applied = recorded(
        EventDraft::from(PlanApplied::sample()).in_plan("p2").in_project("x").correlated_by("r"),
    );
    let tool = recorded(ToolInvoked::sample());
    let accepted = |filter: EventFilter| {
        [&created, &applied, &tool].map(|event| u8::from(filter.accepts(event)))
    };
    assert_eq!(accepted(EventFilter::all()), [1, 1, 1]);
    assert_eq!(accepted(EventFilter::of::<PlanCreated>()), [1, 0, 0]);
    assert_eq!(accepted(EventFilter::of::<PlanCreated>().or_of::<ToolInvoked>()), [1, 0, 1]);
    let types = [PlanApplied::DESCRIPTOR.name(), ToolInvoked::DESCRIPTOR.name()];
    assert_eq!(accepted(EventFilter::types(types)), [0, 1, 1]);
    assert_eq!(accepted(EventFilter::context("plan")), [1, 1, 0]);
    assert_eq!(accepted(EventFilter::context("plan").in_plan("p2")), [0, 1, 0]);
    assert_eq!(accepted(EventFilter::all().in_project("x")), [0, 1, 0]);
    assert_eq!(accepted(EventFilter::all().correlated_by("r")), [0, 1, 0]);
    let query = AuditFilter { plan_id: Some("p1".into()), ..AuditFilter::default() };
    assert_eq!(accepted(EventFilter::matching(query.clone())), [1, 0, 0]);
    assert_eq!(EventFilter::matching(query.clone()).query(), &query);
    assert!(EventFilter::all().is_all());
    assert!(!EventFilter::matching(query.clone()).is_all());
    assert!(!EventFilter::all().where_event(|_| true).is_all(), "nobody can know");
    assert!(EventFilter::all().where_event(|_| true).has_predicates());
    assert!(!EventFilter::matching(query.clone()).has_predicates());
    let both = EventFilter::context("plan")
        .where_event(|event| event.envelope.plan_id.is_some())
        .where_event(RecordedEvent::is::<PlanApplied>);
    assert!(format!("{both:?}").contains("predicates: 2"));
    assert_eq!(accepted(both), [0, 1, 0]);
}

#[test]
fn a_subscription_cancels_once_when_dropped_and_never_when_kept() {
    let cancelled = Arc::new(AtomicUsize::new(0));
    let guard = || {
        let cancelled = Arc::clone(&cancelled);
        Subscription::new(move || {
            cancelled.fetch_add(1, Ordering::Relaxed);
        })
    };
    drop(guard());
    assert_eq!(cancelled.load(Ordering::Relaxed), 1);
    guard().unsubscribe();
    assert_eq!(cancelled.load(Ordering::Relaxed), 2);
    guard().keep();
    assert_eq!(cancelled.load(Ordering::Relaxed), 2);
    assert_eq!(Arc::strong_count(&cancelled), 1, "and holds nothing afterwards");
    let guard = guard();
    assert!(format!("{guard:?}").starts_with("Subscription"));
}

#[test]
fn a_handler_is_a_name_and_a_function() {
    let subscriber = handler("picky", |event| async move {
        if event.is::<PlanCreated>() { Ok(()) } else { Err("not a plan".into()) }
    });
    assert_eq!(subscriber.name(), "picky");
    let bus: Arc<dyn EventBus> = Arc::new(Answering(Vec::new()));
    let deliver = |event: RecordedEvent| {
        let event = Arc::new(event);
        let emitter = ReactionEmitter::new(Arc::clone(&event), Arc::new(Arc::clone(&bus)), 1);
        Delivery::new(event, emitter)
    };
    assert!(block_on(subscriber.handle(&deliver(recorded(PlanCreated::sample())))).is_ok());
    let tool = deliver(recorded(ToolInvoked::sample()));
    let error = block_on(subscriber.handle(&tool)).unwrap_err();
    assert_eq!(error.to_string(), "not a plan");
}

#[test]
fn an_inspection_is_healthy_when_no_fact_has_a_problem() {
    let mut inspection = Inspection { facts: vec![Fact::fine("journal mode", "wal")] };
    assert!(inspection.is_healthy() && Inspection::default().is_healthy());
    inspection.facts.push(Fact::wrong("gaps", 2, "restore the log from a copy"));
    assert!(!inspection.is_healthy());
    assert_eq!(inspection.facts[1].value, "2");
}

/// A bus that answers every batch with the receipts it was given.
struct Answering(Vec<Receipt>);

#[async_trait]
impl EventBus for Answering {
    async fn emit_batch(&self, drafts: Vec<EventDraft>) -> Result<Vec<Receipt>, EmitError> {
        for draft in drafts {
            let event_type = draft.event_type().clone();
            draft
                .seal(DateTime::UNIX_EPOCH, || "e1".to_owned(), "/tests")
                .map_err(|source| EmitError::Invalid { event_type, source })?;
        }
        Ok(self.0.clone())
    }
    fn attach_recorder(&self, _: &[EventType], _: Arc<dyn EventRecorder>) {}
    fn without_recorder(&self, types: &[EventType]) -> Vec<EventType> {
        types.to_vec()
    }
    fn subscribe(&self, _: EventFilter, _: Arc<dyn EventSubscriber>) -> Subscription {
        Subscription::new(|| ())
    }
    fn react_through(&self, _: Weak<dyn EventBus>) {}

    fn stream(&self, _: EventFilter, _: StartAt) -> EventStream {
        EventStream::ended()
    }
    fn recent(&self) -> Vec<Arc<RecordedEvent>> {
        Vec::new()
    }
    fn counters(&self) -> BusCounters {
        BusCounters::default()
    }
    fn condition(&self) -> BusCondition {
        BusCondition::default()
    }

    async fn settled(&self) {}
    async fn shutdown(&self, _: Duration) -> ShutdownReport {
        ShutdownReport::default()
    }
}

#[test]
fn emitting_one_event_returns_its_receipt_through_any_bus() {
    let receipt = Receipt {
        event_id: "e1".to_owned(),
        sequence: Sequence(1),
        recorded_at: DateTime::UNIX_EPOCH,
        status: ReceiptStatus::Recorded,
    };
    let bus: &dyn EventBus = &Answering(vec![receipt.clone()]);
    assert_eq!(block_on(bus.emit(PlanCreated::sample())).unwrap(), receipt);
    assert_eq!(block_on(bus.emit(PlanEvent::from(PlanCreated::sample()))).unwrap(), receipt);
    let draft = EventDraft::from(PlanCreated::sample()).in_plan("p1");
    assert_eq!(block_on(bus.emit(draft)).unwrap(), receipt);
}

#[test]
fn a_reaction_is_emitted_on_the_bus_it_goes_through() {
    let receipt = recorded(PlanApplied::sample()).receipt();
    let bus = Arc::new(Answering(vec![receipt.clone()]));
    let event = Arc::new(recorded(PlanCreated::sample()));
    let delivery = Delivery::new(Arc::clone(&event), ReactionEmitter::new(event, Arc::new(bus), 1));
    assert_eq!(block_on(delivery.emit(PlanApplied::sample())).unwrap(), receipt);
}

#[test]
fn a_projector_is_a_name_and_a_function() {
    let through = Arc::new(Keeping::default());
    let names = projector("plan names", |event| async move {
        Ok(vec![Effect::new("INSERT INTO plan_event VALUES (?)").with(event.sequence.0)])
    });
    assert_eq!(names.name(), "plan names");
    let event = reacting_to(PlanCreated::sample().into(), &through, 1);
    let effects = block_on(names.project(&event)).unwrap();
    assert_eq!(effects, [Effect::new("INSERT INTO plan_event VALUES (?)").with(1)]);
}

#[test]
fn a_bus_that_returns_no_receipt_is_an_error_and_not_a_success() {
    let error = block_on(Answering(Vec::new()).emit(PlanCreated::sample())).unwrap_err();
    assert_eq!(error.to_string(), "`plan.created` was not put on record");
    assert_eq!(
        error.source().map(ToString::to_string),
        Some(
            "the recorder `event bus` misbehaved: it returned no receipt for an event it accepted"
                .to_owned()
        )
    );
}

#[test]
fn an_event_that_json_cannot_carry_fails_on_emit_and_says_which_field() {
    let bus = Answering(Vec::new());
    let event = ActorCompleted { cost_usd: Some(f64::NAN), ..ActorCompleted::sample() };
    let error = block_on(bus.emit(event)).unwrap_err();
    assert_eq!(error.to_string(), "the event `actor.completed` cannot be put on record");
    assert!(error.source().is_some_and(|source| source.to_string().contains("`cost_usd`")));
}

#[test]
fn errors_say_what_to_do_and_leave_the_cause_to_their_source() {
    let cause = || -> Arc<dyn Error + Send + Sync> { Arc::from(Box::from("disk on fire")) };
    let append = AppendError::Full(cause());
    assert!(append.to_string().contains("make room"));
    for error in [
        Box::new(append.clone()) as Box<dyn Error>,
        Box::new(RecordError::from(append.clone())),
        Box::new(RetentionError::from(append)),
        Box::new(RecordError::Refused(cause())),
    ] {
        assert!(!error.to_string().contains("on fire"), "{error}");
        let mut deepest: &dyn Error = &*error;
        while let Some(source) = deepest.source() {
            deepest = source;
        }
        assert_eq!(deepest.to_string(), "disk on fire");
    }
    let refused = EmitError::NoRecorder { event_type: PlanCreated::DESCRIPTOR.name() };
    assert!(refused.to_string().starts_with("no recorder is attached to `plan.created`"));
}

proptest! {
    #[test]
    fn an_actor_survives_being_written_and_read(
        kind in prop::sample::select(
            vec![ActorKind::Human, ActorKind::Agent, ActorKind::System],
        ),
        id in ".+",
    ) {
        let actor = Actor { kind, id };
        prop_assert_eq!(actor.to_string().parse(), Ok(actor));
    }

    #[test]
    fn reading_any_text_as_an_actor_never_panics(text in any::<String>()) {
        if let Ok(actor) = text.parse::<Actor>() {
            prop_assert_eq!(actor.to_string(), text);
        }
    }
}

/// A bus that keeps what it is given, as if it had recorded it.
#[derive(Default)]
struct Keeping(Mutex<Vec<EventEnvelope>>);

#[async_trait]
#[allow(clippy::unwrap_used, reason = "a test's own bus")]
impl EmitBatch for Keeping {
    async fn emit_batch(&self, drafts: Vec<EventDraft>) -> Result<Vec<Receipt>, EmitError> {
        let mut kept = self.0.lock().unwrap();
        let mut receipts = Vec::new();
        for draft in drafts {
            let id = || format!("made {}", kept.len());
            let envelope = draft.seal(DateTime::UNIX_EPOCH, id, "/tests").unwrap();
            let sequence = Sequence(kept.len() as u64 + 2);
            let event = RecordedEvent {
                sequence,
                recorded_at: DateTime::UNIX_EPOCH,
                envelope,
                erased: ErasedFields::NONE,
            };
            receipts.push(event.receipt());
            kept.push(event.envelope);
        }
        Ok(receipts)
    }
}

fn reacting_to(draft: EventDraft, through: &Arc<Keeping>, limit: u32) -> Delivery {
    let event = Arc::new(recorded(draft));
    let through: Arc<dyn EmitBatch> = Arc::<Keeping>::clone(through);
    Delivery::new(Arc::clone(&event), ReactionEmitter::new(event, through, limit))
}

#[test]
fn what_is_emitted_in_reaction_is_tied_to_its_cause() {
    let kept = Arc::new(Keeping::default());
    let trace = json!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let extensions: Details =
        [("traceparent".to_owned(), trace.clone()), ("own".to_owned(), json!(1))]
            .into_iter()
            .collect();
    let cause = EventDraft::from(PlanCreated::sample())
        .in_trace("4bf92f3577b34da6a3ce929d0e0e4736")
        .with_extensions(extensions);
    let delivery = reacting_to(cause.clone(), &kept, 3);
    let receipt = block_on(delivery.emit(PlanApplied::sample())).unwrap();
    assert_eq!((receipt.sequence, receipt.event_id.as_str()), (Sequence(2), "made 0"));
    let first = kept.0.lock().unwrap()[0].clone();
    assert_eq!(first.causation_id.as_deref(), Some("e1"));
    assert_eq!(first.correlation_id.as_deref(), Some("e1"), "a run is named after its first event");
    assert_eq!(first.trace_id.as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
    assert_eq!(first.extensions.get("traceparent"), Some(&trace));
    assert_eq!(first.extensions.get("own"), None, "only the trace is passed on");
    assert_eq!((first.reaction_depth(), delivery.envelope.reaction_depth()), (1, 0));

    // What the emitter says itself stands, and a run of work that has a name keeps it.
    let delivery = reacting_to(cause.correlated_by("run"), &kept, 3);
    let own = EventDraft::from(PlanApplied::sample()).caused_by("other").in_trace("mine");
    block_on(delivery.emit(own)).unwrap();
    let second = kept.0.lock().unwrap()[1].clone();
    assert_eq!(second.causation_id.as_deref(), Some("other"));
    assert_eq!(second.correlation_id.as_deref(), Some("run"));
    assert_eq!(second.trace_id.as_deref(), Some("mine"));
    assert_eq!(second.extensions.get("traceparent"), None, "another trace's parent is none of it");
}

#[test]
fn reactions_that_follow_from_one_another_are_limited_in_number() {
    let kept = Arc::new(Keeping::default());
    let mut cause = EventDraft::from(PlanCreated::sample());
    for depth in 1..=3 {
        let delivery = reacting_to(cause, &kept, 3);
        assert_eq!(delivery.envelope.reaction_depth(), depth - 1);
        block_on(delivery.emit(PlanCreated::sample())).unwrap();
        let envelope = kept.0.lock().unwrap().last().unwrap().clone();
        cause = EventDraft::from(PlanCreated::sample()).with_extensions(envelope.extensions);
    }
    let last = reacting_to(cause, &kept, 3);
    let error = block_on(last.emit(PlanApplied::sample())).unwrap_err();
    assert!(matches!(&error, EmitError::TooDeep { limit: 3, cause, .. } if cause == "e1"));
    let said = error.to_string();
    assert!(said.contains("`plan.applied`") && said.contains("`reactions.max-depth`"), "{said}");
    assert_eq!(kept.0.lock().unwrap().len(), 3, "nothing was emitted");
    assert!(block_on(last.emitter().emit_batch(Vec::new())).unwrap().is_empty());
}

#[test]
fn a_delivery_says_whether_it_may_be_one_of_several() {
    let kept = Arc::new(Keeping::default());
    let first = reacting_to(PlanCreated::sample().into(), &kept, 3);
    assert_eq!((first.attempt(), first.may_be_repeated()), (1, false));
    assert!(first.clone().with_repeated(true).may_be_repeated());
    let second = first.with_attempt(2);
    assert_eq!((second.attempt(), second.may_be_repeated()), (2, true));
    assert_eq!(second.event().sequence, second.sequence);
    assert!(format!("{second:?}").contains("max_depth: 3"));
}

#[test]
fn a_filter_narrows_to_a_session_and_an_actor() {
    let event = recorded(
        EventDraft::from(PlanCreated::sample()).in_session("s1").by(Actor::agent("planner")),
    );
    assert!(EventFilter::all().in_session("s1").by(&Actor::agent("planner")).accepts(&event));
    assert!(!EventFilter::all().in_session("s2").accepts(&event));
    assert!(!EventFilter::all().by(&Actor::human("planner")).accepts(&event));
}

#[test]
fn a_trace_context_is_carried_whole_and_its_trace_can_be_asked() {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent: indelible_domain::TraceParent =
        format!("00-{trace}-00f067aa0ba902b7-01").parse().unwrap();
    let draft = EventDraft::from(PlanCreated::sample());
    assert_eq!(draft.trace_id(), None);
    let draft = draft.in_trace_context(&parent);
    assert_eq!(draft.trace_id(), Some(trace));
    assert_eq!(recorded(draft).envelope.trace_parent(), Some(parent));
    let id_alone = EventDraft::from(PlanCreated::sample()).in_trace(trace);
    assert_eq!(recorded(id_alone).envelope.trace_parent(), None);
}
