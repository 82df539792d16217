//! When a bus says that nothing is under way.

use std::sync::Arc;

use domain::ports::handler;
use domain::{Delivery, Emit, EventBus, EventFilter, StartAt};
use futures::FutureExt;

use crate::expect::must;
use crate::fakes::{Gate, Probe, StallingRecorder};
use crate::stage::{Stage, plan, plans, tool};

/// Whether the bus says so now.
fn is_settled(bus: &dyn EventBus) -> bool {
    bus.settled().now_or_never().is_some()
}

pub(super) async fn a_bus_is_settled_once_emits_are_answered_and_handlers_have_returned(
    stage: Stage,
) {
    assert!(is_settled(&*stage.bus), "nothing has been emitted");
    let recorder = Arc::new(StallingRecorder::new(stage.plain()));
    stage.record_all_with(Arc::clone(&recorder) as _);
    let gate = Arc::new(Gate::closed());
    let (slow, _slow) =
        stage.watch_with(EventFilter::all(), Probe::new("slow").behind(Arc::clone(&gate)));
    let bus = Arc::clone(&stage.bus);
    let emit = tokio::spawn(async move { must(bus.emit_batch(plans(0..3)).await) });
    recorder.gate.arrived(1).await;
    assert!(!is_settled(&*stage.bus), "an emit waits for its answer");

    recorder.gate.open();
    must(emit.await);
    gate.arrived(1).await;
    assert!(!is_settled(&*stage.bus), "a handler has not returned");
    let settled = tokio::spawn({
        let bus = Arc::clone(&stage.bus);
        async move { bus.settled().await }
    });
    gate.open();
    must(settled.await);
    assert_eq!(slow.events().len(), 3, "settled before the last event was handled");
    assert!(is_settled(&*stage.bus));

    // An emit that is refused, and a handler that is done with everything, leave nothing behind.
    must(stage.bus.emit_batch(plans(0..200)).await);
    stage.bus.settled().await;
    assert_eq!(slow.events().len(), 203);
    stage.bus.shutdown(std::time::Duration::from_mins(10)).await;
    assert!(stage.bus.emit(plan(1)).await.is_err());
    stage.bus.settled().await;
}

pub(super) async fn what_a_handler_emits_is_waited_for_as_well(stage: Stage) {
    stage.record_all();
    what_it_emits_is_still_being_handled(&stage).await;
    // Each plan is answered by a tool after a while, and each tool by a plan without a number.
    let answer = |name: &'static str, context: &'static str| {
        let bus = Arc::downgrade(&stage.bus);
        handler(name, move |event: Delivery| {
            let bus = bus.clone();
            async move {
                let depth: usize = event.envelope.subject.as_deref().unwrap_or("0").parse()?;
                for _ in 0..depth {
                    tokio::task::yield_now().await;
                }
                let bus = bus.upgrade().ok_or("the bus has gone")?;
                if depth > 0 {
                    let next = if context == "plan" { tool(depth) } else { plan(depth) };
                    bus.emit(next.about((depth - 1).to_string())).await?;
                }
                Ok(())
            }
        })
    };
    let to_plans = answer("to plans", "plan");
    let to_tools = answer("to tools", "tool");
    let _plans = stage.bus.subscribe(EventFilter::context("plan"), to_plans);
    let _tools = stage.bus.subscribe(EventFilter::context("tool"), to_tools);
    for round in 1..=20 {
        must(stage.bus.emit(plan(round).about("9")).await);
        stage.bus.settled().await;
        assert_eq!(stage.on_record().await.len(), 2 + round * 10, "an answer was not waited for");
    }
}

/// One handler has emitted and returned, and another stands at what it has emitted.
async fn what_it_emits_is_still_being_handled(stage: &Stage) {
    let gate = Arc::new(Gate::closed());
    let held = Probe::new("held").behind(Arc::clone(&gate));
    let (held, _held) = stage.watch_with(EventFilter::context("tool"), held);
    let bus = Arc::downgrade(&stage.bus);
    let passing_on = handler("passing on", move |_| {
        let bus = bus.clone();
        async move {
            bus.upgrade().ok_or("the bus has gone")?.emit(tool(1)).await?;
            Ok(())
        }
    });
    let _passing_on = stage.bus.subscribe(EventFilter::context("plan"), passing_on);
    must(stage.bus.emit(plan(1)).await);
    gate.arrived(1).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!is_settled(&*stage.bus), "what a handler has emitted is still being handled");
    gate.open();
    stage.bus.settled().await;
    assert_eq!(held.events().len(), 1, "settled before it was handled");
}

pub(super) async fn streams_and_those_who_have_left_are_not_waited_for(stage: Stage) {
    stage.record_all();
    let _unread = stage.bus.stream(EventFilter::all(), StartAt::Now);
    let gate = Arc::new(Gate::closed());
    let held = Probe::new("held").behind(Arc::clone(&gate));
    let (_held, subscription) = stage.watch_with(EventFilter::all(), held);
    must(stage.bus.emit_batch(plans(0..3)).await);
    gate.arrived(1).await;
    assert!(!is_settled(&*stage.bus));
    drop(subscription);
    stage.bus.settled().await;

    // Nor is an emit that was given up while it was waiting.
    let emit = stage.bus.emit(plan(4));
    drop(emit.now_or_never());
    stage.bus.settled().await;
}
