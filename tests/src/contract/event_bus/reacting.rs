//! What a subscriber may do, and what is left of it afterwards.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use domain::ports::{HandlerError, handler};
use domain::{Delivery, Emit, EventBus, EventFilter, EventSubscriber, Subscription};

use crate::expect::{eventually, must};
use crate::fakes::{Gate, Probe};
use crate::stage::{Stage, plan, plans, tool};

pub(super) async fn dropping_the_guard_unsubscribes_and_frees_everything(stage: Stage) {
    stage.record_all();
    let captured = Arc::new(());
    let held = Arc::downgrade(&captured);
    let filter = EventFilter::all().where_event(move |_| Arc::strong_count(&captured) > 0);
    let (probe, subscription) = stage.watch_with(filter, Probe::new("short"));
    let weak = Arc::downgrade(&probe);
    must(stage.bus.emit(plan(1)).await);
    probe.told(1).await;
    eventually("the handler has returned", || Arc::strong_count(&probe) == 2).await;
    drop(probe);
    assert!(weak.upgrade().is_some(), "while it is subscribed, the bus keeps it");

    drop(subscription);
    // Soon rather than at once: a bus around the bus may be on its way out of the handler still.
    eventually("a subscriber that has unsubscribed is let go", || weak.strong_count() == 0).await;
    eventually("a filter that has unsubscribed is let go", || held.strong_count() == 0).await;

    // A probe that lives on is not told any more.
    let (probe, subscription) = stage.watch("gone");
    must(stage.bus.emit(plan(2)).await);
    probe.told(1).await;
    subscription.unsubscribe();
    let (other, _other) = stage.watch("other");
    must(stage.bus.emit(plan(3)).await);
    other.told(1).await;
    assert_eq!(probe.events().len(), 1);
    eventually("the handler has returned", || Arc::strong_count(&probe) == 1).await;

    // The same holds when it has fallen behind.
    let gate = Arc::new(Gate::closed());
    let slow = Probe::new("slow").behind(Arc::clone(&gate));
    let (slow, subscription) = stage.watch_with(EventFilter::all(), slow);
    for _ in 0..60 {
        must(stage.bus.emit_batch(plans(0..100)).await);
    }
    gate.arrived(1).await;
    drop(subscription);
    eventually("the handler is given up", || Arc::strong_count(&slow) == 1).await;
}

pub(super) async fn a_subscription_given_up_lasts(stage: Stage) {
    stage.record_all();
    let (probe, subscription) = stage.watch("kept");
    subscription.keep();
    must(stage.bus.emit_batch(plans(0..3)).await);
    probe.told(3).await;
    assert_eq!(probe.events().len(), 3);
}

/// Emits another event for each of the first ones, and waits until it is on record.
struct Echo {
    bus: Weak<dyn EventBus>,
}

#[async_trait]
impl EventSubscriber for Echo {
    fn name(&self) -> &'static str {
        "echo"
    }

    async fn handle(&self, event: &Delivery) -> Result<(), HandlerError> {
        let bus = self.bus.upgrade().ok_or("the bus has gone")?;
        if event.envelope.event_type.context() == "plan" {
            let echo = tool(1).caused_by(event.envelope.event_id.clone());
            bus.emit_batch(vec![echo.clone(), echo]).await?;
        }
        Ok(())
    }
}

pub(super) async fn a_handler_may_emit(stage: Stage) {
    stage.record_all();
    let echoes: Vec<_> = (0..3)
        .map(|_| {
            let echo = Arc::new(Echo { bus: Arc::downgrade(&stage.bus) });
            stage.bus.subscribe(EventFilter::all(), echo)
        })
        .collect();
    let (probe, _subscription) = stage.watch("probe");
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let bus = Arc::clone(&stage.bus);
            tokio::spawn(async move {
                for number in 0..4 {
                    must(bus.emit(plan(number)).await);
                }
            })
        })
        .collect();
    for task in tasks {
        must(task.await);
    }
    // 64 plans, each answered by three echoes of two.
    probe.told(64 + 64 * 3 * 2).await;
    assert_eq!(probe.sequences(), stage.sequences().await);
    assert_eq!(stage.bus.counters().handler_failures, 0);
    drop(echoes);
}

pub(super) async fn a_handler_may_subscribe_others(stage: Stage) {
    stage.record_all();
    let (bus, late) = (Arc::downgrade(&stage.bus), Arc::new(Probe::new("late")));
    let subscriber = Arc::clone(&late);
    let inviting = handler("inviting", move |event| {
        let (bus, subscriber) = (bus.clone(), Arc::clone(&subscriber));
        async move {
            let bus = bus.upgrade().ok_or("the bus has gone")?;
            if event.sequence.0 == 1 {
                bus.subscribe(EventFilter::all(), subscriber).keep();
                bus.emit(tool(1)).await?;
            }
            Ok(())
        }
    });
    let _subscription = stage.bus.subscribe(EventFilter::all(), inviting);
    must(stage.bus.emit(plan(1)).await);
    late.told(1).await;
    assert_eq!(late.events()[0].envelope.event_type, *tool(1).event_type());
}

pub(super) async fn a_handler_may_unsubscribe_itself(stage: Stage) {
    stage.record_all();
    let own: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let told = Arc::new(Probe::new("inside"));
    let (guard, inside) = (Arc::clone(&own), Arc::clone(&told));
    let once = handler("once", move |event| {
        let (guard, inside) = (Arc::clone(&guard), Arc::clone(&inside));
        async move {
            inside.handle(&event).await?;
            drop(guard.lock().unwrap_or_else(PoisonError::into_inner).take());
            Ok(())
        }
    });
    let weak = Arc::downgrade(&once);
    let subscription = stage.bus.subscribe(EventFilter::all(), once);
    *own.lock().unwrap_or_else(PoisonError::into_inner) = Some(subscription);
    let (other, _other) = stage.watch("other");
    must(stage.bus.emit_batch(plans(0..5)).await);
    other.told(5).await;
    eventually("nothing is left of it", || weak.upgrade().is_none()).await;
    assert_eq!(told.events().len(), 1);
}

pub(super) async fn a_handler_is_abandoned_when_its_subscription_ends(stage: Stage) {
    stage.record_all();
    let gate = Arc::new(Gate::closed());
    let (probe, subscription) =
        stage.watch_with(EventFilter::all(), Probe::new("held").behind(Arc::clone(&gate)));
    must(stage.bus.emit_batch(plans(0..3)).await);
    gate.arrived(1).await;
    drop(subscription);
    eventually("the handler is given up", || Arc::strong_count(&probe) == 1).await;
    gate.open();
    must(stage.bus.emit(plan(3)).await);
    assert!(probe.events().is_empty());
}
