//! What the program tells those who measure and trace it: metrics through the facade, and spans that
//! can be laid beside the record.

#![allow(clippy::float_cmp, reason = "what is counted here is whole")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use application::delivery::{DurableSubscription, OnExhausted, RetryPolicy};
use domain::events::{CATALOGUE, PlanApplied, PlanCreated, ToolInvoked};
use domain::ports::handler;
use domain::{DomainEvent, Emit, EventDraft, EventFilter, TraceParent};
use futures::FutureExt;
use indelible_tests::fakes::{Gate, Probe, Refusal, RefusingRecorder, StallingRecorder};
use indelible_tests::scenario::{Outcome, TestApp};
use indelible_tests::stage::{Stage, plan, plans, tool};
use infrastructure::bus::BusSettings;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// Every metric of this thread's recorder by its name; of a histogram, all that was recorded.
fn measured(snapshotter: &Snapshotter) -> BTreeMap<String, Vec<f64>> {
    let values = snapshotter.snapshot().into_vec().into_iter();
    let values = values.map(|(key, unit, description, value)| {
        let name = key.key().name().to_owned();
        assert!(unit.is_some() && description.is_some(), "{name} says what it means");
        #[allow(clippy::cast_precision_loss)]
        let value = match value {
            DebugValue::Counter(count) => vec![count as f64],
            DebugValue::Gauge(gauge) => vec![gauge.0],
            DebugValue::Histogram(all) => all.into_iter().map(|one| one.0).collect(),
        };
        (name, value)
    });
    values.collect()
}

#[tokio::test]
async fn what_goes_over_the_bus_can_be_measured() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _here = metrics::set_default_local_recorder(&recorder);
    let stage = Stage::in_memory(BusSettings { reader_buffer: 2, ..BusSettings::default() });
    stage.record_all();
    let refusing = Arc::new(RefusingRecorder(Refusal::by_rule()));
    stage.bus.attach_recorder(&[ToolInvoked::DESCRIPTOR.name()], refusing);

    let gate = Arc::new(Gate::closed());
    let slow =
        Probe::new("slow").behind(Arc::clone(&gate)).failing_on(|event| event.sequence.0 == 2);
    let (slow, _slow) = stage.watch_with(EventFilter::all(), slow);
    stage.bus.emit_batch(plans(0..5)).await.unwrap();
    let twice = plan(5).with_id("twice");
    stage.bus.emit(twice.clone()).await.unwrap();
    stage.bus.emit(twice).await.unwrap();
    stage.bus.emit_batch(plans(6..9)).await.unwrap();
    stage.bus.emit(tool(1)).await.unwrap_err();
    gate.open();
    slow.told(9).await;
    stage.bus.settled().await;

    let found = measured(&snapshotter);
    let one = |name: &str| found[name][0];
    assert_eq!(one("indelible_events_emitted_total"), 11.0);
    assert_eq!(one("indelible_events_recorded_total"), 9.0);
    assert_eq!(one("indelible_events_already_on_record_total"), 1.0);
    assert_eq!(one("indelible_events_refused_total"), 1.0);
    assert_eq!(one("indelible_handler_failures_total"), 1.0);
    assert_eq!(one("indelible_handler_panics_total"), 0.0);
    assert_eq!(one("indelible_reader_fallbacks_total"), 1.0);
    assert_eq!(one("indelible_events_lost_to_retention_total"), 0.0);
    assert_eq!(one("indelible_queued_emits"), 0.0);
    assert_eq!(found["indelible_batch_events"], [5.0, 1.0, 1.0, 3.0]);
    assert_eq!(found["indelible_commit_seconds"].len(), 4);
    assert!(found["indelible_commit_seconds"].iter().all(|took| (0.0..60.0).contains(took)));
}

