//! Pruning removes what the policy lets go, in chunks, and says so on the record.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use application::retention::RetentionPlan;
use application::{AuditEventSubscriber, PruneAuditLog, PruneError};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use domain::audit::retention::{HeldBack, Hold, Need, Prefix};
use domain::audit::{Page, Tally, TallyBy};
use domain::events::{AuditPruneStarted, AuditPruned, PlanCreated};
use domain::ports::{Inspection, RetentionError};
use domain::subscription::{NewDeadLetter, Progress};
use domain::{
    AppendError, AuditAppend, AuditEntry, AuditFilter, AuditInspect, AuditLog, AuditQuery,
    AuditRetention, Clock, DomainEvent, Emit, EventBus, LegalHolds, LogSpan, QueryError, Receipt,
    RecordedEvent, Sequence, SubscriptionName, SubscriptionStore,
};
use indelible_tests::fakes::{ForgetfulBus, ManualClock, NoRedaction};
use infrastructure::bus::{BusSettings, ReactiveEventBus};
use infrastructure::memory::{InMemoryAuditLog, InMemoryLegalHolds, InMemorySubscriptionStore};
use infrastructure::seaorm::{AuditStorage, SeaOrmSubscriptionStore, StorageOptions};

fn moment() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 7, 1, 9, 0, 0).unwrap()
}

struct Stage {
    clock: Arc<ManualClock>,
    log: Arc<dyn AuditLog>,
    subscriptions: Arc<dyn SubscriptionStore>,
    holds: Arc<dyn LegalHolds>,
    bus: Arc<dyn EventBus>,
}

impl Stage {
    /// A log with this many events on record, a day old.
    async fn with_old_events(count: usize) -> Self {
        let clock = Arc::new(ManualClock::at(moment()));
        let log: Arc<dyn AuditLog> = Arc::new(InMemoryAuditLog::new(Arc::clone(&clock) as _));
        let bus = bus_over(Arc::clone(&log), Arc::clone(&clock));
        for _ in 0..count {
            bus.emit(PlanCreated::sample()).await.unwrap();
        }
        clock.advance(TimeDelta::days(1) + TimeDelta::seconds(1));
        let subscriptions = Arc::new(InMemorySubscriptionStore::new(Arc::clone(&clock) as _));
        let holds = Arc::new(InMemoryLegalHolds::new(Arc::clone(&log)));
        Self { clock, log, subscriptions, holds, bus }
    }

    fn prune(&self) -> PruneAuditLog {
        self.prune_of(Arc::clone(&self.log), Arc::clone(&self.bus))
    }

    fn prune_of(&self, log: Arc<dyn AuditLog>, bus: Arc<dyn EventBus>) -> PruneAuditLog {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let (subscriptions, holds) = (Arc::clone(&self.subscriptions), Arc::clone(&self.holds));
        PruneAuditLog::new(log, subscriptions, holds, bus, clock)
    }

    /// A subscription that has come so far.
    async fn subscribe(&self, name: &str, cursor: u64) -> SubscriptionName {
        let name: SubscriptionName = name.parse().unwrap();
        self.subscriptions.ensure(&name, Sequence(cursor)).await.unwrap();
        name
    }

    /// Moves a subscription on, with a dead letter where there is one.
    async fn advance(&self, name: &SubscriptionName, cursor: u64, dead: Option<u64>) {
        let ttl = std::time::Duration::from_mins(1);
        let lease = self.subscriptions.acquire(name, "test", ttl).await.unwrap().unwrap();
        let letter = |sequence| NewDeadLetter {
            sequence: Sequence(sequence),
            attempts: 1,
            errors: Vec::new(),
            failed_at: self.clock.now(),
        };
        let progress = Progress {
            cursor: Sequence(cursor),
            dead_letters: dead.map(letter).into_iter().collect(),
            ..Progress::default()
        };
        self.subscriptions.advance(&lease, progress).await.unwrap();
    }

    async fn sequences(&self) -> Vec<u64> {
        let page = self.log.page(&AuditFilter::default(), Page::first(100_000)).await.unwrap();
        page.iter().map(|event| event.sequence.0).collect()
    }
}

