//! What erasing promises, one by one.

use std::sync::Arc;

use domain::audit::legal_hold::{HeldEntry, HoldId, HoldScope, LegalHold};
use domain::audit::{Erasure, ErasureCount, ErasureSelection, Page};
use domain::proof::CommittedField;
use domain::{
    Actor, AuditEntry, AuditFilter, Details, ErasedFields, EventEnvelope, ReceiptStatus,
    RecordedEvent, Sequence,
};

use super::{AuditErasureMaker, ErasableRecord};
use crate::contract::Tried;
use crate::contract::audit_log::{envelope, start};
use crate::expect::must;
use crate::fakes::ManualClock;

pub(super) const EVERYTHING: Sequence = Sequence(u64::MAX);

pub(super) async fn fresh(maker: &dyn AuditErasureMaker) -> (ErasableRecord, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(start()));
    (maker.make(Arc::clone(&clock)).await, clock)
}

pub(super) async fn append(record: &ErasableRecord, envelopes: Vec<EventEnvelope>) {
    let entries: Vec<AuditEntry> = envelopes.into_iter().map(AuditEntry::new).collect();
    must(record.log.append(&entries).await);
}

pub(super) async fn everything(record: &ErasableRecord) -> Vec<RecordedEvent> {
    must(record.log.page(&AuditFilter::default(), Page::first(u32::MAX)).await)
}

/// Erases all that is meant, in chunks of three.
async fn erase(record: &ErasableRecord, erasure: &Erasure) -> u64 {
    let (mut after, mut entries) = (Sequence(0), 0);
    loop {
        let chunk = must(record.erasure.erase(erasure, after, EVERYTHING, 3).await);
        entries += chunk.entries;
        let Some(reached) = chunk.reached else { return entries };
        after = reached;
    }
}

fn by_user(user: &str) -> Erasure {
    Erasure { selection: ErasureSelection::User(user.to_owned()), details: false }
}

/// Entries by and about several people.
fn people() -> Vec<EventEnvelope> {
    let of = |id: &str, actor: Actor, user: Option<&str>, subject: &str, run: &str| EventEnvelope {
        actor: Some(actor),
        user_identity: user.map(str::to_owned),
        subject: Some(subject.to_owned()),
        correlation_id: Some(run.to_owned()),
        ..envelope(id)
    };
    vec![
        of("1", Actor::agent("planner"), Some("ann"), "plan/1", "run-1"),
        of("2", Actor::human("ann"), None, "plan/2", "run-2"),
        of("3", Actor::agent("ann"), Some("bob"), "ann", "run-1"),
        of("4", Actor::human("bob"), Some("annabel"), "plan/1", "run-2"),
        of("5", Actor::system("human:ann"), Some("Ann"), "plan/11", "run-11"),
    ]
}

/// Which entries have lost something.
fn erased(events: &[RecordedEvent]) -> Vec<u64> {
    let erased = events.iter().filter(|event| !event.erased.is_empty());
    erased.map(|event| event.sequence.0).collect()
}

pub(super) async fn what_is_meant_loses_its_values_and_nothing_else_does(
    maker: &dyn AuditErasureMaker,
) {
    for (selection, meant) in [
        (ErasureSelection::User("ann".into()), vec![1, 2]),
        (ErasureSelection::User("human:ann".into()), vec![]),
        (ErasureSelection::Subject("plan/1".into()), vec![1, 4]),
        (ErasureSelection::Subject("ann".into()), vec![3]),
        (ErasureSelection::Correlation("run-1".into()), vec![1, 3]),
        (ErasureSelection::Entry(Sequence(4)), vec![4]),
        (ErasureSelection::Entry(Sequence(9)), vec![]),
    ] {
        let (record, _) = fresh(maker).await;
        append(&record, people()).await;
        let mut expected = everything(&record).await;
        let erasure = Erasure { selection, details: false };
        assert_eq!(erase(&record, &erasure).await, meant.len() as u64, "{erasure:?}");
        let found = everything(&record).await;
        assert_eq!(erased(&found), meant, "of these it is said: {erasure:?}");
        for event in &mut expected {
            erasure.apply(event);
        }
        assert_eq!(found, expected, "{erasure:?}");
    }
}

pub(super) async fn details_go_only_where_they_are_asked_for(maker: &dyn AuditErasureMaker) {
    for details in [false, true] {
        let (record, _) = fresh(maker).await;
        append(&record, people()).await;
        let before = everything(&record).await;
        let erasure = Erasure { details, ..by_user("ann") };
        erase(&record, &erasure).await;
        for (event, before) in everything(&record).await.iter().zip(&before).take(2) {
            let (envelope, was) = (&event.envelope, &before.envelope);
            let personal = (&envelope.actor, &envelope.subject, &envelope.user_identity);
            assert_eq!(personal, (&None, &None, &None), "what is personal goes");
            if details {
                assert_eq!(envelope.details, Details::new(), "details go when they are asked for");
                assert_eq!(envelope.extensions, Details::new(), "and so do extensions");
            } else {
                assert_eq!(envelope.details, was.details, "details stay");
                assert_eq!(envelope.extensions, was.extensions, "extensions stay");
            }
        }
    }
}

