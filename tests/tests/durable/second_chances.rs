//! Dead letters that are tried again, while other things are done to them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use application::delivery::{DurableSubscription, OrderBy, RetryPolicy};
use domain::events::PlanCreated;
use domain::ports::{handler, projector};
use domain::subscription::Effect;
use domain::{Actor, EventFilter, Sequence, StartAt};
use indelible_tests::expect::soon;
use indelible_tests::fakes::Gate;
use indelible_tests::scenario::{Outcome, TestApp};

use super::{Told, name, plan};

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

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_whose_event_is_handled_after_a_rewind_is_one_no_more() -> Outcome {
    let (told, billing) = (Told::new(), name("billing"));
    told.fail(|event| event.sequence != Sequence(2));
    let app = TestApp::start().await?;
    let _guard = app.subscribe_durably(told.plans("billing").retrying(RetryPolicy::once())).await?;
    app.emit_batch(["a", "b", "c", "d"].map(plan).into()).await?;
    app.expect_subscription("billing").dead_letters(3).await?;
    told.fail(|event| event.sequence == Sequence(3));
    // Asked for as well, which the rewind sees to.
    app.app().subscriptions().retry(&billing, Sequence(1)).await?;
    let manage = app.app().manage_subscriptions();
    manage.rewind(&billing, StartAt::Beginning, Actor::human("ann")).await?;
    app.expect_subscription("billing").caught_up().await?;
    let letters = app.expect_subscription("billing").dead_letters(1).await?;
    assert_eq!((letters[0].sequence, letters[0].attempts), (Sequence(3), 2));
    // The first was asked for twice: a retry that is noticed before the rewind is carried out as well.
    let told = told.sequences();
    let times = |sequence: u64| told.iter().filter(|one| **one == sequence).count();
    assert!([2, 3].contains(&times(1)), "{told:?}");
    assert_eq!(
        (times(2), times(3), times(4)),
        (2, 2, 2),
        "each is handed out once more, and no more: {told:?}"
    );
    Ok(())
}

/// Who is at work, and how many were so at once: of one plan, and in all.
#[derive(Default)]
struct AtWork {
    now: HashMap<String, usize>,
    of_one: usize,
    in_all: usize,
}

impl AtWork {
    fn begins(&mut self, plan: &str) {
        let of_one = self.now.entry(plan.to_owned()).or_default();
        *of_one += 1;
        self.of_one = self.of_one.max(*of_one);
        self.in_all = self.in_all.max(self.now.values().sum());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_tried_again_in_the_order_of_its_key_and_within_the_width() -> Outcome {
    for width in [1, 2] {
        let (gate, at_work) = (Arc::new(Gate::closed()), Arc::new(Mutex::new(AtWork::default())));
        let (held, seen) = (Arc::clone(&gate), Arc::clone(&at_work));
        let billing = handler("billing", move |event| {
            let (held, seen) = (Arc::clone(&held), Arc::clone(&seen));
            async move {
                if event.sequence == Sequence(1) && !event.may_be_repeated() {
                    return Err("as the test wants".into());
                }
                let plan = event.envelope.plan_id.clone().unwrap();
                seen.lock().unwrap().begins(&plan);
                held.pass().await;
                *seen.lock().unwrap().now.get_mut(&plan).unwrap() -= 1;
                Ok(())
            }
        });
        let filter = EventFilter::of::<PlanCreated>();
        let durable = DurableSubscription::handling("billing", filter, billing)
            .retrying(RetryPolicy::once())
            .ordered_by(OrderBy::Plan)
            .with_width(width);
        let app = TestApp::start().await?;
        let _guard = app.subscribe_durably(durable).await?;
        app.emit(plan("a")).await?;
        app.expect_subscription("billing").dead_letters(1).await?;
        app.emit(plan("a")).await?;
        soon("it is at work", gate.arrived(1)).await;
        let manage = app.app().manage_subscriptions();
        manage.retry(&name("billing"), Sequence(1), Actor::human("ann")).await?;
        app.emit_batch(["b", "a", "c"].map(plan).into()).await?;
        soon("as many as may be are at work", gate.arrived(width)).await;
        gate.open();
        app.expect_subscription("billing").dead_letters(0).await?;
        app.expect_subscription("billing").caught_up().await?;
        let at_work = at_work.lock().unwrap();
        assert_eq!((at_work.of_one, at_work.in_all), (1, width));
    }
    Ok(())
}
