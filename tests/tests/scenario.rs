//! The scenario kit keeps its own promises, and is used as its users would.

#![allow(clippy::unwrap_used, reason = "a test may give up")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::events::{ActorCompleted, AuditPruned, PlanApplied, PlanCreated, ToolInvoked};
use domain::ports::{RecordError, handler};
use domain::{
    Actor, AuditEntry, AuditLog, Clock, DomainEvent, Emit as _, EmitError, EventBus, EventDraft,
    EventEnvelope, EventFilter, EventRecorder, Receipt, ReceiptStatus, Redactor, Sequence,
};
use futures::FutureExt;
use indelible_tests::contract;
use indelible_tests::downstream::{self, OrderPlaced, ParcelShipped, Shop};
use indelible_tests::expect::eventually;
use indelible_tests::fakes::{Gate, ManualClock, NoRedaction, Probe, Refusal, RefusingRecorder};
use indelible_tests::scenario::timeline::Happening;
use indelible_tests::scenario::{History, ObservedBus, Outcome, ScenarioError, TestApp, Timeline};
use infrastructure::bus::{BusSettings, ReactiveEventBus};

fn plan(id: &str) -> EventDraft {
    EventDraft::from(PlanCreated::sample()).in_plan(id)
}

fn moment() -> DateTime<Utc> {
    "2026-07-01T09:00:00Z".parse().unwrap()
}