pub(super) async fn an_entry_says_what_was_erased(maker: &dyn AuditErasureMaker) {
    let (record, _) = fresh(maker).await;
    let mut bare = envelope("bare");
    (bare.actor, bare.subject, bare.extensions) = (None, None, Details::new());
    append(&record, vec![envelope("full"), bare, envelope("another")]).await;
    for place in [1, 2] {
        let selection = ErasureSelection::Entry(Sequence(place));
        erase(&record, &Erasure { selection, details: true }).await;
    }
    let said: Vec<ErasedFields> =
        everything(&record).await.iter().map(|event| event.erased).collect();
    let all: ErasedFields = CommittedField::ALL.into_iter().collect();
    let bare = ErasedFields::NONE.with(CommittedField::Details).with(CommittedField::UserIdentity);
    assert_eq!(said, [all, bare, ErasedFields::NONE], "what an entry had, and nothing else");
}

pub(super) async fn erasing_again_changes_nothing(maker: &dyn AuditErasureMaker) {
    let (record, _) = fresh(maker).await;
    append(&record, people()).await;
    let run =
        |details| Erasure { selection: ErasureSelection::Correlation("run-1".to_owned()), details };
    assert_eq!(erase(&record, &run(false)).await, 2, "entries are erased");
    let once = everything(&record).await;
    assert_eq!(erase(&record, &run(false)).await, 0, "and not again");
    assert_eq!(everything(&record).await, once, "nothing changes");
    assert_eq!(erase(&record, &run(true)).await, 2, "their details may follow");
    let mut expected = once;
    for event in &mut expected {
        run(true).apply(event);
    }
    assert_eq!(everything(&record).await, expected, "what was erased before is still said");
    assert_eq!(erase(&record, &run(true)).await, 0, "and not again");
}

pub(super) async fn chunks_go_on_where_the_last_one_ended(maker: &dyn AuditErasureMaker) {
    let (record, _) = fresh(maker).await;
    let of = |n: u32| EventEnvelope {
        user_identity: Some(if n.is_multiple_of(2) { "ann" } else { "bob" }.to_owned()),
        ..envelope(&format!("e{n}"))
    };
    append(&record, (1..=10).map(of).collect()).await;
    let ann = by_user("ann");
    let mut after = Sequence(0);
    for (entries, reached, in_all) in [
        (2, Some(4), vec![2, 4]),
        (2, Some(8), vec![2, 4, 6, 8]),
        (1, Some(10), vec![2, 4, 6, 8, 10]),
    ] {
        let chunk = must(record.erasure.erase(&ann, after, EVERYTHING, 2).await);
        assert_eq!((chunk.entries, chunk.reached), (entries, reached.map(Sequence)), "a chunk");
        assert_eq!(erased(&everything(&record).await), in_all, "what it erased");
        after = chunk.reached.unwrap_or_default();
    }
    let end = must(record.erasure.erase(&ann, after, EVERYTHING, 2).await);
    assert_eq!((end.entries, end.reached), (0, None), "then there is nothing left");
}

pub(super) async fn what_lies_beyond_the_place_named_is_left_alone(maker: &dyn AuditErasureMaker) {
    let (record, _) = fresh(maker).await;
    append(&record, (1..=6).map(|n| envelope(&format!("e{n}"))).collect()).await;
    let ada = by_user("ada@example.org");
    let chunk = must(record.erasure.erase(&ada, Sequence(1), Sequence(4), 10).await);
    assert_eq!((chunk.entries, chunk.reached), (3, Some(Sequence(4))), "of those within");
    assert_eq!(erased(&everything(&record).await), [2, 3, 4], "neither before nor beyond");
}

pub(super) async fn a_count_tells_what_would_be_erased(maker: &dyn AuditErasureMaker) {
    let (record, _) = fresh(maker).await;
    let count = must(record.erasure.count(&by_user("ann")).await);
    assert_eq!(count, ErasureCount::default(), "of an empty record, nothing");
    append(&record, people()).await;
    let before = everything(&record).await;
    let plan = Erasure { selection: ErasureSelection::Subject("plan/1".into()), details: false };
    let range = Some((Sequence(1), Sequence(4)));
    let count = must(record.erasure.count(&plan).await);
    assert_eq!(count, ErasureCount { entries: 2, range }, "how many, and where");
    assert_eq!(everything(&record).await, before, "counting changes nothing");
    must(record.erasure.erase(&plan, Sequence(0), Sequence(1), 1).await);
    let range = Some((Sequence(4), Sequence(4)));
    let count = must(record.erasure.count(&plan).await);
    assert_eq!(count, ErasureCount { entries: 1, range }, "what is gone is not counted again");
}

