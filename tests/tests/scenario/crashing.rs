//! Child processes that are killed, and what must be left of them.

use domain::events::PlanCreated;
use domain::{DomainEvent, EventRecorder};
use indelible_tests::downstream::{self, OrderPlaced, ParcelShipped, Shop};
use indelible_tests::scenario::{Outcome, ScenarioError, TestApp};

use super::{SaysSo, plan};

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_acknowledged_to_a_killed_child_is_on_record() -> Outcome {
    let app = TestApp::start().await?;
    app.emit(plan("parent")).await?;
    let app = app.crash("crashing::recording_until_killed", 60).await?;
    let app = app.crash("crashing::recording_until_killed", 1).await?;
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
    let app = app.crash("crashing::taking_orders_until_killed", 30).await?;
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
    let Err(error) = app.crash("crashing::promising_until_killed", 1).await else {
        panic!("it is lost")
    };
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
    let Err(error) = app.crash("crashing::recording_until_killed", 5).await else {
        panic!("it is lost")
    };
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
