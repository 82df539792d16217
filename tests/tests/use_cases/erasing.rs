//! Erasing on request is on the record before and after, names nobody, and can be begun again.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use application::AuditEventSubscriber;
use application::erasure::{EraseError, EraseValues, ErasureRequest};
use application::work::{Matching, Step};
use async_trait::async_trait;
use domain::audit::legal_hold::{HeldEntry, HoldId, HoldScope, LegalHold};
use domain::audit::{Erasure, ErasureCount, ErasureSelection, Page};
use domain::events::{
    AuditErased, AuditErasureRefused, AuditErasureStarted, AuditHoldPlaced, AuditHoldReleased,
    CATALOGUE, PlanCreated,
};
use domain::ports::{ErasedChunk, ErasureError, LegalHoldError, QueryError};
use domain::{
    Actor, AuditAppend, AuditEntry, AuditErasure, AuditFilter, AuditQuery, DomainEvent, Emit,
    EventBus, EventDraft, EventEnvelope, LegalHolds, RecordedEvent, Sequence,
};
use futures::FutureExt as _;
use indelible_tests::contract::audit_log::{envelope, start};
use indelible_tests::fakes::{ManualClock, NoRedaction};
use infrastructure::bus::{BusSettings, ReactiveEventBus};
use infrastructure::memory::{InMemoryAuditLog, InMemoryLegalHolds};

/// Erases in memory, and fails where it is told to.
struct Failing {
    log: Arc<InMemoryAuditLog>,
    chunks_left: AtomicUsize,
    scrubs_left: AtomicUsize,
    scrubbed: AtomicUsize,
    /// Shut down while what is left is overwritten.
    bus: Mutex<Option<Arc<ReactiveEventBus>>>,
    /// Placed while the next chunk is erased.
    hold: Mutex<Option<(Arc<InMemoryLegalHolds>, LegalHold)>>,
    /// An entry that somebody has changed.
    changed: Mutex<Option<Sequence>>,
}

