//! Effects: each is there exactly once, whatever happens to who asked for it.

use application::delivery::{DurableSubscription, RetryPolicy};
use domain::events::PlanCreated;
use domain::ports::projector;
use domain::subscription::Effect;
use domain::{Actor, Clock, EventFilter, Sequence, StartAt};
use indelible_tests::scenario::{Outcome, TestApp};
use infrastructure::memory::InMemoryAuditLog;

use super::{SHORT_LEASE, name, plan};

/// Counts, in a table without a key, so that an event that counted twice shows.
fn counting(name: &str) -> DurableSubscription {
    let counts = projector(name, |event| async move {
        let insert = "INSERT INTO plan_seen VALUES (?, ?)";
        Ok(vec![
            Effect::new("CREATE TABLE IF NOT EXISTS plan_seen (sequence INTEGER, plan TEXT)"),
            Effect::new(insert).with(event.sequence.0).with(event.envelope.plan_id.clone()),
        ])
    });
    DurableSubscription::projecting(name, EventFilter::of::<PlanCreated>(), counts)
        .starting(StartAt::Beginning)
        .with_lease(SHORT_LEASE)
}

fn seen(app: &TestApp) -> Vec<u64> {
    let file = rusqlite::Connection::open(app.file()).unwrap();
    let mut rows = file.prepare("SELECT sequence FROM plan_seen ORDER BY rowid").unwrap();
    let rows = rows.query_map([], |row| row.get::<_, i64>(0)).unwrap();
    rows.map(|row| row.unwrap().try_into().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn effects_are_there_once_and_in_order_however_often_it_is_killed() -> Outcome {
    let app = TestApp::start().await?;
    let app = app.crash("projecting::counting_until_killed", 30).await?;
    let app = app.crash("projecting::counting_until_killed", 30).await?;
    let newest = app.emit(plan("parent")).await?.sequence;
    let guard = app.subscribe_durably(counting("counts")).await?;
    // The lease of the child has to run out first, on the machine's own clock.
    indelible_tests::expect::soon("it takes over", async {
        while !matches!(guard.standing(), application::delivery::Standing::Working { .. }) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    app.expect_subscription("counts").caught_up().await?;
    assert_eq!(seen(&app), (1..=newest.0).collect::<Vec<_>>());
    Ok(())
}

/// What is killed above; does nothing by itself.
#[tokio::test(flavor = "multi_thread")]
async fn counting_until_killed() -> Outcome {
    let builder = TestApp::builder().with_durable_subscription(|| counting("counts"));
    let Some(app) = builder.start_in_child().await? else { return Ok(()) };
    loop {
        app.emit(plan("child")).await?;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_that_the_database_refuses_is_a_failed_attempt_and_changes_nothing() -> Outcome {
    let refused = projector("refused", |event| async move {
        let insert = if event.envelope.plan_id.as_deref() == Some("bad") {
            "INSERT INTO no_such_table VALUES (?)"
        } else {
            "INSERT INTO plan_seen VALUES (?, NULL)"
        };
        let create = "CREATE TABLE IF NOT EXISTS plan_seen (sequence INTEGER, plan TEXT)";
        Ok(vec![Effect::new(create), Effect::new(insert).with(event.sequence.0)])
    });
    let app = TestApp::start().await?;
    let durable =
        DurableSubscription::projecting("refused", EventFilter::of::<PlanCreated>(), refused)
            .retrying(RetryPolicy { attempts: 3, ..quickly() });
    let _guard = app.subscribe_durably(durable).await?;
    app.settled().await?;
    app.emit_batch(["a", "bad", "b"].map(plan).into()).await?;
    let letters = app.expect_subscription("refused").dead_letters(1).await?;
    assert_eq!((letters[0].sequence, letters[0].attempts), (Sequence(2), 3));
    assert!(letters[0].errors.iter().any(|it| it.contains("no_such_table")), "{letters:?}");
    assert_eq!(seen(&app), [1, 3]);

    // Once more, and refused once more.
    let manage = app.app().manage_subscriptions();
    manage.retry(&name("refused"), Sequence(2), Actor::human("ann")).await?;
    let letters = app.expect_subscription("refused").dead_letters(1).await?;
    assert_eq!(letters[0].attempts, 4);
    rusqlite::Connection::open(app.file())
        .unwrap()
        .execute("CREATE TABLE no_such_table (sequence INTEGER)", [])
        .unwrap();
    manage.retry(&name("refused"), Sequence(2), Actor::human("ann")).await?;
    app.expect_subscription("refused").dead_letters(0).await?;
    Ok(())
}

fn quickly() -> RetryPolicy {
    let pause = std::time::Duration::from_millis(1);
    RetryPolicy::default().pausing(pause, pause)
}

#[tokio::test(flavor = "multi_thread")]
async fn effects_without_a_database_are_refused_with_what_can_be_done() -> Outcome {
    let app = TestApp::builder()
        .with_override::<dyn domain::AuditLog>(|| {
            let clock: std::sync::Arc<dyn Clock> =
                std::sync::Arc::new(infrastructure::clock::SystemClock);
            Box::new(InMemoryAuditLog::new(clock))
        })
        .start()
        .await?;
    let _guard = app.subscribe_durably(counting("counts").retrying(RetryPolicy::once())).await?;
    app.emit(plan("a")).await?;
    let letters = app.expect_subscription("counts").dead_letters(1).await?;
    assert!(letters[0].errors[0].contains("keep the record on SQLite"), "{letters:?}");
    let manage = app.app().manage_subscriptions();
    manage.retry(&name("counts"), Sequence(1), Actor::human("ann")).await?;
    let letters = app.expect_subscription("counts").dead_letters(1).await?;
    assert_eq!(letters[0].attempts, 2);
    Ok(())
}
