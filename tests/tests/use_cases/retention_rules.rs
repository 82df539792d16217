//! What retention would remove: by categories, floors and legal holds; and what is done about holds.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use application::retention::{HoldError, ManageLegalHolds, PlanRetention, RetentionPlan};
use application::{AuditEventSubscriber, PruneAuditLog, PruneError};
use async_trait::async_trait;
use chrono::{TimeDelta, Utc};
use domain::audit::Page;
use domain::audit::legal_hold::{HeldEntry, HoldId, HoldScope, LegalHold};
use domain::audit::retention::{HeldBack, Prefix, RetentionPolicy, RetentionRules};
use domain::events::{AuditHoldPlaced, AuditHoldReleased, AuditPruned, CATALOGUE, PlanCreated};
use domain::ports::{ArchiveError, ArchivePlace, Archived, LegalHoldError};
use domain::{
    Actor, AuditArchive, AuditCategory, AuditEntry, AuditFilter, AuditLog, Clock, DomainEvent,
    Emit, EventBus, EventDraft, EventType, LegalHolds, Sequence, SubscriptionStore,
};
use indelible_tests::contract::audit_log::{envelope, start};
use indelible_tests::fakes::{ForgetfulBus, ManualClock, NoRedaction};
use infrastructure::bus::{BusSettings, ReactiveEventBus};
use infrastructure::memory::{InMemoryAuditLog, InMemoryLegalHolds, InMemorySubscriptionStore};
use proptest::prelude::*;

struct Stage {
    clock: Arc<ManualClock>,
    log: Arc<dyn AuditLog>,
    subscriptions: Arc<dyn SubscriptionStore>,
    holds: Arc<dyn LegalHolds>,
    bus: Arc<dyn EventBus>,
}

impl Stage {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(start()));
        let log: Arc<dyn AuditLog> = Arc::new(InMemoryAuditLog::new(Arc::clone(&clock) as _));
        let bus = ReactiveEventBus::new(
            BusSettings::default(),
            Arc::clone(&clock) as _,
            Arc::clone(&log),
        );
        let recorder = AuditEventSubscriber::new(Arc::new(NoRedaction), Arc::clone(&log));
        let types: Vec<_> = CATALOGUE.event_types().collect();
        bus.attach_recorder(&types, Arc::new(recorder));
        Self {
            subscriptions: Arc::new(InMemorySubscriptionStore::new(Arc::clone(&clock) as _)),
            holds: Arc::new(InMemoryLegalHolds::new(Arc::clone(&log))),
            bus: Arc::new(bus),
            clock,
            log,
        }
    }

    /// Appends an event of a type, so many days after the one before.
    async fn append(&self, event_type: &'static str, days_later: i64) -> Sequence {
        self.clock.advance(TimeDelta::days(days_later));
        let newest = self.log.span().await.unwrap().last.map_or(0, |(last, _)| last.0);
        let mut envelope = envelope(&format!("e-{newest}"));
        envelope.event_type = EventType::from_static(event_type);
        self.log.append(&[AuditEntry::new(envelope)]).await.unwrap()[0].sequence
    }

    async fn plan(&self, rules: &RetentionRules) -> RetentionPlan {
        let (log, subscriptions) = (Arc::clone(&self.log), Arc::clone(&self.subscriptions));
        let plan = PlanRetention::new(log, subscriptions, Arc::clone(&self.holds));
        plan.plan(rules, self.clock.now()).await.unwrap()
    }

    fn manage(&self) -> ManageLegalHolds {
        let (holds, log) = (Arc::clone(&self.holds), Arc::clone(&self.log));
        ManageLegalHolds::new(holds, log, Arc::clone(&self.bus))
    }

    fn prune(&self) -> PruneAuditLog {
        let (log, subscriptions) = (Arc::clone(&self.log), Arc::clone(&self.subscriptions));
        let (holds, bus) = (Arc::clone(&self.holds), Arc::clone(&self.bus));
        PruneAuditLog::new(log, subscriptions, holds, bus, Arc::clone(&self.clock) as _)
    }

    async fn sequences(&self) -> Vec<u64> {
        let page = self.log.page(&AuditFilter::default(), Page::first(100_000)).await.unwrap();
        page.iter().map(|event| event.sequence.0).collect()
    }
}