/// The message of an expectation that is not met.
fn unmet<T>(outcome: Outcome<T>) -> String {
    match outcome {
        Ok(_) => panic!("this expectation must not hold"),
        Err(error @ ScenarioError::Unmet { .. }) => format!("{error:?}"),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn that_something_is_on_record_is_said_in_five_lines() -> Outcome {
    let app = TestApp::start().await?;
    app.emit(plan("p1").by(Actor::agent("planner")).with_id("e1")).await?;
    let found = app.expect::<PlanCreated>().where_plan("p1").on_record().once().await?;
    assert_eq!(found.event, PlanCreated::sample());
    assert_eq!(found.recorded.sequence.0, 1);

    app.emit_batch(vec![plan("p2"), plan("p2")]).await?;
    let of = || app.expect::<PlanCreated>();
    of().where_plan("p2").on_record().times(2).await?;
    of().on_record().at_least(3).await?;
    of().where_plan("p3").on_record().never().await?;
    of().where_actor(&Actor::agent("planner")).on_record().once().await?;
    of().where_id("e1").on_record().once().await?;
    of().where_event("a long name", |plan: &PlanCreated| plan.name.len() > 1_000)
        .on_record()
        .never()
        .await?;
    assert!(app.shutdown().await.is_empty());
    Ok(())
}

#[tokio::test]
async fn every_part_of_the_envelope_can_be_asked_for() -> Outcome {
    let app = TestApp::start().await?;
    let draft = plan("p").in_project("j").in_session("s").correlated_by("c").caused_by("a");
    app.emit(draft.about("u")).await?;
    let of = || app.expect::<PlanCreated>();
    of().where_project("j").where_session("s").on_record().once().await?;
    of().where_correlation("c").where_causation("a").on_record().once().await?;
    of().where_subject("u").on_record().once().await?;
    let message = unmet(of().where_project("other").on_record().once().await);
    assert!(message.contains("its project is `j`"), "{message}");
    for message in [
        unmet(of().where_session("x").on_record().once().await),
        unmet(of().where_correlation("x").on_record().once().await),
        unmet(of().where_causation("x").on_record().once().await),
        unmet(of().where_subject("x").on_record().once().await),
        unmet(of().where_actor(&Actor::human("x")).on_record().once().await),
    ] {
        assert!(message.contains("Close to it: a `plan.created` on record as 1"), "{message}");
    }
    Ok(())
}

#[tokio::test]
async fn an_event_nobody_emitted_is_named_as_such_and_what_comes_close_is_shown() -> Outcome {
    let app = TestApp::start().await?;
    app.emit(plan("p2")).await?;
    let message = unmet(app.expect::<PlanCreated>().where_plan("p1").on_record().once().await);
    for part in [
        "expected `plan.created` with plan `p1` on record once, found none",
        "Missing edge: emitter → event",
        "a `plan.created` on record as 1, but its plan is `p2`",
        "emitted      plan.created plan=p2",
        "acknowledged as 1",
    ] {
        assert!(message.contains(part), "`{part}` is not in:\n{message}");
    }
    let message = unmet(app.expect::<PlanCreated>().on_record().never().await);
    assert!(message.contains("On record as 1."), "{message}");
    Ok(())
}

#[tokio::test]
async fn an_event_that_was_refused_is_named_with_the_reason() -> Outcome {
    let app = TestApp::builder()
        .with_override::<dyn EventRecorder>(|| Box::new(RefusingRecorder(Refusal::by_rule())))
        .start()
        .await?;
    assert!(matches!(app.emit(plan("p1")).await, Err(EmitError::NotRecorded { .. })));
    let of = || app.expect::<PlanCreated>().where_plan("p1");
    let message = unmet(of().on_record().once().await);
    assert!(
        message.contains("Missing edge: event → row. It was emitted, and refused"),
        "{message}"
    );
    let refused = of().refused().once().await?;
    assert!(matches!(refused.error, EmitError::NotRecorded { .. }));
    assert_eq!(refused.event, Some(PlanCreated::sample()));
    assert!(unmet(of().refused().never().await).contains("found one"));
    app.expect::<ToolInvoked>().refused().times(0).await?;
    let message = unmet(app.expect::<ToolInvoked>().refused().once().await);
    assert!(message.contains("emitter → event"), "{message}");
    Ok(())
}

#[tokio::test]
async fn an_event_that_cannot_even_be_written_down_is_refused_all_the_same() -> Outcome {
    let app = TestApp::start().await?;
    let unwritable = ActorCompleted { cost_usd: Some(f64::NAN), ..ActorCompleted::sample() };
    assert!(app.emit(unwritable).await.is_err());
    let refused = app.expect::<ActorCompleted>().refused().once().await?;
    assert!(matches!(refused.error, EmitError::Invalid { .. }));
    assert_eq!(refused.event, None);
    let message = unmet(app.expect::<ActorCompleted>().where_plan("p").refused().never().await);
    assert!(message.contains("expect them without conditions"), "{message}");
    Ok(())
}

#[tokio::test]
async fn a_row_that_cannot_be_read_meets_no_expectation_not_even_that_there_is_none() -> Outcome {
    let app = TestApp::start().await?;
    let sealed = plan("p1").seal(moment(), || "e1".to_owned(), "/elsewhere").unwrap();
    let details = [("name".to_owned(), serde_json::json!(7))].into_iter().collect();
    app.log().append(&[AuditEntry::new(EventEnvelope { details, ..sealed })]).await.unwrap();
    let of = || app.expect::<PlanCreated>().where_event("anything", |_| false).on_record();
    let message = unmet(of().never().await);
    assert!(message.contains("found sequence 1 that is not"), "{message}");
    app.expect::<PlanCreated>().where_plan("another").on_record().never().await?;
    Ok(())
}

#[tokio::test]
async fn something_recorded_that_should_have_been_refused_is_shown() -> Outcome {
    let app = TestApp::start().await?;
    app.emit(plan("p1")).await?;
    let message = unmet(app.expect::<PlanCreated>().refused().once().await);
    assert!(message.contains("It was not refused: it is on record as 1."), "{message}");
    Ok(())
}

/// A recorder that acknowledges what it has not stored, from this place on.
struct SaysSo(u64);

#[async_trait]
impl EventRecorder for SaysSo {
    fn name(&self) -> &'static str {
        "says so"
    }

    fn prepare(&self, envelope: EventEnvelope) -> Result<AuditEntry, RecordError> {
        Ok(AuditEntry::new(envelope))
    }

    async fn record(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, RecordError> {
        let receipt = |(entry, sequence): (&AuditEntry, u64)| Receipt {
            event_id: entry.envelope().event_id.clone(),
            sequence: Sequence(sequence),
            recorded_at: moment(),
            status: ReceiptStatus::Recorded,
        };
        Ok(batch.iter().zip(self.0..).map(receipt).collect())
    }
}

#[tokio::test]
async fn an_acknowledged_event_without_a_row_is_named() -> Outcome {
    let app = TestApp::builder()
        .at(moment())
        .with_override::<dyn EventRecorder>(|| Box::new(SaysSo(1)))
        .start()
        .await?;
    app.emit(plan("p1")).await?;
    let message = unmet(app.expect::<PlanCreated>().on_record().once().await);
    assert!(message.contains("acknowledged as 1, and the audit log has no such row"), "{message}");
    Ok(())
}

#[tokio::test]
async fn what_redaction_changed_is_shown_as_a_row_that_differs() -> Outcome {
    let app = TestApp::start().await?;
    let goal = "--password hunter2hunter2".to_owned();
    app.emit(PlanCreated { goal, ..PlanCreated::sample() }).await?;
    let of = |app: &TestApp| {
        app.expect::<PlanCreated>()
            .where_event("the password", |plan| plan.goal.contains("hunter2"))
            .on_record()
    };
    let message = unmet(of(&app).once().await);
    assert!(message.contains("what is on record differs"), "{message}");
    assert!(message.contains("it does not meet \"the password\""), "{message}");

    let app =
        TestApp::builder().with_override::<dyn Redactor>(|| Box::new(NoRedaction)).start().await?;
    let goal = "--password hunter2hunter2".to_owned();
    app.emit(PlanCreated { goal, ..PlanCreated::sample() }).await?;
    of(&app).once().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_told_and_what_came_of_it_is_on_the_timeline() -> Outcome {
    let app = TestApp::start().await?;
    let failing = Probe::new("failing")
        .failing_on(|event| event.sequence.0 == 1)
        .panicking_on(|event| event.sequence.0 == 2);
    let _failing = app.subscribe(EventFilter::all(), Arc::new(failing));
    let _tools =
        app.subscribe(EventFilter::of::<ToolInvoked>(), Arc::new(Probe::new("tools only")));
    let picky = EventFilter::all().where_event(|event| event.sequence.0 == 2);
    let _picky = app.subscribe(picky, Arc::new(Probe::new("picky")));
    let left = app.subscribe(EventFilter::all(), Arc::new(Probe::new("left")));
    left.unsubscribe();
    app.emit_batch(vec![plan("p1"), plan("p1"), plan("p1")]).await?;
    let of = || app.expect::<PlanCreated>().where_plan("p1");
    of().handled_by("failing").once().await?;
    of().failed_in("failing").times(2).await?;
    of().handled_by("picky").once().await?;

    let message = unmet(of().handled_by("failing").times(3).await);
    assert!(message.contains("it failed: this probe fails"), "{message}");
    assert!(message.contains("it panicked: this probe panics"), "{message}");
    let message = unmet(of().handled_by("tools only").once().await);
    assert!(message.contains("Its filter does not want it."), "{message}");
    let message = unmet(of().handled_by("picky").times(3).await);
    assert!(message.contains("its predicate does not accept it"), "{message}");
    let message = unmet(of().handled_by("left").once().await);
    assert!(message.contains("It was not told of it before it left."), "{message}");
    let message = unmet(of().handled_by("billing").once().await);
    assert!(message.contains("Nobody named `billing` has subscribed"), "{message}");
    assert!(message.contains("failing, left, picky, tools only has"), "{message}");
    let message = unmet(app.expect_no_failures().await);
    assert!(message.contains("found 2 that did not"), "{message}");

    let _late = app.subscribe(EventFilter::all(), Arc::new(Probe::new("late")));
    let message = unmet(of().handled_by("late").once().await);
    assert!(message.contains("It subscribed after it."), "{message}");
    Ok(())
}

#[tokio::test]
async fn what_keeps_an_application_from_coming_to_rest_is_named() -> Outcome {
    let app = TestApp::builder().with_patience(Duration::from_millis(50)).start().await?;
    let gate = Arc::new(Gate::closed());
    let held = Probe::new("held").behind(Arc::clone(&gate));
    let subscription = app.subscribe(EventFilter::all(), Arc::new(held));
    app.emit(plan("p1")).await?;
    gate.arrived(1).await;
    let error = app.settled().await.unwrap_err();
    assert!(matches!(error, ScenarioError::NotSettled { .. }));
    let message = format!("{error:?}");
    assert!(message.contains("`held` has not returned from event 1"), "{message}");
    subscription.unsubscribe();
    // Asked at once, when its task may not even have noticed.
    let message = unmet(app.expect_no_failures().await);
    assert!(message.contains("found 1 that did not"), "{message}");
    let message = unmet(app.expect::<PlanCreated>().handled_by("held").once().await);
    assert!(message.contains("given up in the middle"), "{message}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_opens_the_same_file_and_starts_everything_else_anew() -> Outcome {
    let app = TestApp::builder().at(moment()).start().await?;
    let probe = Arc::new(Probe::new("before"));
    let _subscription = app.subscribe(EventFilter::all(), Arc::clone(&probe) as _);
    let old = app.bus();
    app.emit(plan("p1")).await?;
    let app = app.restart().await?;
    assert!(matches!(old.emit(plan("p1")).await, Err(EmitError::ShutDown)));
    assert_eq!(app.clock().now(), moment(), "the clock is the scenario's, not the application's");
    app.clock().advance(TimeDelta::hours(1));
    assert_eq!(app.emit(plan("p2")).await?.recorded_at, moment() + TimeDelta::hours(1));
    app.expect::<PlanCreated>().on_record().times(2).await?;
    app.expect::<PlanCreated>().handled_by("before").once().await?;
    let started = |happening: &Happening| matches!(happening, Happening::Started { .. });
    let starts = app.timeline().happenings().iter().filter(|one| started(one)).count();
    assert_eq!(starts, 2);
    let file = app.file().to_owned();
    assert!(file.exists());
    app.shutdown().await;
    assert!(!file.exists(), "the file goes with its scenario");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_is_on_record_before_anything_happens_and_is_as_old_as_it_says() -> Outcome {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../bootstrap/examples/agent-run.ndjson");
    let history = History::new()
        .recorded_at(moment())
        .then(plan("old"))
        .recorded_at(moment() + TimeDelta::days(40))
        .and(History::from_file(sample))
        .and([plan("new")]);
    let probe = Arc::new(Probe::new("product"));
    let subscriber = Arc::clone(&probe);
    let app = TestApp::builder()
        .with_settings(|settings| settings.audit.retention_days = 30)
        .given(history)
        .with_product(move |app| {
            app.bus().subscribe(EventFilter::all(), Arc::clone(&subscriber) as _)
        })
        .start()
        .await?;
    assert!(probe.events().is_empty(), "a product does not react to what was before it");
    app.expect::<PlanCreated>().where_plan("new").on_record().once().await?;
    // What is older than the settings keep goes when the application looks, which it does at once.
    let pruned = app.expect::<AuditPruned>().on_record().eventually().once().await?;
    assert_eq!((pruned.event.from_sequence, pruned.event.to_sequence), (1, 1));
    app.expect::<PlanCreated>().where_plan("old").on_record().never().await?;
    Ok(())
}

#[tokio::test]
async fn a_scenario_begins_at_its_moment_whenever_its_history_was_recorded() -> Outcome {
    let earlier = moment() - TimeDelta::days(7);
    let history = || History::new().recorded_at(earlier).then(plan("old"));
    let app = TestApp::builder().at(moment()).given(history()).start().await?;
    let old = app.expect::<PlanCreated>().on_record().once().await?;
    assert_eq!(old.recorded.recorded_at, earlier);
    assert_eq!(app.clock().now(), moment());

    let app = TestApp::builder().given(history()).start().await?;
    assert_eq!(app.clock().now(), earlier, "without one, it goes on where the history ends");

    let back = history().recorded_at(earlier - TimeDelta::seconds(1)).then(plan("older"));
    let later = TestApp::builder().at(earlier - TimeDelta::days(1)).given(history());
    for builder in [TestApp::builder().given(back), later] {
        let Err(error) = builder.start().await else { panic!("it has started") };
        assert!(matches!(error, ScenarioError::HistoryOrder { .. }), "{error:?}");
    }
    let other = || ManualClock::at(moment());
    let builder = TestApp::builder().with_override::<dyn Clock>(move || Box::new(other()));
    let Err(error) = builder.given(history()).start().await else { panic!("it has started") };
    assert!(matches!(error, ScenarioError::HistoryClock), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn a_history_that_cannot_be_used_is_refused_by_line_and_file() -> Outcome {
    let text = "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/x\",\"type\":\"no.such\"}";
    let history = History::cloud_events(format!("\n{text}"));
    let Err(error) = TestApp::builder().given(history).start().await else {
        panic!("it has started")
    };
    assert!(format!("{error:?}").starts_with("line 2 of the history"), "{error:?}");
    let missing = History::from_file("/no/such/file");
    let Err(error) = TestApp::builder().given(missing).start().await else {
        panic!("it has started")
    };
    assert!(error.to_string().contains("/no/such/file"), "{error:?}");
    let broken = History::cloud_events("[1");
    assert!(TestApp::builder().given(broken).start().await.is_err());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_with_a_container_and_events_of_its_own_is_booted_unchanged() -> Outcome {
    let app = TestApp::builder()
        .with_catalogue(downstream::CATALOGUE)
        .with_product(Shop::start)
        .start()
        .await?;
    let receipt = app.emit(OrderPlaced::sample()).await?;
    app.expect::<ParcelShipped>().where_causation(receipt.event_id).on_record().once().await?;
    app.expect::<OrderPlaced>().handled_by("dispatcher").once().await?;
    app.expect_no_failures().await?;

    let app = app.restart().await?;
    app.emit(OrderPlaced { articles: Vec::new(), ..OrderPlaced::sample() }).await?;
    app.expect::<OrderPlaced>().failed_in("dispatcher").once().await?;
    app.emit(OrderPlaced { order_id: "o2".into(), ..OrderPlaced::sample() }).await?;
    let parcel = app
        .expect::<ParcelShipped>()
        .where_event("of o2", |parcel| parcel.order_id == "o2")
        .on_record()
        .once()
        .await?;
    assert_eq!(parcel.event.carrier, "bicycle");
    let _: &Shop = app.product();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_acknowledged_to_a_killed_child_is_on_record() -> Outcome {
    let app = TestApp::start().await?;
    app.emit(plan("parent")).await?;
    let app = app.crash("recording_until_killed", 60).await?;
    let app = app.crash("recording_until_killed", 1).await?;
    app.expect::<PlanCreated>().where_plan("child").on_record().at_least(61).await?;
    app.expect::<PlanCreated>().where_plan("parent").on_record().once().await?;
    app.expect::<PlanCreated>().where_plan("history").on_record().never().await?;
    assert!(app.timeline().to_string().contains("killed       a child process"));
    Ok(())
}

/// What is killed above; does nothing by itself.
#[tokio::test(flavor = "multi_thread")]
async fn recording_until_killed() -> Outcome {
    let builder = TestApp::builder().given([plan("history")]);
    let Some(app) = builder.start_in_child().await? else { return Ok(()) };
    let emitters = (0..8).map(|_| async {
        loop {
            app.emit(plan("child")).await?;
        }
    });
    let ended: Outcome<Vec<()>> = futures::future::try_join_all(emitters).await;
    ended.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_products_own_events_survive_its_being_killed() -> Outcome {
    let shop = || TestApp::builder().with_catalogue(downstream::CATALOGUE);
    let app = shop().with_product(Shop::start).start().await?;
    let app = app.crash("taking_orders_until_killed", 30).await?;
    let orders = app.expect::<OrderPlaced>().on_record().at_least(1).await?;
    let parcels = app.expect::<ParcelShipped>().on_record().at_least(1).await?;
    assert!(orders.len() + parcels.len() >= 30, "orders and parcels are acknowledged alike");
    for parcel in parcels {
        let order = parcel.recorded.envelope.causation_id.unwrap_or_default();
        app.expect::<OrderPlaced>().where_id(order).on_record().once().await?;
    }
    Ok(())
}

/// What is killed above; does nothing by itself.
#[tokio::test(flavor = "multi_thread")]
async fn taking_orders_until_killed() -> Outcome {
    let shop = TestApp::builder().with_catalogue(downstream::CATALOGUE).with_product(Shop::start);
    let Some(app) = shop.start_in_child().await? else { return Ok(()) };
    loop {
        app.emit(OrderPlaced::sample()).await?;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_a_killed_child_was_promised_and_is_not_there_fails_the_scenario() -> Outcome
{
    let app = TestApp::start().await?;
    let Err(error) = app.crash("promising_until_killed", 1).await else { panic!("it is lost") };
    assert!(matches!(error, ScenarioError::NotDurable { .. }), "{error:?}");
    let message = format!("{error:?}");
    assert!(message.contains("was acknowledged as 9, where there is nothing"), "{message}");
    Ok(())
}

/// What is killed above, and says that something was acknowledged which was not.
#[tokio::test(flavor = "multi_thread")]
async fn promising_until_killed() -> Outcome {
    let Some(app) = TestApp::builder()
        .with_override::<dyn EventRecorder>(|| Box::new(SaysSo(9)))
        .start_in_child()
        .await?
    else {
        return Ok(());
    };
    app.emit(plan("child")).await?;
    std::future::pending().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_the_scenario_itself_was_promised_and_is_not_there_fails_a_crash() -> Outcome
{
    let app = TestApp::builder()
        .with_override::<dyn EventRecorder>(|| Box::new(SaysSo(1)))
        .start()
        .await?;
    app.emit(plan("parent").with_id("promised")).await?;
    let Err(error) = app.crash("recording_until_killed", 5).await else { panic!("it is lost") };
    let message = format!("{error:?}");
    assert!(message.contains("event promised was acknowledged as 1, where there is"), "{message}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_ends_by_itself_is_shown_with_what_it_said() -> Outcome {
    let app = TestApp::start().await?;
    let Err(error) = app.crash("no_such_test_here", 1).await else { panic!("there is none") };
    let message = format!("{error:?}");
    assert!(message.contains("`no_such_test_here` must be a test"), "{message}");
    assert!(message.contains("0 passed"), "what it said is shown: {message}");
    Ok(())
}

#[tokio::test]
async fn any_port_can_be_overridden_and_an_overridden_bus_is_observed_as_well() -> Outcome {
    let app = TestApp::builder()
        .with_override::<dyn AuditLog>(|| {
            let clock: Arc<dyn Clock> = Arc::new(infrastructure::clock::SystemClock);
            Box::new(infrastructure::memory::InMemoryAuditLog::new(clock))
        })
        .start()
        .await?;
    app.emit(plan("p1")).await?;
    app.expect::<PlanCreated>().on_record().once().await?;
    assert!(!app.file().exists());

    let started = TestApp::builder()
        .with_override::<dyn EventBus>(|| Box::new(indelible_tests::fakes::ForgetfulBus))
        .start()
        .await;
    let Err(ScenarioError::Start(error)) = started else { panic!("it must not start") };
    assert!(error.to_string().contains("plan.created"));
    Ok(())
}

#[tokio::test]
async fn reactions_are_waited_for_with_all_that_they_emit() -> Outcome {
    let app = TestApp::start().await?;
    let bus = Arc::downgrade(&app.bus());
    let applying = handler("applying", move |event| {
        let bus = bus.clone();
        async move {
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            let bus = bus.upgrade().ok_or("the bus has gone")?;
            let draft = EventDraft::from(PlanApplied::sample());
            bus.emit(draft.caused_by(event.envelope.event_id)).await?;
            Ok(())
        }
    });
    let _applying = app.subscribe(EventFilter::of::<PlanCreated>(), applying);
    let id = app.emit(plan("p1")).await?.event_id;
    app.expect::<PlanApplied>().where_causation(id).on_record().once().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn at_rest_the_end_of_every_emit_is_on_the_timeline() -> Outcome {
    let app = TestApp::start().await?;
    let noted = |wanted: fn(&Happening) -> bool| {
        app.timeline().happenings().iter().filter(|one| wanted(one)).count()
    };
    for round in 1..=300 {
        let bus = app.bus();
        let emitting = tokio::spawn(async move {
            // Refused, which takes no time at all.
            let cost_usd = Some(f64::NAN);
            bus.emit(ActorCompleted { cost_usd, ..ActorCompleted::sample() }).await.unwrap_err();
        });
        eventually("it is emitted", || {
            noted(|one| matches!(one, Happening::Emitted { .. })) == round
        })
        .await;
        app.settled().await?;
        assert_eq!(noted(|one| matches!(one, Happening::Refused { .. })), round);
        emitting.await.unwrap();
    }
    app.expect::<ActorCompleted>().refused().times(300).await?;
    Ok(())
}

#[tokio::test]
async fn an_emit_given_up_is_on_the_timeline() -> Outcome {
    let app = TestApp::start().await?;
    drop(app.emit(plan("p1")).now_or_never());
    app.settled().await?;
    let given_up = |happening: &Happening| matches!(happening, Happening::GivenUp { .. });
    assert!(app.timeline().happenings().iter().any(given_up), "{}", app.timeline());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_bus_that_is_observed_keeps_every_promise_of_a_bus() {
    let make = |clock: Arc<ManualClock>, log: Arc<dyn AuditLog>| async {
        let inner = ReactiveEventBus::new(BusSettings::default(), clock, log);
        ObservedBus::new(Arc::new(inner), Timeline::default())
    };
    contract::event_bus(&make).await;
}
