//! The real container on a real file: every type of the catalogue arrives on record, and every
//! port can be played by somebody else.
//!
//! The walk over the types is driven by the catalogue. A type that is added is emitted here without
//! anybody having to think of it.

#![allow(clippy::unwrap_used, reason = "a test may give up")]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use domain::audit::Page;
use domain::events::{CATALOGUE, PlanCreated};
use domain::{
    Actor, AuditFilter, AuditLog, Catalogue, Clock, Details, DomainEvent, Emit, EmitError,
    EventBus, EventDescriptor, EventDraft, EventFilter, EventRecorder, RecordedEvent, Redactor,
    Sequence, StartAt, SubscriptionName, SubscriptionStore,
};
use futures::StreamExt;
use indelible::wiring::open_subscriptions_for_reading;
use indelible::{App, StartError};
use indelible_tests::boot::settings_in;
use indelible_tests::downstream;
use indelible_tests::fakes::{
    ForgetfulBus, ManualClock, NoRedaction, Probe, Refusal, RefusingRecorder,
};
use infrastructure::memory::{InMemoryAuditLog, InMemorySubscriptionStore};
use serde_json::json;

fn moment() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 7, 1, 9, 0, 0).unwrap()
}

/// An event of this type with every field of the envelope filled.
fn full_draft(event: &EventDescriptor, n: usize) -> EventDraft {
    let extensions: Details = [("tracestate".to_owned(), json!("vendor=1"))].into_iter().collect();
    EventDraft::untyped(event, event.version, (event.sample)())
        .unwrap()
        .with_id(format!("wiring-{n}"))
        .from_source("/wiring")
        .occurred_at(moment() + Duration::from_nanos(1_234_567 * n as u64))
        .about(format!("subject-{n}"))
        .in_plan(format!("plan-{n}"))
        .in_project(format!("project-{n}"))
        .in_session(format!("session-{n}"))
        .by(Actor::agent(format!("agent-{n}")))
        .for_user(format!("user-{n}"))
        .correlated_by(format!("correlation-{n}"))
        .caused_by(format!("causation-{n}"))
        .in_trace(format!("{n:032x}"))
        .with_extensions(extensions)
}

async fn everything(log: &dyn AuditLog) -> Vec<RecordedEvent> {
    log.page(&AuditFilter::default(), Page::first(100_000)).await.unwrap()
}

