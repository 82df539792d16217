//! The runner against a model: whatever fails, however often it is killed, in whichever order handlers
//! return, every event is handled or kept as a dead letter, and what is said of it is true.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use application::delivery::{
    DurableSubscription, OrderBy, Reactions, RetryPolicy, Standing, SubscriptionPorts, Supervision,
    begin,
};
use async_trait::async_trait;
use domain::events::ToolInvoked;
use domain::ports::handler;
use domain::{
    AuditEntry, AuditLog, Clock, Delivery, DomainEvent, EventBus, EventDraft, Sequence, StartAt,
    SubscriptionStore,
};
use indelible_tests::expect::soon;
use indelible_tests::fakes::ManualClock;
use infrastructure::memory::{InMemoryAuditLog, InMemorySubscriptionStore};
use proptest::prelude::*;
use tokio::sync::watch;

use super::{Handed, moment, name, plan};

/// Runs until it has caught up with an entry.
pub(crate) struct Until {
    newest: Sequence,
    standing: watch::Sender<Standing>,
}

impl Until {
    pub(crate) fn caught_up_with(newest: Sequence) -> Self {
        Self { newest, standing: watch::Sender::new(Standing::Starting) }
    }
}

#[async_trait]
impl Supervision for Until {
    async fn stop(&self) {
        let at_rest = |standing: &Standing| standing.is_at_rest(self.newest);
        let _ = self.standing.subscribe().wait_for(at_rest).await;
    }

    async fn deadline(&self) {
        std::future::pending::<()>().await;
    }

    async fn nudged(&self) {
        std::future::pending::<()>().await;
    }

    fn stands(&self, standing: Standing) {
        self.standing.send_replace(standing);
    }
}

/// What one event does to its handler, over all runs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Unwanted,
    Succeeds,
    FailsOnce,
    FailsAlways,
}

const ATTEMPTS: u32 = 3;

/// What was handed out, and what was handled, in order.
#[derive(Default)]
struct Seen {
    handed: Vec<Handed>,
    handled: Vec<u64>,
}

struct Case {
    /// The key and the fate of each event.
    events: Vec<(u8, Fate)>,
    /// After how many events, handed out by one run, it is killed.
    kills: Vec<usize>,
    width: usize,
}

