//! Dead letters that are tried again, under a supervision that says when to look, to stop and to give up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use application::delivery::{
    DurableSubscription, Ended, OrderBy, RetryPolicy, Standing, Supervision, begin,
};
use async_trait::async_trait;
use domain::events::PlanCreated;
use domain::ports::handler;
use domain::{AuditAppend, AuditEntry, AuditLog, Clock, EventFilter, Sequence, SubscriptionStore};
use indelible_tests::expect::soon;
use indelible_tests::fakes::{Gate, UnreadableLog};
use infrastructure::clock::SystemClock;
use infrastructure::memory::{InMemoryAuditLog, InMemorySubscriptionStore};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::troubles::ports;
use super::{name, plan};

/// Says when to look at what was done to the subscription, and when to stop; whoever is at work then is
/// given up.
#[derive(Default)]
struct Told {
    look: Notify,
    stop: watch::Sender<bool>,
}

#[async_trait]
impl Supervision for Told {
    async fn stop(&self) {
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    async fn deadline(&self) {
        self.stop().await;
    }

    async fn nudged(&self) {
        self.look.notified().await;
    }

    fn stands(&self, _: Standing) {}
}

/// A subscription to plans, of which the first fails once and all others wait at a gate.
struct Stage {
    log: Arc<UnreadableLog>,
    store: Arc<dyn SubscriptionStore>,
    told: Arc<Told>,
    gate: Arc<Gate>,
    at_work: Arc<AtomicUsize>,
    runs: JoinHandle<Ended>,
}

impl Stage {
    /// One whose first event is a dead letter, and whose second one is at work.
    async fn with_a_dead_letter(width: usize) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let log: Arc<dyn AuditLog> = Arc::new(InMemoryAuditLog::new(Arc::clone(&clock)));
        let log = Arc::new(UnreadableLog::new(log));
        let store: Arc<dyn SubscriptionStore> =
            Arc::new(InMemorySubscriptionStore::new(Arc::clone(&clock)));
        let (gate, at_work) = (Arc::new(Gate::closed()), Arc::new(AtomicUsize::new(0)));
        let (held, working) = (Arc::clone(&gate), Arc::clone(&at_work));
        let billing = handler("billing", move |event| {
            let (held, working) = (Arc::clone(&held), Arc::clone(&working));
            async move {
                if event.sequence == Sequence(1) && !event.may_be_repeated() {
                    return Err("as the test wants".into());
                }
                working.fetch_add(1, Ordering::SeqCst);
                held.pass().await;
                Ok(())
            }
        });
        let durable =
            DurableSubscription::handling("billing", EventFilter::of::<PlanCreated>(), billing)
                .starting(domain::StartAt::Beginning)
                .retrying(RetryPolicy::once())
                .ordered_by(OrderBy::Plan)
                .with_width(width);
        let told = Arc::new(Told::default());
        let ports = ports(Arc::clone(&log) as _, Arc::clone(&store), clock);
        let runs = tokio::spawn(begin(durable, ports).await.unwrap().run(Arc::clone(&told) as _));
        let stage = Self { log, store, told, gate, at_work, runs };
        stage.emit("a").await;
        stage.emit("b").await;
        soon("it is at work", stage.gate.arrived(1)).await;
        soon("the first is a dead letter", async {
            while stage.store.dead_letters(None).await.unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        stage
    }

    async fn emit(&self, plan_id: &str) {
        let now = SystemClock.now();
        let entry = plan(plan_id).seal(now, || plan_id.to_owned(), "/tests").unwrap();
        self.log.append(&[AuditEntry::new(entry)]).await.unwrap();
    }

    /// Has the dead letter tried again; its event has been looked up.
    async fn retry(&self) {
        self.store.retry(&name("billing"), Sequence(1)).await.unwrap();
        self.told.look.notify_one();
        soon("its event is looked up", self.log.looked_up(1)).await;
    }

    /// Stops it and gives up whoever is at work.
    async fn stop(self) -> Ended {
        self.told.stop.send_replace(true);
        soon("it ends", self.runs).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_waits_until_one_fewer_than_the_width_are_at_work() {
    let stage = Stage::with_a_dead_letter(1).await;
    stage.retry().await;
    // What is read after that, it has come to after the dead letter; the first page may be on its way.
    let pages = stage.log.pages();
    for (page, plan_id) in (pages + 1..).zip(["c", "d"]) {
        stage.emit(plan_id).await;
        soon("the next is read", stage.log.answered(page)).await;
    }
    assert_eq!(stage.at_work.load(Ordering::SeqCst), 1);
    stage.gate.open();
    soon("all are handled", stage.gate.arrived(4)).await;
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_that_is_given_up_is_counted_with_the_others() {
    let stage = Stage::with_a_dead_letter(2).await;
    stage.retry().await;
    soon("both are at work", stage.gate.arrived(2)).await;
    let letters = Arc::clone(&stage.store);
    assert_eq!(stage.stop().await, Ended::Stopped { given_up: 2 });
    let letters = letters.dead_letters(None).await.unwrap();
    assert_eq!((letters[0].sequence, letters[0].attempts), (Sequence(1), 1), "as if not tried");
}