/// Emits every type of a catalogue in one container, and reads it back in another.
async fn every_type_arrives(catalogue: Catalogue) {
    let dir = tempfile::tempdir().unwrap();
    let start = || App::builder(settings_in(dir.path())).with_catalogue(catalogue).start();
    let app = start().await.unwrap();
    let mut sealed = Vec::new();
    for (n, event) in catalogue.events().enumerate() {
        let draft = full_draft(event, n);
        sealed.push(draft.clone().seal(moment(), String::new, "").unwrap());
        let receipt = app.bus().emit(draft).await.unwrap();
        assert_eq!(receipt.sequence, Sequence(n as u64 + 1), "{}", event.event_type);
    }
    app.shutdown().await;

    let app = start().await.unwrap();
    let recorded = everything(&*app.log()).await;
    app.shutdown().await;
    let arrived: HashSet<&str> =
        recorded.iter().map(|event| event.envelope.event_type.as_str()).collect();
    for event in catalogue.events() {
        assert!(
            arrived.contains(event.event_type),
            "`{}` is declared and did not arrive on record: the composition root must attach a \
             recorder to every type of the catalogue",
            event.event_type
        );
    }
    assert_eq!(recorded.len(), sealed.len());
    for (recorded, sent) in recorded.iter().zip(&sealed) {
        assert_eq!(&recorded.envelope, sent, "`{}` is not as it was emitted", sent.event_type);
        let descriptor = catalogue.find(sent.event_type.as_str()).unwrap();
        assert_eq!((descriptor.check)(sent.schema_version, &recorded.envelope.details), Ok(()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_of_the_platform_arrives_on_record_field_by_field() {
    every_type_arrives(CATALOGUE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_downstream_products_types_arrive_as_the_platforms_own_do() {
    every_type_arrives(downstream::CATALOGUE).await;
}

#[tokio::test]
async fn a_type_outside_the_catalogue_cannot_be_emitted_and_the_error_names_it_and_the_fix() {
    let dir = tempfile::tempdir().unwrap();
    let app = App::builder(settings_in(dir.path())).start().await.unwrap();
    let error = app.bus().emit(downstream::OrderPlaced::sample()).await.unwrap_err();
    assert!(matches!(error, EmitError::NoRecorder { .. }));
    let message = error.to_string();
    assert!(message.contains("`order.placed`") && message.contains("catalogue"), "{message}");
    assert!(everything(&*app.log()).await.is_empty());
    app.shutdown().await;
}

#[tokio::test]
async fn after_a_restart_the_record_goes_on_where_it_ended() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..3_u64 {
        let app = App::builder(settings_in(dir.path())).start().await.unwrap();
        let draft = EventDraft::from(PlanCreated::sample()).from_source("/x").with_id("the same");
        assert_eq!(app.bus().emit(draft).await.unwrap().sequence, Sequence(1));
        let receipt = app.bus().emit(PlanCreated::sample()).await.unwrap();
        assert_eq!(receipt.sequence, Sequence(round + 2));
        app.shutdown().await;
        let error = app_after_shutdown(&dir).await;
        assert!(matches!(error, EmitError::ShutDown));
    }
}

async fn app_after_shutdown(dir: &tempfile::TempDir) -> EmitError {
    let app = App::builder(settings_in(dir.path())).start().await.unwrap();
    let bus = app.bus();
    app.shutdown().await;
    bus.emit(PlanCreated::sample()).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_tasks_at_once_are_recorded_once_each_in_one_order_for_everyone() {
    const TASKS: usize = 64;
    const EACH: usize = 25;
    let dir = tempfile::tempdir().unwrap();
    let app = App::builder(settings_in(dir.path())).start().await.unwrap();
    let probes: Vec<Arc<Probe>> =
        (0..3).map(|n| Arc::new(Probe::new(format!("probe-{n}")))).collect();
    let subscriptions: Vec<_> = probes
        .iter()
        .map(|probe| app.bus().subscribe(EventFilter::all(), Arc::clone(probe) as _))
        .collect();
    let stream = app.bus().stream(EventFilter::all(), StartAt::Now);

    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let bus = app.bus();
            tokio::spawn(async move {
                let mut receipts = Vec::new();
                for n in 0..EACH {
                    let draft = EventDraft::from(PlanCreated::sample())
                        .from_source("/many")
                        .with_id(format!("{task}-{n}"));
                    receipts.push(bus.emit(draft).await.unwrap());
                }
                receipts
            })
        })
        .collect();
    let mut receipts = Vec::new();
    for task in tasks {
        receipts.extend(task.await.unwrap());
    }
    let expected: Vec<u64> = (1..=(TASKS * EACH) as u64).collect();
    let mut given: Vec<u64> = receipts.iter().map(|receipt| receipt.sequence.0).collect();
    given.sort_unstable();
    assert_eq!(given, expected, "the receipts are gapless");

    let recorded = everything(&*app.log()).await;
    let order: Vec<u64> = recorded.iter().map(|event| event.sequence.0).collect();
    assert_eq!(order, expected);
    let ids: HashSet<&str> =
        recorded.iter().map(|event| event.envelope.event_id.as_str()).collect();
    assert_eq!(ids.len(), TASKS * EACH);
    for probe in &probes {
        probe.told(TASKS * EACH).await;
        assert_eq!(probe.events(), recorded, "a subscriber sees the record, in the record's order");
    }
    let live: Vec<RecordedEvent> =
        stream.take(TASKS * EACH).map(|event| (*event.unwrap()).clone()).collect().await;
    assert_eq!(live, recorded, "a stream sees the record, in the record's order");
    drop(subscriptions);
    app.shutdown().await;
}

#[tokio::test]
async fn with_an_audit_log_of_your_own_no_file_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(moment()));
    let app = App::builder(settings_in(dir.path()))
        .with_component_override::<dyn AuditLog>(Box::new(InMemoryAuditLog::new(clock)))
        .with_component_override::<dyn Redactor>(Box::new(NoRedaction))
        .start()
        .await
        .unwrap();
    app.bus().emit(PlanCreated::sample()).await.unwrap();
    assert_eq!(everything(&*app.log()).await.len(), 1);
    app.shutdown().await;
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn subscriptions_are_kept_beside_the_record_and_read_without_starting_anything() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings_in(dir.path());
    let billing: SubscriptionName = "billing".parse().unwrap();
    let app = App::builder(settings.clone()).start().await.unwrap();
    app.subscriptions().ensure(&billing, Sequence(7)).await.unwrap();
    app.shutdown().await;
    let reading = open_subscriptions_for_reading(&settings).await.unwrap();
    let cursors: Vec<_> = reading.all().await.unwrap().iter().map(|one| one.cursor).collect();
    assert_eq!(cursors, [Sequence(7)]);
    assert!(reading.pause(&billing).await.is_err(), "it is for reading alone");
    let nowhere = settings_in(&dir.path().join("nowhere"));
    assert!(open_subscriptions_for_reading(&nowhere).await.is_err(), "and nothing is made");
    let app = App::builder(settings).start().await.unwrap();
    let resolved: Arc<dyn SubscriptionStore> = app.services().resolve();
    for store in [resolved, app.subscriptions()] {
        assert_eq!(store.find(&billing).await.unwrap().unwrap().cursor, Sequence(7));
    }
    app.shutdown().await;
}

#[tokio::test]
async fn with_an_audit_log_of_your_own_subscriptions_are_kept_in_memory_or_where_you_say() {
    let clock = || -> Arc<dyn Clock> { Arc::new(ManualClock::at(moment())) };
    let dir = tempfile::tempdir().unwrap();
    let billing: SubscriptionName = "billing".parse().unwrap();
    let own = Arc::new(InMemorySubscriptionStore::new(clock()));
    own.ensure(&billing, Sequence(3)).await.unwrap();
    for (store, cursor) in [(None, 0), (Some(own), 3)] {
        let mut builder = App::builder(settings_in(dir.path()))
            .with_component_override::<dyn Redactor>(Box::new(NoRedaction))
            .with_component_override::<dyn AuditLog>(Box::new(InMemoryAuditLog::new(clock())));
        if let Some(store) = store.and_then(Arc::into_inner) {
            builder = builder.with_component_override::<dyn SubscriptionStore>(Box::new(store));
        }
        let app = builder.start().await.unwrap();
        let status = app.subscriptions().ensure(&billing, Sequence(0)).await.unwrap();
        assert_eq!(status.cursor, Sequence(cursor), "what is there is found");
        app.subscriptions().rewind(&billing, Sequence(9)).await.unwrap();
        let again = app.subscriptions().find(&billing).await.unwrap().unwrap();
        assert_eq!(again.cursor, Sequence(9), "it is one store for everyone");
        app.shutdown().await;
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "no file is made");
}

#[tokio::test]
async fn the_clock_can_be_replaced_and_stamps_what_is_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let app = App::builder(settings_in(dir.path()))
        // Whoever waits to sign what is new does not move the clock.
        .with_component_override::<dyn Clock>(Box::new(
            ManualClock::at(moment()).with_longest_sleep(Duration::from_secs(5)),
        ))
        .start()
        .await
        .unwrap();
    let receipt = app.bus().emit(PlanCreated::sample()).await.unwrap();
    assert_eq!(receipt.recorded_at, moment());
    assert_eq!(app.clock().now(), moment());
    app.shutdown().await;
}

#[tokio::test]
async fn the_redactor_can_be_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let secret = PlanCreated { goal: "--password hunter2hunter2".into(), ..PlanCreated::sample() };
    for (replaced, shown) in [(false, false), (true, true)] {
        let mut builder = App::builder(settings_in(dir.path()));
        if replaced {
            builder = builder.with_component_override::<dyn Redactor>(Box::new(NoRedaction));
        }
        let app = builder.start().await.unwrap();
        let sequence = app.bus().emit(secret.clone()).await.unwrap().sequence;
        let event = app.log().by_sequence(sequence).await.unwrap().unwrap();
        let goal = event.decode::<PlanCreated>().unwrap().goal;
        assert_eq!(goal.contains("hunter2hunter2"), shown, "{goal}");
        app.shutdown().await;
    }
}

