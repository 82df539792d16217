//! Who is told of what.

use std::sync::Arc;

use domain::events::{PlanCreated, ToolInvoked};
use domain::{Actor, Emit, EventFilter, StartAt};
use futures::StreamExt;

use crate::expect::must;
use crate::fakes::{Probe, panic_on_purpose};
use crate::stage::{Stage, plan, tool};

pub(super) async fn filters_choose_by_what_an_event_says_and_by_predicate(stage: Stage) {
    stage.record_all();
    let created = plan(0).event_type().clone();
    let invoked = tool(0).event_type().clone();
    let cases = [
        ("all", EventFilter::all(), vec![1, 2, 3, 4, 5, 6]),
        ("type", EventFilter::of::<PlanCreated>(), vec![1, 3, 5]),
        (
            "two types",
            EventFilter::of::<PlanCreated>().or_of::<ToolInvoked>(),
            vec![1, 2, 3, 4, 5, 6],
        ),
        ("types", EventFilter::types([created, invoked.clone()]), vec![1, 2, 3, 4, 5, 6]),
        ("types, one", EventFilter::types([invoked]), vec![2, 4, 6]),
        ("context", EventFilter::context("tool"), vec![2, 4, 6]),
        ("plan", EventFilter::all().in_plan("p3"), vec![3]),
        ("project", EventFilter::all().in_project("shop"), vec![5, 6]),
        ("correlation", EventFilter::all().correlated_by("run-6"), vec![6]),
        ("session", EventFilter::all().in_session("s5"), vec![5]),
        ("actor", EventFilter::all().by(&Actor::agent("planner")), vec![6]),
        ("predicate", EventFilter::all().where_event(|event| event.sequence.0 > 4), vec![5, 6]),
        (
            "type and predicate",
            EventFilter::of::<ToolInvoked>().where_event(|event| event.sequence.0 < 4),
            vec![2],
        ),
        ("nothing", EventFilter::context("auth"), vec![]),
    ];
    let watching: Vec<_> = cases
        .into_iter()
        .map(|(what, filter, expected)| {
            let streams = [StartAt::Now, StartAt::Beginning]
                .map(|start| stage.bus.stream(filter.clone(), start));
            (what, stage.watch_with(filter, Probe::new(what)), streams, expected)
        })
        .collect();

    // Some in one batch, some alone: a filter cuts a batch to what is wanted of it.
    must(stage.bus.emit_batch(vec![plan(1), tool(2), plan(3)]).await);
    must(stage.bus.emit(tool(4)).await);
    let last = vec![
        plan(5).in_project("shop").in_session("s5"),
        tool(6).in_project("shop").correlated_by("run-6").by(Actor::agent("planner")),
    ];
    must(stage.bus.emit_batch(last).await);
    stage.bus.shutdown(std::time::Duration::from_secs(10)).await;
    for (what, (probe, _subscription), streams, expected) in watching {
        let told: Vec<_> = probe.sequences().iter().map(|sequence| sequence.0).collect();
        assert_eq!(told, expected, "{what}");
        for stream in streams {
            let streamed: Vec<_> = stream.map(|event| must(event).sequence.0).collect().await;
            assert_eq!(streamed, expected, "{what}, streamed");
        }
    }
}

pub(super) async fn a_predicate_that_panics_accepts_nothing(stage: Stage) {
    stage.record_all();
    let picky = EventFilter::all().where_event(|event| {
        if event.sequence.0 == 2 {
            panic_on_purpose("this predicate panics");
        }
        true
    });
    let (probe, _subscription) = stage.watch_with(picky, Probe::new("picky"));
    let (other, _other) = stage.watch("other");
    for number in 1..=3 {
        must(stage.bus.emit(plan(number)).await);
    }
    probe.told(2).await;
    other.told(3).await;
    let told: Vec<_> = probe.sequences().iter().map(|sequence| sequence.0).collect();
    assert_eq!(told, [1, 3]);
    assert_eq!(stage.bus.counters().handler_panics, 1);
}

pub(super) async fn a_predicate_may_use_the_bus(stage: Stage) {
    stage.record_all();
    let (bus, late) = (Arc::downgrade(&stage.bus), Arc::new(Probe::new("late")));
    let subscriber = Arc::clone(&late);
    let curious = EventFilter::all().where_event(move |event| {
        let Some(bus) = bus.upgrade() else { return false };
        if event.sequence.0 == 1 {
            bus.subscribe(EventFilter::all(), Arc::clone(&subscriber) as _).keep();
            drop(bus.stream(EventFilter::all(), StartAt::Now));
        }
        !bus.recent().is_empty() && bus.counters().recorded == event.sequence.0
    });
    let (probe, _subscription) = stage.watch_with(curious, Probe::new("curious"));
    must(stage.bus.emit(plan(1)).await);
    must(stage.bus.emit(plan(2)).await);
    probe.told(2).await;
    late.told(1).await;
    assert_eq!(late.sequences().last().map(|sequence| sequence.0), Some(2));
}