fn bus_over(log: Arc<dyn AuditLog>, clock: Arc<ManualClock>) -> Arc<dyn EventBus> {
    let bus = ReactiveEventBus::new(BusSettings::default(), clock, Arc::clone(&log));
    let recorder = AuditEventSubscriber::new(Arc::new(NoRedaction), log);
    let types: Vec<_> = domain::events::CATALOGUE.event_types().collect();
    bus.attach_recorder(&types, Arc::new(recorder));
    Arc::new(bus)
}

#[tokio::test]
async fn what_is_old_goes_in_chunks_and_the_run_is_on_record() {
    let stage = Stage::with_old_events(1_203).await;
    let newest = stage.bus.emit(PlanCreated::sample()).await.unwrap().sequence;
    let report = stage.prune().run(1).await.unwrap();
    assert_eq!(report.removed, [Prefix { from: Sequence(1), through: Sequence(1_203) }]);
    let run = stage.log.by_sequence(report.receipts[0].sequence).await.unwrap().unwrap();
    let told = run.decode::<AuditPruned>().unwrap();
    assert_eq!(
        told,
        AuditPruned {
            from_sequence: 1,
            to_sequence: 1_203,
            entries: 1_203,
            older_than_days: 1,
            archive: None,
            archive_digest: None,
        }
    );
    assert_eq!(run.envelope.actor.unwrap().to_string(), "system:retention");
    let begun = Sequence(run.sequence.0 - 1);
    assert_eq!(stage.sequences().await, [newest.0, begun.0, run.sequence.0]);
    let begun = stage.log.by_sequence(begun).await.unwrap().unwrap();
    assert_eq!(
        begun.decode::<AuditPruneStarted>().unwrap(),
        AuditPruneStarted { from_sequence: 1, to_sequence: 1_203, older_than_days: 1 }
    );
}

#[tokio::test]
async fn what_is_young_or_the_newest_stays_and_a_run_without_effect_says_nothing() {
    let stage = Stage::with_old_events(1).await;
    assert_eq!(stage.prune().run(1).await.unwrap().removed, [], "the newest entry stays");
    assert_eq!(stage.prune().run(2).await.unwrap().removed, []);
    assert_eq!(stage.prune().run(0).await.unwrap().removed, [], "0 days keep everything");
    assert_eq!(stage.sequences().await, [1]);
}

#[tokio::test]
async fn a_single_entry_goes_as_well() {
    let stage = Stage::with_old_events(1).await;
    stage.bus.emit(PlanCreated::sample()).await.unwrap();
    let report = stage.prune().run(1).await.unwrap();
    assert_eq!(report.removed, [Prefix { from: Sequence(1), through: Sequence(1) }]);
}

#[tokio::test]
async fn looking_at_what_may_go_removes_nothing() {
    let stage = Stage::with_old_events(10).await;
    let plan = stage.prune().plan(&1.into()).await.unwrap();
    assert_eq!(plan.expired.map(|prefix| prefix.entries()), Some(10));
    assert_eq!(plan.goes.map(|prefix| prefix.entries()), Some(9));
    assert_eq!(plan.held_back, [HeldBack::Newest { sequence: Sequence(10) }]);
    // Whoever needs the newest alone holds nothing back: it stays in any case.
    stage.subscribe("billing", 9).await;
    assert_eq!(stage.prune().plan(&1.into()).await.unwrap(), plan);
    assert_eq!(stage.sequences().await.len(), 10);
}

#[tokio::test]
async fn a_run_that_is_stopped_says_what_it_removed() {
    let stage = Stage::with_old_events(1_500).await;
    let asked = AtomicUsize::new(0);
    let stop_after_the_first = || asked.fetch_add(1, Ordering::Relaxed) > 1;
    let report = stage.prune().run_until(1, stop_after_the_first).await.unwrap();
    assert_eq!(report.entries(), 500);
    assert_eq!(stage.sequences().await.len(), 1_002);
}