const DAYS: fn(u32) -> RetentionPolicy = RetentionPolicy::KeepDays;

fn rules(
    otherwise: RetentionPolicy,
    by_category: &[(AuditCategory, RetentionPolicy)],
    floor_days: u32,
) -> RetentionRules {
    RetentionRules { otherwise, by_category: by_category.iter().copied().collect(), floor_days }
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with what may be nothing")]
fn prefix(from: u64, through: u64) -> Option<Prefix> {
    Some(Prefix { from: Sequence(from), through: Sequence(through) })
}

#[tokio::test]
async fn an_entry_that_is_kept_for_longer_keeps_all_after_it() {
    let stage = Stage::new();
    for event_type in ["tool.invoked", "auth.failed", "tool.invoked", "tool.invoked"] {
        stage.append(event_type, 0).await;
    }
    stage.append("tool.invoked", 10).await;
    let longer = rules(DAYS(5), &[(AuditCategory::Security, DAYS(100))], 0);
    let plan = stage.plan(&longer).await;
    assert_eq!((plan.expired, plan.goes), (prefix(1, 4), prefix(1, 1)));
    let category = Some(AuditCategory::Security);
    let held = HeldBack::Category { category, policy: DAYS(100), sequence: Sequence(2) };
    assert_eq!(plan.held_back, [held]);

    let shorter = rules(RetentionPolicy::KeepForEver, &[(AuditCategory::Activity, DAYS(5))], 0);
    let plan = stage.plan(&shorter).await;
    assert_eq!((plan.expired, plan.goes), (prefix(1, 4), prefix(1, 1)));
    let policy = RetentionPolicy::KeepForEver;
    let held = HeldBack::Category { category: None, policy, sequence: Sequence(2) };
    assert_eq!(plan.held_back, [held], "what has no policy of its own is kept by the one for all");
}

#[tokio::test]
async fn what_the_catalogue_does_not_know_is_kept_as_all_others_are() {
    let stage = Stage::new();
    for event_type in ["tool.invoked", "parcel.shipped", "tool.invoked"] {
        stage.append(event_type, 0).await;
    }
    stage.append("tool.invoked", 10).await;
    let rules = rules(DAYS(50), &[(AuditCategory::Activity, DAYS(5))], 0);
    assert_eq!(stage.plan(&rules).await.goes, prefix(1, 1));
}

#[tokio::test]
async fn nothing_goes_below_the_floor_and_the_plan_says_so() {
    let stage = Stage::new();
    stage.append("tool.invoked", 0).await;
    stage.append("tool.invoked", 10).await;
    stage.append("tool.invoked", 10).await;
    let low = rules(DAYS(5), &[], 15);
    let plan = stage.plan(&low).await;
    assert_eq!((plan.expired, plan.goes), (prefix(1, 2), prefix(1, 1)));
    assert_eq!(plan.held_back, [HeldBack::Floor { days: 15, sequence: Sequence(2) }]);
    let refused = stage.prune().run(low).await.unwrap_err();
    assert!(matches!(refused, PruneError::BelowFloor(below) if below.floor == 15), "{refused:?}");
    assert_eq!(stage.sequences().await, [1, 2, 3], "nothing is removed, not even what may go");
    let report = stage.prune().run(rules(DAYS(15), &[], 15)).await.unwrap();
    assert_eq!(report.removed, [prefix(1, 1).unwrap()], "the floor itself is no hindrance");
}

#[tokio::test]
async fn a_floor_that_is_for_ever_under_nothing_changes_nothing() {
    let stage = Stage::new();
    stage.append("tool.invoked", 0).await;
    stage.append("tool.invoked", 10).await;
    assert_eq!(stage.plan(&rules(DAYS(9), &[], 3)).await.held_back, []);
    assert_eq!(stage.plan(&RetentionRules::from(0)).await, RetentionPlan::default());
    assert_eq!(stage.plan(&RetentionRules::from(11)).await, RetentionPlan::default());
}

#[tokio::test]
async fn a_run_says_the_days_that_all_it_removed_were_older_than() {
    let stage = Stage::new();
    stage.append("tool.invoked", 0).await;
    stage.append("tool.invoked", 10).await;
    let rules = rules(DAYS(50), &[(AuditCategory::Activity, DAYS(5))], 0);
    let report = stage.prune().run(rules).await.unwrap();
    let told = stage.log.by_sequence(report.receipts[0].sequence).await.unwrap().unwrap();
    assert_eq!(told.decode::<AuditPruned>().unwrap().older_than_days, 5);
}

#[tokio::test]
async fn a_hold_is_on_record_before_it_is_in_force_and_names_no_person() {
    let stage = Stage::new();
    let ann = Actor::human("ann");
    let user = HoldScope::User("bob@example.org".to_owned());
    let id = stage.manage().place(user.clone(), "case 12", ann.clone()).await.unwrap();
    let event = stage.log.by_sequence(id.0).await.unwrap().unwrap();
    assert!(!format!("{event:?}").contains("bob"), "{event:?}");
    let told = event.decode::<AuditHoldPlaced>().unwrap();
    assert_eq!((told.scope.as_str(), told.reason.as_str()), ("user", "case 12"));
    let listed = stage.manage().list().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].hold, LegalHold { id, scope: user });
    assert_eq!((&listed[0].by, listed[0].reason.as_deref()), (&Some(ann.clone()), Some("case 12")));
    assert_eq!(listed[0].placed_at, Some(event.recorded_at));

    stage.manage().release(id, Some("closed".to_owned()), ann).await.unwrap();
    let latest = stage.log.page(&AuditFilter::default(), Page::latest(1)).await.unwrap();
    let told = latest[0].decode::<AuditHoldReleased>().unwrap();
    assert_eq!(told, AuditHoldReleased { hold: id.0.0, reason: Some("closed".to_owned()) });
    assert_eq!(stage.manage().list().await.unwrap(), []);
}