#[tokio::test]
async fn a_recorder_that_refuses_keeps_everybody_from_seeing_the_event() {
    let dir = tempfile::tempdir().unwrap();
    let refusing: Box<dyn EventRecorder> = Box::new(RefusingRecorder(Refusal::by_rule()));
    let app = App::builder(settings_in(dir.path()))
        .with_component_override::<dyn EventRecorder>(refusing)
        .start()
        .await
        .unwrap();
    let probe = Arc::new(Probe::new("probe"));
    let _subscription = app.bus().subscribe(EventFilter::all(), Arc::clone(&probe) as _);
    let error = app.bus().emit(PlanCreated::sample()).await.unwrap_err();
    assert!(matches!(error, EmitError::NotRecorded { .. }), "{error:?}");
    assert!(app.bus().recent().is_empty());
    assert!(everything(&*app.log()).await.is_empty());
    app.shutdown().await;
    assert!(probe.events().is_empty());
}

#[tokio::test]
async fn a_bus_that_forgets_its_recorders_stops_the_start_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let forgetful: Box<dyn EventBus> = Box::new(ForgetfulBus);
    let started = App::builder(settings_in(dir.path()))
        .with_component_override::<dyn EventBus>(forgetful)
        .start()
        .await;
    let Err(error @ StartError::NotRecorded { .. }) = started else {
        panic!("an application without recorders has started");
    };
    let message = error.to_string();
    assert!(message.contains("`plan.created`") && message.contains("`auth.failed`"), "{message}");
}