pub(super) async fn what_is_held_of_it_is_told(maker: &dyn AuditErasureMaker) {
    let (record, _) = fresh(maker).await;
    append(&record, people()).await;
    let hold = |id, scope| LegalHold { id: HoldId(Sequence(id)), scope };
    let holds = [
        hold(90, HoldScope::Correlation("run-2".into())),
        hold(91, HoldScope::User("ann".into())),
        hold(92, HoldScope::User("nobody".into())),
        hold(93, HoldScope::Plan("p1".into())),
        hold(94, HoldScope::Sequences { from: Sequence(2), through: Sequence(3) }),
        hold(4, HoldScope::Plan("another".into())),
    ];
    let plan = Erasure { selection: ErasureSelection::Subject("plan/1".into()), details: false };
    let before = everything(&record).await;
    let held = async |through| {
        let held = must(record.erasure.held(&plan, &holds, through).await);
        let pair = |held: HeldEntry| (held.sequence.0, held.hold.0.0);
        held.into_iter().map(pair).collect::<Vec<_>>()
    };
    // Of the entries 1 and 4, which are meant.
    let expected = vec![(1, 91), (1, 93), (4, 4), (4, 90)];
    assert_eq!(held(EVERYTHING).await, expected, "the oldest of each, and its own entry");
    assert_eq!(held(Sequence(3)).await, [(1, 91), (1, 93)], "up to the place that is named");
    assert_eq!(everything(&record).await, before, "asking changes nothing");
    must(record.erasure.erase(&plan, Sequence(0), Sequence(1), 1).await);
    let expected = vec![(4, 4), (4, 90), (4, 93)];
    assert_eq!(held(EVERYTHING).await, expected, "what has nothing left to lose is held no more");
}

pub(super) async fn an_erased_event_is_still_known(maker: &dyn AuditErasureMaker) {
    let (record, _) = fresh(maker).await;
    append(&record, people()).await;
    let selection = ErasureSelection::Entry(Sequence(2));
    erase(&record, &Erasure { selection, details: true }).await;
    let repeat = AuditEntry::new(people().remove(1));
    let receipts = must(record.log.append(&[repeat]).await);
    let known = (Sequence(2), ReceiptStatus::AlreadyOnRecord);
    assert_eq!(receipts.first().map(|one| (one.sequence, one.status)), Some(known), "a repeat");
    let found = must(record.log.by_event_id("2").await);
    assert_eq!(erased(&found), [2], "it is found by its id, and stays erased");
    let of_run = AuditFilter { correlation_id: Some("run-2".into()), ..AuditFilter::default() };
    let of_run = must(record.log.page(&of_run, Page::first(9)).await);
    assert_eq!(of_run.len(), 2, "it belongs where it belonged");
}

pub(super) async fn appends_go_on_between_two_chunks(maker: &dyn AuditErasureMaker) {
    let (record, _) = fresh(maker).await;
    append(&record, (1..=4).map(|n| envelope(&format!("e{n}"))).collect()).await;
    let ada = by_user("ada@example.org");
    let chunk = must(record.erasure.erase(&ada, Sequence(0), Sequence(4), 2).await);
    append(&record, vec![envelope("between")]).await;
    let after = chunk.reached.unwrap_or_default();
    must(record.erasure.erase(&ada, after, Sequence(4), 9).await);
    let found = everything(&record).await;
    assert_eq!(
        (found.len(), erased(&found)),
        (5, vec![1, 2, 3, 4]),
        "what came later is as it was"
    );
}

pub(super) async fn scrubbing_changes_nothing_on_record(maker: &dyn AuditErasureMaker) {
    let (record, _) = fresh(maker).await;
    must(record.erasure.scrub().await);
    append(&record, people()).await;
    erase(&record, &by_user("ann")).await;
    let before = everything(&record).await;
    must(record.erasure.scrub().await);
    assert_eq!(everything(&record).await, before, "the record is as it was");
    append(&record, vec![envelope("later")]).await;
    let inspection = must(record.log.inspect().await);
    assert!(inspection.is_healthy(), "and sound: {inspection:?}");
    assert_eq!(everything(&record).await.len(), before.len() + 1, "and goes on");
}

pub(super) async fn what_was_erased_is_so_after_a_restart(maker: &dyn AuditErasureMaker) -> Tried {
    let (record, clock) = fresh(maker).await;
    append(&record, people()).await;
    erase(&record, &Erasure { details: true, ..by_user("ann") }).await;
    let before = everything(&record).await;
    let Some(record) = maker.reopen(&record, clock).await else {
        return Tried::Not("the maker cannot open a record again: implement `reopen`");
    };
    assert_eq!(everything(&record).await, before, "as it was left");
    assert_eq!(erased(&before), [1, 2], "and erased");
    Tried::Holds
}