#[tokio::test]
async fn a_reason_that_names_the_person_is_refused_and_nothing_is_put_on_record() {
    let stage = Stage::new();
    let manage = stage.manage();
    let ann = || Actor::human("ann");
    let of = |person: &str| HoldScope::User(person.to_owned());
    let refused = manage.place(of("bob"), "case of Bob, 2026", ann()).await.unwrap_err();
    assert!(matches!(refused, HoldError::NamesThePerson), "{refused:?}");
    assert!(refused.to_string().contains("name the case"), "{refused}");
    assert_eq!(stage.sequences().await, [0; 0]);
    let id = manage.place(of("bob"), "a bobbin case", ann()).await.unwrap();
    let refused = manage.release(id, Some("bob is acquitted".to_owned()), ann()).await.unwrap_err();
    assert!(matches!(refused, HoldError::NamesThePerson), "{refused:?}");
    assert_eq!((stage.sequences().await.len(), manage.list().await.unwrap().len()), (1, 1));
    manage.release(id, Some("acquitted".to_owned()), ann()).await.unwrap();
    let plan = HoldScope::Plan("p1".to_owned());
    manage.place(plan, "all of p1", ann()).await.unwrap();
}

#[tokio::test]
async fn whether_anything_is_held_already_is_told_for_every_kind_of_hold() {
    let stage = Stage::new();
    let text = str::to_owned;
    let range =
        |from, through| HoldScope::Sequences { from: Sequence(from), through: Sequence(through) };
    let user = "ada@example.org";
    for before in [false, true] {
        for (scope, after) in [
            (HoldScope::Plan(text("p1")), true),
            (HoldScope::Plan(text("p2")), false),
            (HoldScope::Correlation(text("c1")), true),
            (HoldScope::User(text(user)), true),
            (HoldScope::User(text("planner")), false),
            (range(1, 1), true),
            (range(0, 7), true),
            (range(2, 9), false),
        ] {
            let found = stage.manage().anything_in(&scope).await.unwrap();
            assert_eq!(found, before && after, "{scope:?}, recorded: {before}");
        }
        if !before {
            stage.append("tool.invoked", 0).await;
        }
    }
    let event = EventDraft::from(PlanCreated::sample()).by(Actor::human("carl"));
    stage.bus.emit(event).await.unwrap();
    assert!(stage.manage().anything_in(&HoldScope::User(text("carl"))).await.unwrap());
}

