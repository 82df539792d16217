//! How a scenario begins, and begins again: history, clock, overrides, products, restarts.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::events::{AuditPruned, PlanCreated};
use domain::{AuditLog, Clock, DomainEvent, Emit as _, EmitError, EventBus, EventFilter};
use indelible_tests::downstream::{self, OrderPlaced, ParcelShipped, Shop};
use indelible_tests::fakes::{ManualClock, Probe};
use indelible_tests::scenario::timeline::Happening;
use indelible_tests::scenario::{History, Outcome, ScenarioError, TestApp};

use super::{moment, plan};

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
