//! The bus that keeps the timeline, and when it is at rest.

use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use domain::events::{PlanCreated, ToolInvoked};
use domain::ports::{BusCondition, BusCounters, EventStream, ShutdownReport};
use domain::{
    AuditLog, Emit as _, EmitError, EventBus, EventDraft, EventFilter, EventRecorder,
    EventSubscriber, EventType, Receipt, RecordedEvent, StartAt, Subscription,
};
use futures::FutureExt;
use indelible_tests::contract;
use indelible_tests::fakes::{Gate, ManualClock, Probe, StallingRecorder};
use indelible_tests::scenario::timeline::Happening;
use indelible_tests::scenario::{ObservedBus, Outcome, ScenarioError, TestApp, Timeline};
use indelible_tests::stage::Stage;
use infrastructure::bus::{BusSettings, ReactiveEventBus};

use super::{plan, unmet};

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

/// A bus that says it is at rest a moment too early, seen from outside: whoever emits on it is
/// still waiting.
struct Hasty(Arc<dyn EventBus>);

#[async_trait]
impl EventBus for Hasty {
    async fn emit_batch(&self, drafts: Vec<EventDraft>) -> Result<Vec<Receipt>, EmitError> {
        self.0.emit_batch(drafts).await
    }
    fn attach_recorder(&self, types: &[EventType], recorder: Arc<dyn EventRecorder>) {
        self.0.attach_recorder(types, recorder);
    }
    fn without_recorder(&self, types: &[EventType]) -> Vec<EventType> {
        self.0.without_recorder(types)
    }
    fn subscribe(&self, filter: EventFilter, subscriber: Arc<dyn EventSubscriber>) -> Subscription {
        self.0.subscribe(filter, subscriber)
    }
    fn react_through(&self, front: Weak<dyn EventBus>) {
        self.0.react_through(front);
    }

    fn stream(&self, filter: EventFilter, start: StartAt) -> EventStream {
        self.0.stream(filter, start)
    }
    fn recent(&self) -> Vec<Arc<RecordedEvent>> {
        self.0.recent()
    }
    fn counters(&self) -> BusCounters {
        self.0.counters()
    }
    fn condition(&self) -> BusCondition {
        self.0.condition()
    }

    async fn settled(&self) {}
    async fn shutdown(&self, deadline: Duration) -> ShutdownReport {
        self.0.shutdown(deadline).await
    }
}

#[tokio::test]
async fn at_rest_the_end_of_every_emit_is_on_the_timeline() {
    let stage = Stage::in_memory(BusSettings::default());
    let recorder = Arc::new(StallingRecorder::new(stage.plain()));
    stage.record_all_with(Arc::clone(&recorder) as _);
    let timeline = Timeline::default();
    let observed: Arc<dyn EventBus> =
        Arc::new(ObservedBus::new(Arc::new(Hasty(Arc::clone(&stage.bus))), timeline.clone()));
    let bus = Arc::clone(&observed);
    let emitting = tokio::spawn(async move { bus.emit(plan("p1")).await.map(drop) });
    recorder.gate.arrived(1).await;
    assert!(observed.settled().now_or_never().is_none(), "its end is not on the timeline yet");
    recorder.gate.open();
    observed.settled().await;
    let ended = |one: &Happening| matches!(one, Happening::Acknowledged { .. });
    assert!(timeline.happenings().iter().any(ended), "{timeline}");
    emitting.await.unwrap().unwrap();
}

#[tokio::test]
async fn of_a_long_timeline_the_beginning_and_the_end_are_shown() -> Outcome {
    let app = TestApp::start().await?;
    app.emit_batch((0..3).map(|n| plan(&format!("p{n}"))).collect()).await?;
    for n in 3..200 {
        app.emit(plan(&format!("p{n}"))).await?;
    }
    let message = unmet(app.expect::<PlanCreated>().where_plan("other").on_record().once().await);
    assert!(message.contains("acknowledged 3 events, the first as 1, the last as 3"), "{message}");
    assert!(message.contains("lines are left out here"), "{message}");
    assert!(message.contains("plan=p199") && !message.contains("plan=p50 "), "{message}");
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
