//! Dead letters that are tried again, while other things are done to them.

use std::sync::Arc;

use application::delivery::{DurableSubscription, RetryPolicy};
use domain::events::PlanCreated;
use domain::ports::projector;
use domain::subscription::Effect;
use domain::{Actor, EventFilter, Sequence};
use indelible_tests::expect::soon;
use indelible_tests::fakes::Gate;
use indelible_tests::scenario::{Outcome, TestApp};

use super::{name, plan};

/// Fails at the first attempt of each event; at a gate later, and then as it is told.
fn held(gate: &Arc<Gate>, well: bool) -> DurableSubscription {
    let gate = Arc::clone(gate);
    let projector = projector("billing", move |event| {
        let gate = Arc::clone(&gate);
        async move {
            if event.may_be_repeated() {
                gate.pass().await;
                if well {
                    return Ok(vec![
                        Effect::new("INSERT INTO plan_seen VALUES (?)").with(event.sequence.0),
                    ]);
                }
            }
            Err("as the test wants".into())
        }
    });
    let filter = EventFilter::of::<PlanCreated>();
    DurableSubscription::projecting("billing", filter, projector).retrying(RetryPolicy::once())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_that_is_discarded_while_it_is_tried_again_is_gone_and_changes_nothing()
-> Outcome {
    for well in [false, true] {
        let gate = Arc::new(Gate::closed());
        let app = TestApp::start().await?;
        let file = rusqlite::Connection::open(app.file()).unwrap();
        file.execute("CREATE TABLE plan_seen (sequence INTEGER)", []).unwrap();
        let _guard = app.subscribe_durably(held(&gate, well)).await?;
        app.settled().await?;
        app.emit(plan("a")).await?;
        app.expect_subscription("billing").dead_letters(1).await?;
        let manage = app.app().manage_subscriptions();
        manage.retry(&name("billing"), Sequence(1), Actor::human("ann")).await?;
        soon("it is being tried", gate.arrived(1)).await;
        manage.discard(&name("billing"), Sequence(1), Actor::human("ann")).await?;
        gate.open();
        app.expect_subscription("billing").dead_letters(0).await?;
        app.expect_subscription("billing").caught_up().await?;
        let seen: i64 =
            file.query_row("SELECT count(*) FROM plan_seen", [], |row| row.get(0)).unwrap();
        assert_eq!(seen, 0, "what was discarded changes nothing");
    }
    Ok(())
}