#[tokio::test]
async fn what_waits_to_be_recorded_and_to_be_handled_is_measured() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _here = metrics::set_default_local_recorder(&recorder);
    let stage = Stage::in_memory(BusSettings { max_batch: 1, ..BusSettings::default() });
    let stalling = Arc::new(StallingRecorder::new(stage.plain()));
    stage.record_all_with(Arc::clone(&stalling) as _);
    let held = Arc::new(Gate::closed());
    let probe = Probe::new("held").behind(Arc::clone(&held));
    let (probe, _subscription) = stage.watch_with(EventFilter::all(), probe);
    let mut emits: Vec<_> = (0..4).map(|number| stage.bus.emit_batch(vec![plan(number)])).collect();
    assert!(emits.iter_mut().all(|emit| emit.now_or_never().is_none()));
    stalling.gate.arrived(1).await;
    assert_eq!(measured(&snapshotter)["indelible_queued_emits"], [3.0]);
    stalling.gate.open();
    for emit in emits {
        emit.await.unwrap();
    }
    held.arrived(1).await;
    let found = measured(&snapshotter);
    assert_eq!(found["indelible_queued_emits"], [0.0]);
    assert_eq!(found["indelible_reader_queued_events"], [3.0]);
    held.open();
    probe.told(4).await;
    assert_eq!(measured(&snapshotter)["indelible_reader_queued_events"], [0.0]);
}

#[tokio::test]
async fn secrets_that_are_kept_off_the_record_are_counted() -> Outcome {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _here = metrics::set_default_local_recorder(&recorder);
    let app = TestApp::start().await?;
    let goal = "--password hunter2hunter2 --password hunter3hunter3".to_owned();
    app.emit(PlanCreated { goal, ..PlanCreated::sample() }).await?;
    app.emit(PlanApplied::sample()).await?;
    assert_eq!(measured(&snapshotter)["indelible_values_redacted_total"], [2.0]);
    Ok(())
}

/// A span as it was made and filled in.
#[derive(Clone, Debug, Default)]
struct Spanned {
    name: &'static str,
    fields: BTreeMap<&'static str, String>,
    /// The names of the spans it follows from.
    after: Vec<&'static str>,
}

/// Keeps every span of the target `indelible::trace`, in the order they were made.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<(Id, Spanned)>>>);

struct Fields<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl Spans {
    fn with(&self, id: &Id, change: impl FnOnce(&mut Spanned)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, span)) = all.iter_mut().find(|(known, _)| known == id) {
            change(span);
        }
    }

    /// Those of one name, in the order they were made.
    fn named(&self, name: &str) -> Vec<Spanned> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|(_, span)| span.name == name).map(|(_, span)| span.clone()).collect()
    }
}

impl Layer<Registry> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, Registry>) {
        if attributes.metadata().target() != "indelible::trace" {
            return;
        }
        let mut span = Spanned { name: attributes.metadata().name(), ..Spanned::default() };
        attributes.record(&mut Fields(&mut span.fields));
        // A registry gives the id of a span that has ended to a new one.
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (known, _) in all.iter_mut().filter(|(known, _)| known == id) {
            *known = Id::from_u64(u64::MAX);
        }
        all.push((id.clone(), span));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, Registry>) {
        self.with(id, |span| values.record(&mut Fields(&mut span.fields)));
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, Registry>) {
        let name = context.span(follows).map(|span| span.name());
        self.with(id, |span| span.after.extend(name));
    }
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[tokio::test]
async fn emit_commit_and_deliver_are_traced_and_name_the_trace_of_the_event() -> Outcome {
    let spans = Spans::default();
    let _here = tracing::subscriber::set_default(Registry::default().with(spans.clone()));
    let app = TestApp::start().await?;
    let applying = handler("applying", |event| async move {
        event.emit(PlanApplied::sample()).await?;
        Ok(())
    });
    let _applying = app.subscribe(EventFilter::of::<PlanCreated>(), applying);
    let parent: TraceParent = format!("00-{TRACE}-00f067aa0ba902b7-01").parse().unwrap();
    let draft = EventDraft::from(PlanCreated::sample()).in_trace_context(&parent);
    let created = app.emit(draft).await?;
    app.expect::<PlanApplied>().where_causation(&created.event_id).on_record().once().await?;

    let emits = spans.named("emit");
    let types: Vec<_> = emits.iter().map(|span| &*span.fields["event_type"]).collect();
    assert_eq!(types, ["plan.created", "plan.applied"]);
    assert!(emits.iter().all(|span| span.fields["trace_id"] == TRACE), "{emits:?}");
    let commits = spans.named("commit");
    let places: Vec<_> = commits.iter().map(|span| &*span.fields["first_sequence"]).collect();
    assert_eq!(places, ["1", "2"]);
    assert!(commits.iter().all(|span| span.after == ["emit"]), "{commits:?}");
    let [delivered] = &*spans.named("deliver") else { panic!("{spans:?}", spans = spans.0) };
    for (field, value) in [
        ("subscriber", "applying"),
        ("event_id", &*created.event_id),
        ("sequence", "1"),
        ("trace_id", TRACE),
        ("parent_id", "00f067aa0ba902b7"),
    ] {
        assert_eq!(delivered.fields[field], value, "{field}");
    }
    // The follow-up carries the trace on, whole.
    let applied = app.log().by_sequence(created.sequence.next()).await?.unwrap();
    assert_eq!(applied.envelope.trace_parent(), Some(parent));
    Ok(())
}