#[tokio::test]
async fn what_a_hold_names_but_a_person_is_on_record() {
    let stage = Stage::new();
    let range = HoldScope::Sequences { from: Sequence(3), through: Sequence(3) };
    for (scope, expected) in [
        (HoldScope::Plan("p1".to_owned()), (Some("p1"), None, None)),
        (HoldScope::Correlation("c1".to_owned()), (None, Some("c1"), None)),
        (range, (None, None, Some((3, 3)))),
    ] {
        let id = stage.manage().place(scope, "why", Actor::human("ann")).await.unwrap();
        let event = stage.log.by_sequence(id.0).await.unwrap().unwrap();
        let told = event.decode::<AuditHoldPlaced>().unwrap();
        let range = told.from_sequence.zip(told.to_sequence);
        assert_eq!((told.plan.as_deref(), told.correlation.as_deref(), range), expected);
    }
}

#[tokio::test]
async fn a_hold_that_makes_no_sense_is_refused_and_nothing_is_put_on_record() {
    let stage = Stage::new();
    let ann = || Actor::human("ann");
    let manage = stage.manage();
    let plan = |id: &str| HoldScope::Plan(id.to_owned());
    let refused = manage.place(plan("p1"), " ", ann()).await.unwrap_err();
    assert!(matches!(refused, HoldError::NoReason), "{refused:?}");
    let refused = manage.place(plan(""), "why", ann()).await.unwrap_err();
    assert!(matches!(refused, HoldError::Nothing), "{refused:?}");
    let backwards = HoldScope::Sequences { from: Sequence(4), through: Sequence(3) };
    let refused = manage.place(backwards, "why", ann()).await.unwrap_err();
    assert!(matches!(refused, HoldError::Backwards { from: 4, through: 3 }), "{refused:?}");
    let nobody = HoldId(Sequence(9));
    let refused = manage.release(nobody, None, ann()).await.unwrap_err();
    let unknown = LegalHoldError::Unknown { id: nobody };
    assert_eq!(refused.to_string(), unknown.to_string());
    assert_eq!(stage.sequences().await, [0; 0]);

    let (holds, log) = (Arc::clone(&stage.holds), Arc::clone(&stage.log));
    let forgetful = ManageLegalHolds::new(holds, log, Arc::new(ForgetfulBus));
    let refused = forgetful.place(plan("p1"), "why", ann()).await.unwrap_err();
    assert!(matches!(refused, HoldError::Record(_)), "{refused:?}");
    assert_eq!(stage.holds.in_force().await.unwrap(), [], "what is not on record is not in force");
}

#[tokio::test]
async fn whether_there_is_anything_to_hold_yet_is_told() {
    let stage = Stage::new();
    stage.append("plan.created", 0).await;
    let entry = stage.log.by_sequence(Sequence(1)).await.unwrap().unwrap();
    let envelope = entry.envelope;
    let text = |text: &Option<String>| text.clone().unwrap();
    let sequences =
        |from, through| HoldScope::Sequences { from: Sequence(from), through: Sequence(through) };
    let there = [
        HoldScope::Plan(text(&envelope.plan_id)),
        HoldScope::Correlation(text(&envelope.correlation_id)),
        HoldScope::User(text(&envelope.user_identity)),
        sequences(1, 4),
    ];
    let absent = [
        HoldScope::Plan("another".to_owned()),
        HoldScope::Correlation("another".to_owned()),
        HoldScope::User("another".to_owned()),
        sequences(2, 4),
    ];
    for (scopes, expected) in [(there, true), (absent, false)] {
        for scope in scopes {
            assert_eq!(stage.manage().anything_in(&scope).await.unwrap(), expected, "{scope:?}");
        }
    }
}