#[tokio::test]
async fn a_run_that_fails_midway_puts_what_it_removed_on_record_and_says_why_it_stopped() {
    let stage = Stage::with_old_events(1_500).await;
    let failing: Arc<dyn AuditLog> = Arc::new(FailsAt::the(1, &stage.log));
    let prune = stage.prune_of(failing, Arc::clone(&stage.bus));
    let error = prune.run(1).await.unwrap_err();
    assert!(matches!(error, PruneError::Remove { removed: 500, .. }), "{error:?}");
    let latest = stage.log.page(&AuditFilter::default(), Page::latest(1)).await.unwrap();
    assert_eq!(latest[0].decode::<AuditPruned>().unwrap().entries, 500);

    let failing: Arc<dyn AuditLog> = Arc::new(FailsAt::the(0, &stage.log));
    let prune = stage.prune_of(failing, Arc::clone(&stage.bus));
    let error = prune.run(1).await.unwrap_err();
    assert!(matches!(error, PruneError::Remove { removed: 0, .. }), "{error:?}");
    assert_eq!(
        stage.sequences().await.len(),
        1_004,
        "a thousand, and that both began and are over"
    );
    let latest = stage.log.page(&AuditFilter::default(), Page::latest(1)).await.unwrap();
    assert_eq!(latest[0].decode::<AuditPruned>().unwrap().entries, 0, "nothing more was removed");
}

#[tokio::test]
async fn a_run_that_another_has_overtaken_goes_on_after_what_that_removed() {
    let stage = Stage::with_old_events(1_500).await;
    let overtaken = FailsAt { overtaken: true, ..FailsAt::the(0, &stage.log) };
    let prune = stage.prune_of(Arc::new(overtaken), Arc::clone(&stage.bus));
    let report = prune.run(1).await.unwrap();
    let removed: Vec<_> = report.removed.iter().map(|it| (it.from.0, it.through.0)).collect();
    assert_eq!(removed, [(502, 1_499)], "and says nothing of what another removed");
}

#[tokio::test]
async fn two_runs_at_once_say_together_exactly_what_is_gone() {
    let stage = Stage::with_old_events(3_000).await;
    let (one, two) = (stage.prune(), stage.prune());
    let (one, two) = tokio::join!(one.run(1), two.run(1));
    let mut said: Vec<u64> = [one.unwrap(), two.unwrap()]
        .iter()
        .flat_map(|report| &report.removed)
        .flat_map(|range| range.from.0..=range.through.0)
        .collect();
    said.sort_unstable();
    assert_eq!(said, (1..=2_999).collect::<Vec<_>>(), "each entry is announced once");
}

#[tokio::test]
async fn a_run_that_cannot_be_put_on_record_says_so() {
    let stage = Stage::with_old_events(10).await;
    let prune = stage.prune_of(Arc::clone(&stage.log), Arc::new(ForgetfulBus));
    let error = prune.run(1).await.unwrap_err();
    assert!(matches!(error, PruneError::Begin { .. }), "{error:?}");
    assert_eq!(stage.sequences().await.len(), 10, "nothing was removed");
}

#[tokio::test]
async fn what_a_subscription_has_not_come_to_stays_whatever_its_state() {
    let stage = Stage::with_old_events(20).await;
    let billing = stage.subscribe("billing", 4).await;
    let mail = stage.subscribe("mail", 11).await;
    stage.subscriptions.pause(&billing).await.unwrap();
    let hold = |subscription: &SubscriptionName, sequence, need| {
        let subscription = subscription.clone();
        HeldBack::Subscription(Hold { subscription, sequence: Sequence(sequence), need })
    };

    let report = stage.prune().run(1).await.unwrap();
    assert_eq!(report.removed, [Prefix { from: Sequence(1), through: Sequence(4) }]);
    let both = [hold(&billing, 5, Need::ToCome), hold(&mail, 12, Need::ToCome)];
    assert_eq!(report.held_back, both, "it says who keeps what, the oldest first");

    let plan = stage.prune().plan(&1.into()).await.unwrap();
    let expired = Some(Prefix { from: Sequence(5), through: Sequence(20) });
    let RetentionPlan { goes, held_back, .. } = plan.clone();
    assert_eq!((plan.expired, goes, held_back), (expired, None, both.to_vec()), "also beforehand");
    let again = stage.prune().run(1).await.unwrap();
    assert_eq!((again.removed.len(), again.held_back.len()), (0, 2), "and when nothing may go");

    stage.subscriptions.remove(&billing).await.unwrap();
    let report = stage.prune().run(1).await.unwrap();
    assert_eq!(report.removed, [Prefix { from: Sequence(5), through: Sequence(11) }]);
    stage.advance(&mail, 22, None).await;
    let report = stage.prune().run(1).await.unwrap();
    assert_eq!(report.removed, [Prefix { from: Sequence(12), through: Sequence(20) }]);
    assert_eq!(report.held_back, [], "who has come further holds nothing back");
}