#[tokio::test]
async fn retention_in_the_settings_prunes_when_the_application_starts() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = settings_in(dir.path());
    let start = |settings, now| {
        let clock = ManualClock::at(now).with_longest_sleep(Duration::from_mins(1));
        App::builder(settings).with_component_override::<dyn Clock>(Box::new(clock)).start()
    };
    let app = start(settings.clone(), moment()).await.unwrap();
    for _ in 0..5 {
        app.bus().emit(PlanCreated::sample()).await.unwrap();
    }
    app.shutdown().await;

    settings.audit.retention_days = 30;
    let app = start(settings, moment() + chrono::TimeDelta::days(31)).await.unwrap();
    let mut announced = app.bus().stream(EventFilter::context("audit"), StartAt::Now);
    let begun = announced.next().await.unwrap().unwrap();
    assert!(begun.is::<domain::events::AuditPruneStarted>());
    let event = announced.next().await.unwrap().unwrap();
    let pruned = event.decode::<domain::events::AuditPruned>().unwrap();
    assert_eq!((pruned.from_sequence, pruned.to_sequence, pruned.entries), (1, 4, 4));
    let left: Vec<u64> =
        everything(&*app.log()).await.iter().map(|event| event.sequence.0).collect();
    assert_eq!(left, [5, 6, 7], "the newest entry stays, and the run itself is on record");
    app.shutdown().await;
}

#[tokio::test]
async fn every_event_can_be_logged_besides() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = settings_in(dir.path());
    settings.log.events = true;
    let app = App::builder(settings).start().await.unwrap();
    app.bus().emit(PlanCreated::sample()).await.unwrap();
    assert_eq!(app.bus().counters().recorded, 1);
    app.shutdown().await;
}