#[tokio::test]
async fn a_hold_that_is_on_record_and_not_in_force_is_released_on_the_record_once() {
    let stage = Stage::new();
    let placed = AuditHoldPlaced { scope: "plan".to_owned(), ..AuditHoldPlaced::sample() };
    let id = HoldId(stage.bus.emit(placed).await.unwrap().sequence);
    let other = HoldId(stage.bus.emit(AuditHoldPlaced::sample()).await.unwrap().sequence);
    let manage = stage.manage();
    let why = || Some("it never came into force".to_owned());
    let release = |id| manage.release(id, why(), Actor::human("ann"));
    release(id).await.unwrap();
    let newest = stage.log.by_sequence(other.0.next()).await.unwrap().unwrap();
    assert_eq!(newest.decode::<AuditHoldReleased>().unwrap().hold, id.0.0);
    for nothing in [id, HoldId(newest.sequence), HoldId(newest.sequence.next())] {
        let refused = release(nothing).await.unwrap_err();
        let unknown = LegalHoldError::Unknown { id: nothing };
        assert_eq!(refused.to_string(), unknown.to_string());
    }
    assert_eq!(stage.sequences().await.len(), 3);
    release(other).await.unwrap();
}

#[tokio::test]
async fn what_is_held_stays_also_where_the_log_does_not_know_of_it() {
    let stage = Stage::new();
    for _ in 0..1_200 {
        stage.bus.emit(PlanCreated::sample()).await.unwrap();
    }
    let special = EventDraft::from(PlanCreated::sample()).in_plan("special");
    let special = stage.bus.emit(special).await.unwrap().sequence;
    stage.bus.emit(PlanCreated::sample()).await.unwrap();
    let plan = HoldScope::Plan("special".to_owned());
    let id = stage.manage().place(plan, "case 12", Actor::human("ann")).await.unwrap();
    stage.clock.advance(TimeDelta::days(10));
    let report = stage.prune().run(5).await.unwrap();
    assert_eq!(report.removed, [prefix(1, special.0 - 1).unwrap()]);
    let held = HeldBack::LegalHold(HeldEntry { hold: id, sequence: special });
    assert_eq!(report.held_back, [held]);
    stage.manage().release(id, None, Actor::human("ann")).await.unwrap();
    let report = stage.prune().run(5).await.unwrap();
    assert_eq!(report.removed, [prefix(special.0, id.0.0).unwrap()]);
}

/// Holds that come to be while a run is under way: not before they are asked for what is held in
/// the second chunk.
struct Late {
    inner: Arc<dyn LegalHolds>,
    after: Sequence,
}

#[async_trait]
impl LegalHolds for Late {
    async fn place(&self, hold: &LegalHold) -> Result<(), LegalHoldError> {
        self.inner.place(hold).await
    }

    async fn release(&self, id: HoldId) -> Result<(), LegalHoldError> {
        self.inner.release(id).await
    }

    async fn in_force(&self) -> Result<Vec<LegalHold>, LegalHoldError> {
        self.inner.in_force().await
    }

    async fn holding(
        &self,
        _: &AuditFilter,
        within: std::ops::RangeInclusive<Sequence>,
    ) -> Result<Vec<HeldEntry>, LegalHoldError> {
        let begun = *within.start() > Sequence(1);
        let held = HeldEntry { hold: HoldId(Sequence(1)), sequence: self.after.next() };
        Ok(if begun && within.contains(&held.sequence) { vec![held] } else { Vec::new() })
    }
}

#[tokio::test]
async fn a_hold_placed_while_a_run_is_under_way_ends_it_there() {
    let mut stage = Stage::new();
    for _ in 0..1_300 {
        stage.bus.emit(PlanCreated::sample()).await.unwrap();
    }
    stage.clock.advance(TimeDelta::days(10));
    stage.holds = Arc::new(Late { inner: Arc::clone(&stage.holds), after: Sequence(700) });
    let report = stage.prune().run(5).await.unwrap();
    assert_eq!(report.removed, [prefix(1, 700).unwrap()]);
}

/// An archive of which the test knows whether and when it was made.
struct Archivist {
    log: Arc<dyn AuditLog>,
    fails: bool,
}