#[tokio::test]
async fn a_dead_letter_keeps_its_event_until_it_is_discarded() {
    let stage = Stage::with_old_events(20).await;
    let billing = stage.subscribe("billing", 4).await;
    stage.advance(&billing, 30, Some(9)).await;
    let report = stage.prune().run(1).await.unwrap();
    assert_eq!(report.removed, [Prefix { from: Sequence(1), through: Sequence(8) }]);
    let held = [HeldBack::Subscription(Hold {
        subscription: billing.clone(),
        sequence: Sequence(9),
        need: Need::DeadLetter,
    })];
    assert_eq!(report.held_back, held);
    stage.subscriptions.discard(&billing, Sequence(9)).await.unwrap();
    let report = stage.prune().run(1).await.unwrap();
    let all = [Prefix { from: Sequence(9), through: Sequence(20) }];
    assert_eq!(report.removed, all, "the newest is what the run before has said");
}

#[tokio::test]
async fn nothing_goes_while_it_is_not_known_what_is_still_needed() {
    let stage = Stage::with_old_events(20).await;
    let folder = tempfile::tempdir().unwrap();
    let storage = AuditStorage::connect(StorageOptions::new(folder.path().join("audit.db")));
    let storage = storage.await.unwrap();
    storage.close().await;
    let closed = SeaOrmSubscriptionStore::new(storage, Arc::clone(&stage.clock) as _);
    let clock = Arc::clone(&stage.clock) as Arc<dyn Clock>;
    let (log, holds) = (Arc::clone(&stage.log), Arc::clone(&stage.holds));
    let prune = PruneAuditLog::new(log, Arc::new(closed), holds, Arc::clone(&stage.bus), clock);
    let error = prune.run(1).await.unwrap_err();
    assert!(matches!(error, PruneError::Subscriptions(_)), "{error:?}");
    assert_eq!(stage.sequences().await.len(), 20);
}

/// A log whose n-th removal fails, or comes too late: another run has removed that before.
struct FailsAt {
    log: Arc<dyn AuditLog>,
    chunk: usize,
    overtaken: bool,
    seen: AtomicUsize,
}

impl FailsAt {
    fn the(chunk: usize, log: &Arc<dyn AuditLog>) -> Self {
        Self { log: Arc::clone(log), chunk, overtaken: false, seen: AtomicUsize::new(0) }
    }
}

#[async_trait]
impl AuditRetention for FailsAt {
    async fn remove_oldest(
        &self,
        through: Sequence,
        limit: u32,
    ) -> Result<Option<Prefix>, RetentionError> {
        if self.seen.fetch_add(1, Ordering::Relaxed) == self.chunk {
            if !self.overtaken {
                return Err(AppendError::Closed.into());
            }
            while self.log.remove_oldest(through, limit).await?.is_some() {}
        }
        self.log.remove_oldest(through, limit).await
    }
}

#[async_trait]
impl AuditAppend for FailsAt {
    async fn append(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, AppendError> {
        self.log.append(batch).await
    }
}

#[async_trait]
impl AuditQuery for FailsAt {
    async fn page(
        &self,
        filter: &AuditFilter,
        page: Page,
    ) -> Result<Vec<RecordedEvent>, QueryError> {
        self.log.page(filter, page).await
    }
    async fn by_sequence(&self, sequence: Sequence) -> Result<Option<RecordedEvent>, QueryError> {
        self.log.by_sequence(sequence).await
    }
    async fn by_event_id(&self, event_id: &str) -> Result<Vec<RecordedEvent>, QueryError> {
        self.log.by_event_id(event_id).await
    }
    async fn span(&self) -> Result<LogSpan, QueryError> {
        self.log.span().await
    }
    async fn tally(&self, filter: &AuditFilter, by: TallyBy) -> Result<Vec<Tally>, QueryError> {
        self.log.tally(filter, by).await
    }
    async fn last_recorded_before(
        &self,
        at: DateTime<Utc>,
    ) -> Result<Option<Sequence>, QueryError> {
        self.log.last_recorded_before(at).await
    }

    async fn newer_than(&self, sequence: Sequence) -> Result<Sequence, QueryError> {
        self.log.newer_than(sequence).await
    }
}

#[async_trait]
impl AuditInspect for FailsAt {
    async fn inspect(&self) -> Result<Inspection, QueryError> {
        self.log.inspect().await
    }
}