async fn play(case: &Case) -> (Seen, Arc<dyn SubscriptionStore>) {
    let clock: Arc<dyn Clock> =
        Arc::new(ManualClock::at(moment()).with_longest_sleep(Duration::from_secs(5)));
    let log: Arc<dyn AuditLog> = Arc::new(InMemoryAuditLog::new(Arc::clone(&clock)));
    let store: Arc<dyn SubscriptionStore> =
        Arc::new(InMemorySubscriptionStore::new(Arc::clone(&clock)));
    let entries: Vec<AuditEntry> = case
        .events
        .iter()
        .enumerate()
        .map(|(place, (key, fate))| {
            let draft = match fate {
                Fate::Unwanted => EventDraft::from(ToolInvoked::sample()),
                _ => plan(&key.to_string()),
            };
            AuditEntry::new(draft.seal(moment(), || format!("e{place}"), "/tests").unwrap())
        })
        .collect();
    log.append(&entries).await.unwrap();

    let seen = Arc::new(Mutex::new(Seen::default()));
    let handed = Arc::new(watch::Sender::new(0_usize));
    let fates: Arc<Vec<Fate>> = Arc::new(case.events.iter().map(|(_, fate)| *fate).collect());
    let durable = || {
        let (seen, handed, fates) = (Arc::clone(&seen), Arc::clone(&handed), Arc::clone(&fates));
        let handle = handler("generated", move |event: Delivery| {
            let (seen, handed) = (Arc::clone(&seen), Arc::clone(&handed));
            let place = event.sequence.0;
            let fate = fates[usize::try_from(place - 1).unwrap()];
            async move {
                let first = {
                    let mut seen = seen.lock().unwrap();
                    let first = !seen.handed.iter().any(|(known, ..)| *known == place);
                    seen.handed.push((place, event.attempt(), event.may_be_repeated()));
                    first
                };
                handed.send_modify(|count| *count += 1);
                // Others may return in between, as often as the event's place says.
                for _ in 0..place % 3 {
                    tokio::task::yield_now().await;
                }
                if fate == Fate::FailsAlways || (fate == Fate::FailsOnce && first) {
                    return Err("as drawn".into());
                }
                seen.lock().unwrap().handled.push(place);
                Ok(())
            }
        });
        let filter = domain::EventFilter::of::<domain::events::PlanCreated>();
        let pause = Duration::from_millis(5);
        DurableSubscription::handling("generated", filter, handle)
            .starting(StartAt::Beginning)
            .ordered_by(OrderBy::Plan)
            .with_width(case.width)
            .retrying(RetryPolicy::attempts(ATTEMPTS).pausing(pause, pause))
    };
    // Nothing is emitted, and so there need be no bus.
    let bus: std::sync::Weak<infrastructure::bus::ReactiveEventBus> = std::sync::Weak::new();
    let bus: std::sync::Weak<dyn EventBus> = bus;
    let ports = SubscriptionPorts {
        redactor: Arc::new(indelible_tests::fakes::NoRedaction),
        log,
        store: Arc::clone(&store),
        clock,
        reactions: Reactions::new(bus, 1),
        owner: "generated".to_owned(),
    };
    let newest = Sequence(case.events.len() as u64);
    for kill in case.kills.iter().map(|kill| Some(*kill)).chain([None]) {
        let until = Until::caught_up_with(newest);
        let run = begin(durable(), ports.clone()).await.unwrap().run(Arc::new(until));
        let before = *handed.borrow();
        let mut handed = handed.subscribe();
        let killed = async {
            match kill {
                Some(kill) => handed.wait_for(|count| *count >= before + kill).await.map(drop),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = killed => {}
            _ = soon("it catches up", run) => {}
        }
    }
    (std::mem::take(&mut *seen.lock().unwrap()), store)
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        2 => Just(Fate::Unwanted),
        6 => Just(Fate::Succeeds),
        2 => Just(Fate::FailsOnce),
        1 => Just(Fate::FailsAlways),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_wanted_event_is_handled_in_the_order_of_its_key_or_is_a_dead_letter(
        events in proptest::collection::vec((0_u8..4, fate()), 1..30),
        kills in proptest::collection::vec(1_usize..12, 0..4),
        width in 1_usize..5,
    ) {
        let case = Case { events, kills, width };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (seen, store) = runtime.block_on(play(&case));
        let places = |wanted: &dyn Fn(Fate) -> bool| -> BTreeSet<u64> {
            (1..).zip(&case.events).filter(|(_, (_, fate))| wanted(*fate)).map(|(it, _)| it).collect()
        };
        let status = runtime.block_on(store.find(&name("generated"))).unwrap().unwrap();
        prop_assert_eq!(status.cursor, Sequence(case.events.len() as u64));
        prop_assert!(status.holder.is_none(), "the lease is given back");

        let handled: BTreeSet<u64> = seen.handled.iter().copied().collect();
        prop_assert_eq!(&handled, &places(&|it| matches!(it, Fate::Succeeds | Fate::FailsOnce)));
        let letters = runtime.block_on(store.dead_letters(None)).unwrap();
        let dead: BTreeSet<u64> = letters.iter().map(|letter| letter.sequence.0).collect();
        prop_assert_eq!(dead, places(&|it| it == Fate::FailsAlways));
        for letter in &letters {
            prop_assert_eq!(letter.attempts, ATTEMPTS);
        }

        let mut first: BTreeMap<u8, Vec<u64>> = BTreeMap::new();
        let mut known = BTreeSet::new();
        for place in &seen.handled {
            if known.insert(*place) {
                let key = case.events[usize::try_from(*place - 1).unwrap()].0;
                first.entry(key).or_default().push(*place);
            }
        }
        for (key, places) in first {
            prop_assert!(places.is_sorted(), "key {} was handled as {:?}", key, places);
        }
        let mut known = BTreeSet::new();
        for (place, attempt, repeated) in &seen.handed {
            let again = !known.insert(*place);
            prop_assert!(!again || *repeated, "event {} came again unannounced", place);
            prop_assert!(*attempt <= ATTEMPTS);
        }
    }
}
