//! What the kit says of durable subscriptions: when they are at rest, and what is missing.

use std::sync::Arc;
use std::time::Duration;

use application::delivery::{DurableSubscription, RetryPolicy};
use domain::events::PlanCreated;
use domain::ports::handler;
use domain::{EventFilter, EventSubscriber};
use indelible_tests::fakes::{Gate, Probe};
use indelible_tests::scenario::{Outcome, ScenarioError, TestApp};

use super::{plan, unmet};

fn durable(name: &str, subscriber: Arc<dyn EventSubscriber>) -> DurableSubscription {
    DurableSubscription::handling(name, EventFilter::of::<PlanCreated>(), subscriber)
        .retrying(RetryPolicy::once())
}

#[tokio::test]
async fn a_durable_subscription_that_stands_otherwise_says_how_it_stands() -> Outcome {
    let app = TestApp::start().await?;
    let fails = handler("fails", |_| async { Err("as the test wants".into()) });
    let _guard = app.subscribe_durably(durable("billing", fails)).await?;
    app.settled().await?;
    app.emit(plan("p1")).await?;
    app.expect_subscription("billing").caught_up().await?;
    let halted = unmet(app.expect_subscription("billing").halted().await);
    assert!(halted.contains("`billing` to have halted, found Working"), "{halted}");
    let stands = "It is active, done with everything up to 1, with 1 dead letters, last failure: as the test";
    assert!(halted.contains(stands), "{halted}");
    let letters = unmet(app.expect_subscription("billing").dead_letters(0).await);
    assert!(letters.contains("it has event 1, tried 1 times: as the test wants"), "{letters}");
    assert!(letters.contains("handed       1 plan.created to billing"), "{letters}");
    let paused = unmet(app.expect_subscription("billing").paused().await);
    assert!(paused.contains("to be paused"), "{paused}");
    let standing_by = unmet(app.expect_subscription("billing").standing_by().await);
    assert!(standing_by.contains("to stand by"), "{standing_by}");

    let nobody = unmet(app.expect_subscription("nobody").caught_up().await);
    assert!(nobody.contains("found one that is not run by this application"), "{nobody}");
    assert!(nobody.contains("There is no subscription `nobody`"), "{nobody}");
    let none = unmet(app.expect_subscription("No Name").dead_letters(1).await);
    assert!(none.contains("to have 1 dead letters, and it has none"), "{none}");
    Ok(())
}

#[tokio::test]
async fn nothing_is_at_rest_while_a_durable_subscription_has_not_caught_up() -> Outcome {
    let gate = Arc::new(Gate::closed());
    let app = TestApp::builder().with_patience(Duration::from_millis(200)).start().await?;
    let probe = Arc::new(Probe::new("probe").behind(Arc::clone(&gate)));
    let _guard = app.subscribe_durably(durable("billing", probe)).await?;
    app.settled().await?;
    app.emit(plan("p1")).await?;
    let error = app.settled().await.unwrap_err();
    let ScenarioError::NotSettled { under_way, .. } = error else { panic!("{error:?}") };
    assert!(under_way.contains("`billing` has not returned from event 1"), "{under_way}");
    let working = "the durable subscription `billing` has looked at the record up to 1, with 1";
    assert!(under_way.contains(working), "{under_way}");
    gate.open();
    app.expect::<PlanCreated>().handled_by("billing").once().await?;
    Ok(())
}