#[tokio::test]
async fn a_commit_that_fails_says_why_on_its_span() {
    let spans = Spans::default();
    let _here = tracing::subscriber::set_default(Registry::default().with(spans.clone()));
    let stage = Stage::in_memory(BusSettings::default());
    let refusing = Arc::new(RefusingRecorder(Refusal::by_rule()));
    stage.bus.attach_recorder(&CATALOGUE.event_types().collect::<Vec<_>>(), refusing);
    stage.bus.emit(plan(1)).await.unwrap_err();
    let [commit] = &*spans.named("commit") else { panic!() };
    assert!(commit.fields["error"].contains("refused"), "{commit:?}");
    assert!(!commit.fields.contains_key("first_sequence"));
}

#[tokio::test]
async fn a_durable_subscription_is_measured_and_traced_by_its_name() -> Outcome {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _measured = metrics::set_default_local_recorder(&recorder);
    let spans = Spans::default();
    let _traced = tracing::subscriber::set_default(Registry::default().with(spans.clone()));
    let picky = handler("picky", |event| async move {
        if event.sequence.0 == 2 { Err("not this one".into()) } else { Ok(()) }
    });
    let pause = Duration::from_millis(1);
    let billing = DurableSubscription::handling("billing", EventFilter::of::<PlanCreated>(), picky)
        .retrying(RetryPolicy::attempts(3).pausing(pause, pause));
    let app = TestApp::start().await?;
    let _guard = app.subscribe_durably(billing).await?;
    app.settled().await?;
    for _ in 0..3 {
        app.emit(PlanCreated::sample()).await?;
    }
    app.expect_subscription("billing").dead_letters(1).await?;
    app.expect_subscription("billing").caught_up().await?;

    let found = measured(&snapshotter);
    assert_eq!(found["indelible_subscription_handled_total"], [2.0]);
    assert_eq!(found["indelible_subscription_retries_total"], [2.0]);
    assert_eq!(found["indelible_subscription_dead_letters_total"], [1.0]);
    assert_eq!(found["indelible_subscription_lag_events"], [0.0]);
    let delivered = spans.named("deliver");
    assert!(delivered.iter().all(|span| span.fields["subscriber"] == "billing"), "{delivered:?}");
    let of_second = delivered.iter().filter(|span| span.fields["sequence"] == "2");
    let attempts: Vec<_> = of_second.map(|span| span.fields["attempt"].clone()).collect();
    assert_eq!(attempts, ["1", "2", "3"]);
    Ok(())
}

#[tokio::test]
async fn how_far_a_durable_subscription_is_behind_is_measured() -> Outcome {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _measured = metrics::set_default_local_recorder(&recorder);
    let never = handler("never", |_| async { Err("not now".into()) });
    let stuck = DurableSubscription::handling("stuck", EventFilter::of::<PlanCreated>(), never)
        .retrying(RetryPolicy::once())
        .on_exhausted(OnExhausted::Halt);
    let app = TestApp::start().await?;
    let _guard = app.subscribe_durably(stuck).await?;
    app.settled().await?;
    app.emit_batch((0..3).map(|_| PlanCreated::sample().into()).collect()).await?;
    app.expect_subscription("stuck").halted().await?;
    assert_eq!(measured(&snapshotter)["indelible_subscription_lag_events"], [3.0]);
    Ok(())
}
