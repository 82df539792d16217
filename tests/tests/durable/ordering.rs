//! Which events wait for each other, and which do not.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use application::delivery::{DurableSubscription, OrderBy, RetryPolicy};
use chrono::TimeDelta;
use domain::events::PlanCreated;
use domain::ports::handler;
use domain::{EventFilter, EventSubscriber, Sequence};
use indelible_tests::expect::soon;
use indelible_tests::fakes::Gate;
use indelible_tests::scenario::{Outcome, TestApp};

use super::{Told, moment, name, plan};

/// Waits at a gate, and notes who is there at once.
fn crowd(gate: &Arc<Gate>, inside: &Arc<Mutex<Crowd>>) -> Arc<dyn EventSubscriber> {
    let (gate, inside) = (Arc::clone(gate), Arc::clone(inside));
    handler("crowd", move |event| {
        let (gate, inside) = (Arc::clone(&gate), Arc::clone(&inside));
        async move {
            let plan = event.envelope.plan_id.clone().unwrap_or_default();
            {
                let mut crowd = inside.lock().unwrap();
                crowd.twice |= !crowd.plans.insert(plan.clone());
                crowd.most = crowd.most.max(crowd.plans.len());
            }
            gate.pass().await;
            let mut crowd = inside.lock().unwrap();
            crowd.plans.remove(&plan);
            crowd.done.push(event.sequence.0);
            Ok(())
        }
    })
}

#[derive(Default)]
struct Crowd {
    plans: BTreeSet<String>,
    most: usize,
    twice: bool,
    done: Vec<u64>,
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_keys_as_the_width_are_handled_at_once_and_never_two_of_one() -> Outcome {
    let (gate, inside) = (Arc::new(Gate::closed()), Arc::new(Mutex::default()));
    let app = TestApp::start().await?;
    let filter = EventFilter::of::<PlanCreated>();
    let durable = DurableSubscription::handling("crowd", filter, crowd(&gate, &inside))
        .ordered_by(OrderBy::Plan)
        .with_width(3);
    let _guard = app.subscribe_durably(durable).await?;
    app.settled().await?;
    app.emit_batch(["a", "a", "b", "c", "d", "b", "a"].map(plan).into()).await?;
    soon("three are at work", gate.arrived(3)).await;
    gate.open();
    app.expect_subscription("crowd").caught_up().await?;
    let crowd = inside.lock().unwrap();
    assert_eq!(crowd.most, 3);
    assert!(!crowd.twice, "two of one plan were handled at once");
    let of_a: Vec<u64> = crowd.done.iter().copied().filter(|it| [1, 2, 7].contains(it)).collect();
    assert_eq!(of_a, [1, 2, 7]);
    assert_eq!(crowd.done.len(), 7);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_tried_again_holds_up_its_own_key_alone_and_the_cursor() -> Outcome {
    let told = Told::new();
    told.fail(|event| event.sequence == Sequence(1) && event.attempt() == 1);
    let app = TestApp::builder().at(moment()).start().await?;
    let slowly = RetryPolicy::attempts(3).pausing(Duration::from_secs(7), Duration::from_secs(7));
    // One handler at a time: that another key goes on is not for want of width.
    let durable = told.plans("billing").retrying(slowly).ordered_by(OrderBy::Plan);
    let _guard = app.subscribe_durably(durable).await?;
    app.settled().await?;
    app.emit_batch(["a", "a", "b", "b"].map(plan).into()).await?;
    soon("it pauses", app.clock().slept_on_for(Duration::from_secs(7))).await;
    told.times(3).await;
    assert_eq!(told.sequences(), [1, 3, 4]);
    let status = app.app().subscriptions().find(&name("billing")).await?.unwrap();
    assert_eq!(status.cursor, Sequence(0), "what comes before is not done");
    app.clock().advance(TimeDelta::seconds(7));
    told.times(5).await;
    assert_eq!(told.sequences(), [1, 3, 4, 1, 2]);
    assert_eq!(app.expect_subscription("billing").caught_up().await?.cursor, Sequence(4));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn events_can_be_ordered_by_run_of_work_and_by_whatever_a_function_says() -> Outcome {
    let app = TestApp::start().await?;
    let by_length = OrderBy::key(|event| {
        let plan = event.envelope.plan_id.as_deref();
        plan.expect("one that has no plan panics").len().to_string()
    });
    for (name, order, at_once) in [
        ("correlation", OrderBy::Correlation, 2),
        ("function", by_length, 3),
        ("total", OrderBy::Total, 1),
    ] {
        let (gate, inside) = (Arc::new(Gate::closed()), Arc::new(Mutex::default()));
        let filter = EventFilter::of::<PlanCreated>();
        let durable = DurableSubscription::handling(name, filter, crowd(&gate, &inside))
            .ordered_by(order)
            .with_width(10);
        let guard = app.subscribe_durably(durable).await?;
        app.settled().await?;
        let mut drafts: Vec<_> = ["a", "b", "cc"].map(plan).into();
        drafts[0] = drafts[0].clone().correlated_by("run");
        drafts.push(domain::EventDraft::from(<PlanCreated as domain::DomainEvent>::sample()));
        app.emit_batch(drafts).await?;
        soon("they are at work", gate.arrived(at_once)).await;
        gate.open();
        app.expect_subscription(name).caught_up().await?;
        assert_eq!(inside.lock().unwrap().most, at_once, "{name}");
        drop(guard);
    }
    Ok(())
}