#[async_trait]
impl AuditArchive for Archivist {
    async fn archive(
        &self,
        through: Sequence,
        place: &ArchivePlace,
    ) -> Result<Option<Archived>, ArchiveError> {
        let ArchivePlace::Folder(folder) = place else { panic!("a folder was named") };
        if self.fails {
            return Err(ArchiveError::Exists { file: folder.clone() });
        }
        let (first, _) = self.log.span().await.unwrap().first.unwrap();
        assert_eq!(first, Sequence(1), "it is made before anything is removed");
        Ok(Some(Archived {
            range: Prefix { from: first, through },
            file: folder.join("archive.db.zst"),
            digest: domain::proof::Digest([0xab; 32]),
            bytes: 1,
        }))
    }
}

#[tokio::test]
async fn nothing_is_removed_before_its_archive_is_made_and_the_run_names_it() {
    let stage = Stage::new();
    for _ in 0..3 {
        stage.bus.emit(PlanCreated::sample()).await.unwrap();
    }
    stage.clock.advance(TimeDelta::days(10));
    let place = || ArchivePlace::Folder(PathBuf::from("/archives"));
    let archivist = |fails| Arc::new(Archivist { log: Arc::clone(&stage.log), fails });
    let failing = stage.prune().archiving(archivist(true), place());
    let error = failing.run(5).await.unwrap_err();
    assert!(matches!(error, PruneError::Archive(_)), "{error:?}");
    assert_eq!(stage.sequences().await, [1, 2, 3], "nothing is removed without its archive");

    let report = stage.prune().archiving(archivist(false), place()).run(5).await.unwrap();
    assert_eq!(report.archive.unwrap().range, prefix(1, 2).unwrap());
    let told = stage.log.by_sequence(report.receipts[0].sequence).await.unwrap().unwrap();
    let told = told.decode::<AuditPruned>().unwrap();
    assert_eq!(told.archive.as_deref(), Some("archive.db.zst"), "without the folder");
    assert_eq!(told.archive_digest, Some("ab".repeat(32)), "as `sha256sum` prints it");
}

/// Types of several categories, and one that the catalogue does not know.
const TYPES: [&str; 5] =
    ["tool.invoked", "auth.failed", "plan.created", "config.changed", "parcel.shipped"];

fn policy() -> impl Strategy<Value = RetentionPolicy> {
    (0..8_u32).prop_map(RetentionPolicy::from_days)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_goes_is_all_before_the_first_entry_that_anything_keeps(
        entries in prop::collection::vec((prop::sample::select(&TYPES[..]), 0..3_i64), 1..14),
        categories in prop::collection::btree_map(prop::sample::select(&AuditCategory::ALL[..]), policy(), 0..5),
        otherwise in policy(),
        floor_days in 0..6_u32,
        held in prop::option::of(1..16_u64),
    ) {
        let by_category: BTreeMap<_, _> = categories;
        let rules = RetentionRules { otherwise, by_category, floor_days };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let stage = Stage::new();
            for (event_type, days) in &entries {
                stage.append(event_type, *days).await;
            }
            if let Some(held) = held {
                let id = HoldId(stage.append("audit.hold_placed", 0).await);
                let range = Sequence(held);
                let scope = HoldScope::Sequences { from: range, through: range };
                stage.holds.place(&LegalHold { id, scope }).await.unwrap();
            }
            let plan = stage.plan(&rules).await;
            let now = stage.clock.now();
            let all = stage.log.page(&AuditFilter::default(), Page::first(100)).await.unwrap();
            let in_force = stage.holds.in_force().await.unwrap();
            let goes = all.iter().take(all.len() - 1).take_while(|event| {
                let descriptor = CATALOGUE.find(event.envelope.event_type.as_str());
                let category = descriptor.map(|descriptor| descriptor.category);
                !rules.keep(category, event.recorded_at, now)
                    && !in_force.iter().any(|hold| hold.covers(event))
            }).count() as u64;
            let expected = if goes == 0 { None } else { prefix(1, goes) };
            assert_eq!(plan.goes, expected, "of {rules:?} at {}", now.with_timezone(&Utc));
            let kept = plan.held_back.first().map(|held| held.sequence().0.max(1));
            if let Some(expired) = plan.expired {
                let next = if goes == expired.through.0 { None } else { Some(goes + 1) };
                assert_eq!(kept, next, "what keeps the next one is named: {:?}", plan.held_back);
            }
        });
    }
}