fn one_less(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

#[async_trait]
impl AuditErasure for Failing {
    async fn count(&self, erasure: &Erasure) -> Result<ErasureCount, ErasureError> {
        self.log.count(erasure).await
    }

    async fn held(
        &self,
        erasure: &Erasure,
        holds: &[LegalHold],
        through: Sequence,
    ) -> Result<Vec<HeldEntry>, ErasureError> {
        self.log.held(erasure, holds, through).await
    }

    async fn erase(
        &self,
        erasure: &Erasure,
        after: Sequence,
        through: Sequence,
        limit: u32,
    ) -> Result<ErasedChunk, ErasureError> {
        if !one_less(&self.chunks_left) {
            return Err(ErasureError::NotKept);
        }
        let hold = self.hold.lock().unwrap().take();
        if let Some((holds, hold)) = hold {
            holds.place(&hold).await.unwrap();
        }
        self.log.erase(erasure, after, through, limit).await
    }

    async fn changed(
        &self,
        _: &Erasure,
        through: Sequence,
    ) -> Result<Option<Sequence>, ErasureError> {
        Ok(self.changed.lock().unwrap().filter(|changed| *changed <= through))
    }

    async fn scrub(&self) -> Result<(), ErasureError> {
        self.scrubbed.fetch_add(1, Ordering::SeqCst);
        let bus = self.bus.lock().unwrap().take();
        if let Some(bus) = bus {
            bus.shutdown(Duration::ZERO).await;
        }
        if one_less(&self.scrubs_left) {
            Ok(())
        } else {
            Err(ErasureError::InUse { readers: vec!["indelible, process 7".to_owned()] })
        }
    }
}

struct Stage {
    log: Arc<InMemoryAuditLog>,
    bus: Arc<ReactiveEventBus>,
    erasure: Arc<Failing>,
    holds: Arc<InMemoryLegalHolds>,
    use_case: EraseValues,
}

impl Stage {
    /// A record with so many events on behalf of Ann, and one of Bob.
    async fn with_events(count: usize) -> Self {
        let clock = Arc::new(ManualClock::at(start()));
        let log = Arc::new(InMemoryAuditLog::new(Arc::clone(&clock) as _));
        let recorder = AuditEventSubscriber::new(Arc::new(NoRedaction), Arc::clone(&log) as _);
        let settings = BusSettings::default();
        let bus = ReactiveEventBus::new(settings, Arc::clone(&clock) as _, Arc::clone(&log) as _);
        let bus = Arc::new(bus);
        bus.attach_recorder(&CATALOGUE.event_types().collect::<Vec<_>>(), Arc::new(recorder));
        let of = |user: &str| EventDraft::from(PlanCreated::sample()).for_user(user);
        bus.emit_batch((0..count).map(|_| of("ann")).chain([of("bob")]).collect()).await.unwrap();
        let erasure = Arc::new(Failing {
            log: Arc::clone(&log),
            chunks_left: AtomicUsize::new(usize::MAX),
            scrubs_left: AtomicUsize::new(usize::MAX),
            scrubbed: AtomicUsize::new(0),
            bus: Mutex::default(),
            hold: Mutex::default(),
            changed: Mutex::default(),
        });
        let holds = Arc::new(InMemoryLegalHolds::new(Arc::clone(&log) as _));
        let use_case = EraseValues::new(
            Arc::clone(&log) as _,
            Arc::clone(&erasure) as _,
            Arc::clone(&holds) as _,
            Arc::clone(&bus) as _,
            clock,
        );
        Self { log, bus, erasure, holds, use_case }
    }

    async fn record(&self) -> Vec<RecordedEvent> {
        self.log.page(&AuditFilter::default(), Page::first(u32::MAX)).await.unwrap()
    }

    async fn of<E: DomainEvent>(&self) -> Vec<E> {
        let record = self.record().await;
        record.iter().filter(|event| event.is::<E>()).map(|one| one.decode().unwrap()).collect()
    }

    /// How many requests were begun and are not done.
    async fn open(&self) -> usize {
        let mut matching = Matching::new(CATALOGUE);
        for event in self.record().await {
            let step = matching.take(&event, |_| ());
            assert!(!matches!(step, Step::Unmatched { .. }), "{event:?}");
        }
        matching.into_open().count()
    }

    /// A hold on a plan of the events, on record, and not in force yet.
    async fn hold(&self) -> LegalHold {
        let placed = AuditHoldPlaced { reason: "case 12".to_owned(), ..AuditHoldPlaced::sample() };
        let receipt = self.bus.emit(EventDraft::from(placed).by(Actor::human("carl"))).await;
        let (from, through) = (Sequence(2), Sequence(u64::MAX));
        let id = HoldId(receipt.unwrap().sequence);
        LegalHold { id, scope: HoldScope::Sequences { from, through } }
    }

    async fn run(&self, id: &str) -> Result<application::erasure::ErasureReport, EraseError> {
        self.use_case.run(&ann(), request(id), Actor::human("officer")).await
    }
}

fn ann() -> Erasure {
    Erasure { selection: ErasureSelection::User("ann".to_owned()), details: false }
}

fn request(id: &str) -> ErasureRequest {
    ErasureRequest { id: Some(id.to_owned()), reason: Some("asked by letter".to_owned()) }
}

#[tokio::test]
async fn an_erasure_is_on_record_before_and_after_and_names_the_request_alone() {
    let stage = Stage::with_events(3).await;
    assert_eq!(stage.use_case.count(&ann()).await.unwrap().entries, 3);
    let report = stage.run("R-7").await.unwrap();
    assert_eq!((report.entries, report.started, report.done), (3, Sequence(5), Some(Sequence(6))));
    let started = AuditErasureStarted {
        request_id: "R-7".to_owned(),
        reason: Some("asked by letter".to_owned()),
        selected_by: "user".to_owned(),
        details: false,
        entries: 3,
    };
    assert_eq!(stage.of::<AuditErasureStarted>().await, [started]);
    let erased = AuditErased { request_id: "R-7".to_owned(), entries: 3 };
    assert_eq!(stage.of::<AuditErased>().await, [erased]);
    let record = stage.record().await;
    assert_eq!(record[4].envelope.actor, Some(Actor::human("officer")));
    assert_eq!(record[5].envelope.actor, Some(Actor::human("officer")));
    assert!(!format!("{record:?}").contains("ann"), "{record:?}");
    assert_eq!(record[3].envelope.user_identity.as_deref(), Some("bob"));
    assert_eq!(stage.open().await, 0);
    assert_eq!(stage.erasure.scrubbed.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_request_without_a_name_gets_one() {
    let stage = Stage::with_events(1).await;
    let request = ErasureRequest::default();
    let report = stage.use_case.run(&ann(), request, Actor::system("test")).await.unwrap();
    assert!(report.request_id.starts_with("erasure-"), "{report:?}");
    assert_eq!(stage.of::<AuditErasureStarted>().await[0].request_id, report.request_id);
}

#[tokio::test]
async fn a_request_that_names_the_person_leaves_everything_as_it_is() {
    let stage = Stage::with_events(2).await;
    let before = stage.record().await;
    let outcome = stage.run("forget Ann").await;
    assert!(matches!(outcome, Err(EraseError::NamesThePerson(_))), "{outcome:?}");
    assert_eq!(stage.record().await, before);
}

#[tokio::test]
async fn an_erasure_that_was_stopped_goes_on_under_the_same_request() {
    let stage = Stage::with_events(1200).await;
    let told = RefCell::new(Vec::new());
    let report = stage
        .use_case
        .run_until(
            &ann(),
            request("R-7"),
            Actor::human("officer"),
            |done, all| told.borrow_mut().push((done, all)),
            || told.borrow().len() == 2,
        )
        .await
        .unwrap();
    assert_eq!((report.entries, report.done), (1000, None));
    assert_eq!(*told.borrow(), [(500, 1200), (1000, 1200)]);
    assert_eq!((stage.open().await, stage.erasure.scrubbed.load(Ordering::SeqCst)), (1, 0));
    stage.bus.emit(EventDraft::from(PlanCreated::sample()).for_user("ann")).await.unwrap();
    // A request of somebody else's, for something else, may have the same name.
    let mut other = envelope("other");
    other.details.insert("request_id".to_owned(), "R-7".into());
    stage.log.append(&[AuditEntry::new(other)]).await.unwrap();

    let report = stage.run("R-7").await.unwrap();
    assert_eq!((report.entries, report.started), (200, Sequence(1202)));
    assert_eq!(stage.of::<AuditErasureStarted>().await.len(), 1, "it is not begun twice");
    let left = stage.use_case.count(&ann()).await.unwrap().entries;
    assert_eq!((stage.open().await, left), (0, 1), "no more than was there when it was begun");

    let again = stage.run("R-7").await.unwrap();
    assert_eq!(again.entries, 1, "what is done may be asked for anew");
    assert_eq!(stage.of::<AuditErasureStarted>().await.len(), 2);
    assert_eq!(stage.open().await, 0);
}

#[tokio::test]
async fn what_is_recorded_meanwhile_is_not_erased() {
    let stage = Stage::with_events(600).await;
    let late = EventEnvelope { user_identity: Some("ann".to_owned()), ..envelope("late") };
    let late = [AuditEntry::new(late)];
    let of_ann = ann();
    let run = stage.use_case.run_until(
        &of_ann,
        request("R-7"),
        Actor::human("officer"),
        |done, _| {
            if done == 500 {
                stage.log.append(&late).now_or_never().unwrap().unwrap();
            }
        },
        || false,
    );
    assert_eq!(run.await.unwrap().entries, 600);
    assert_eq!(stage.use_case.count(&ann()).await.unwrap().entries, 1);
}

#[tokio::test]
async fn a_failure_says_how_much_was_erased_and_how_to_go_on() {
    let stage = Stage::with_events(600).await;
    stage.erasure.chunks_left.store(1, Ordering::SeqCst);
    let failed = stage.run("R-7").await.unwrap_err();
    assert!(matches!(failed, EraseError::Erase { entries: 500, .. }), "{failed:?}");
    assert!(failed.to_string().contains("`R-7` again"), "{failed}");
    assert_eq!(stage.open().await, 1);

    stage.erasure.chunks_left.store(usize::MAX, Ordering::SeqCst);
    stage.erasure.scrubs_left.store(0, Ordering::SeqCst);
    let failed = stage.run("R-7").await.unwrap_err();
    let cause = std::error::Error::source(&failed).unwrap().to_string();
    assert!(cause.contains("(indelible, process 7): end that"), "{cause}");
    assert_eq!((stage.of::<AuditErased>().await.len(), stage.open().await), (0, 1));

    stage.erasure.scrubs_left.store(1, Ordering::SeqCst);
    let report = stage.run("R-7").await.unwrap();
    assert_eq!((report.entries, stage.open().await), (0, 0));
}

/// Holds that can be asked so many times for those in force.
struct AskedOut {
    holds: Arc<InMemoryLegalHolds>,
    left: AtomicUsize,
}

#[async_trait]
impl LegalHolds for AskedOut {
    async fn place(&self, hold: &LegalHold) -> Result<(), LegalHoldError> {
        self.holds.place(hold).await
    }

    async fn release(&self, id: HoldId) -> Result<(), LegalHoldError> {
        self.holds.release(id).await
    }

    async fn in_force(&self) -> Result<Vec<LegalHold>, LegalHoldError> {
        if one_less(&self.left) {
            return self.holds.in_force().await;
        }
        Err(QueryError::Closed.into())
    }

    async fn holding(
        &self,
        filter: &AuditFilter,
        within: std::ops::RangeInclusive<Sequence>,
    ) -> Result<Vec<HeldEntry>, LegalHoldError> {
        self.holds.holding(filter, within).await
    }
}

#[tokio::test]
async fn where_it_is_not_known_what_is_held_nothing_is_erased_and_what_was_is_said() {
    for (times, entries) in [(0, 0), (1, 500), (2, 1000)] {
        let stage = Stage::with_events(1200).await;
        let holds = AskedOut { holds: Arc::clone(&stage.holds), left: AtomicUsize::new(times) };
        let erase = EraseValues::new(
            Arc::clone(&stage.log) as _,
            Arc::clone(&stage.erasure) as _,
            Arc::new(holds),
            Arc::clone(&stage.bus) as _,
            Arc::new(ManualClock::at(start())),
        );
        let failed = erase.run(&ann(), request("R-7"), Actor::human("officer")).await.unwrap_err();
        let told = failed.to_string();
        if entries == 0 {
            assert!(matches!(failed, EraseError::Holds(_)), "{failed:?}");
        } else {
            let said = format!("stopped after {entries} entries");
            assert!(told.contains(&said) && told.contains("`R-7` again"), "{told}");
        }
        let left = stage.use_case.count(&ann()).await.unwrap().entries;
        assert_eq!((left, stage.open().await), (1200 - entries, usize::from(entries > 0)));
    }
}

#[tokio::test]
async fn what_cannot_be_put_on_record_is_not_done_and_what_was_done_is_said() {
    let stage = Stage::with_events(3).await;
    stage.bus.shutdown(Duration::ZERO).await;
    let failed = stage.run("R-7").await.unwrap_err();
    assert!(matches!(failed, EraseError::Start(_)), "{failed:?}");
    assert_eq!(stage.use_case.count(&ann()).await.unwrap().entries, 3);

    let stage = Stage::with_events(3).await;
    *stage.erasure.bus.lock().unwrap() = Some(Arc::clone(&stage.bus));
    let failed = stage.run("R-7").await.unwrap_err();
    assert!(matches!(failed, EraseError::Conclude { entries: 3, .. }), "{failed:?}");
    assert!(failed.to_string().contains("`R-7` again"), "{failed}");
}

#[tokio::test]
async fn what_is_held_is_refused_before_it_is_begun_and_the_hold_is_named() {
    let stage = Stage::with_events(3).await;
    let hold = stage.hold().await;
    stage.holds.place(&hold).await.unwrap();
    let before = stage.record().await;
    let refused = stage.run("R-7").await.unwrap_err();
    let EraseError::Held { entries: 0, holds } = &refused else { panic!("{refused:?}") };
    let says = holds.to_string();
    for part in [
        "entry 2 is under legal hold 5, placed by human:carl for `case 12`",
        "`indelible hold release 5`",
        "then erase again",
    ] {
        assert!(says.contains(part), "`{part}` is not in: {says}");
    }
    assert_eq!(stage.record().await, before, "nothing is erased or put on record");
    let bob = Erasure { selection: ErasureSelection::User("nobody".to_owned()), details: false };
    let other = stage.use_case.run(&bob, request("R-8"), Actor::human("officer")).await;
    assert_eq!(other.unwrap().entries, 0, "a hold on something else is no hindrance");

    stage.bus.emit(AuditHoldReleased { hold: 5, reason: None }).await.unwrap();
    stage.holds.release(hold.id).await.unwrap();
    assert_eq!(stage.run("R-7").await.unwrap().entries, 3);
}

#[tokio::test]
async fn what_was_changed_is_refused_before_anything_is_erased_or_on_record() {
    let stage = Stage::with_events(3).await;
    *stage.erasure.changed.lock().unwrap() = Some(Sequence(2));
    let before = stage.record().await;
    let refused = stage.run("R-7").await.unwrap_err();
    let named =
        matches!(refused, EraseError::Changed(ErasureError::Changed { sequence: Sequence(2) }));
    assert!(named, "{refused:?}");
    assert_eq!(stage.record().await, before, "nothing is erased or put on record");
    // What is recorded later is another request's.
    *stage.erasure.changed.lock().unwrap() = Some(Sequence(5));
    assert_eq!(stage.run("R-7").await.unwrap().entries, 3);
}

#[tokio::test]
async fn a_hold_that_is_placed_meanwhile_ends_the_erasure_on_record() {
    let stage = Stage::with_events(1200).await;
    let hold = stage.hold().await;
    *stage.erasure.hold.lock().unwrap() = Some((Arc::clone(&stage.holds), hold.clone()));
    let refused = stage.run("R-7").await.unwrap_err();
    let EraseError::Held { entries: 500, holds } = &refused else { panic!("{refused:?}") };
    assert_eq!(holds.0[0].held, HeldEntry { hold: hold.id, sequence: Sequence(501) });
    let ended = AuditErasureRefused { request_id: "R-7".to_owned(), hold: 1202, entries: 500 };
    assert_eq!(stage.of::<AuditErasureRefused>().await, [ended]);
    assert_eq!((stage.open().await, stage.of::<AuditErased>().await.len()), (0, 0));
    assert_eq!(stage.erasure.scrubbed.load(Ordering::SeqCst), 1, "what is gone is gone for good");

    stage.bus.emit(AuditHoldReleased { hold: 1202, reason: None }).await.unwrap();
    stage.holds.release(hold.id).await.unwrap();
    assert_eq!(stage.run("R-7").await.unwrap().entries, 700, "it may be asked for again");
    assert_eq!((stage.open().await, stage.of::<AuditErasureStarted>().await.len()), (0, 2));
}

#[tokio::test]
async fn an_interrupted_erasure_that_comes_to_be_held_is_ended_when_it_is_asked_for_again() {
    let stage = Stage::with_events(600).await;
    stage.erasure.chunks_left.store(1, Ordering::SeqCst);
    stage.run("R-7").await.unwrap_err();
    assert_eq!(stage.open().await, 1);
    stage.holds.place(&stage.hold().await).await.unwrap();
    let refused = stage.run("R-7").await.unwrap_err();
    assert!(matches!(&refused, EraseError::Held { entries: 0, .. }), "{refused:?}");
    assert_eq!((stage.open().await, stage.of::<AuditErasureRefused>().await.len()), (0, 1));
    assert_eq!(stage.erasure.scrubbed.load(Ordering::SeqCst), 1);
}
