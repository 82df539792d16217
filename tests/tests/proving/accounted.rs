//! What is no longer in a record went as the record itself says.

use application::proof::Verdict;
use domain::events::{AuditHoldReleased, AuditPruneStarted, AuditPruned};
use domain::{Actor, AuditEntry, DomainEvent};

use super::signed::{Record, announced, short};

#[tokio::test]
async fn values_that_are_gone_without_a_request_on_record_are_found() {
    let record = Record::of(10, &[9]).await;
    record.erase_unasked(false, 3).await;
    let found = record.verify().await;
    assert_eq!(short(&found.findings), ["content 1-3 erased"]);
    assert_eq!((found.verdict, found.erased), (Verdict::Tampered, 3));
    assert!(found.findings[0].message.contains("3 entries"), "{}", found.findings[0].message);

    // A request accounts for as many as it named, and of those before it alone.
    let record = Record::of(10, &[9]).await;
    record.erase(true, 3).await;
    let found = record.verify().await;
    assert_eq!((found.verdict, found.erased), (Verdict::Intact, 3), "{:?}", found.findings);
    assert_eq!(found.notes, ["values erased by a request that is on record as entry 11"]);
    record.erase_unasked(true, 1).await;
    let found = record.verify().await;
    assert_eq!(short(&found.findings), ["content 1-4 erased"]);
    assert!(found.findings[0].message.contains("account for 3"), "{}", found.findings[0].message);
}

#[tokio::test]
async fn a_legal_hold_that_was_taken_out_of_the_file_is_noted() {
    let record = Record::of(3, &[2]).await;
    let hold = record.hold("held").await;
    assert!(record.verify().await.notes.is_empty());
    record.change("DELETE FROM audit_hold");
    let found = record.verify().await;
    assert_eq!(found.verdict, Verdict::Intact, "it may never have been put in force");
    assert_eq!(found.notes.len(), 1);
    assert!(found.notes[0].starts_with(&format!("legal hold {hold} is on record, and neither")));
    record.append(&[announced(AuditHoldReleased { hold: hold.0, reason: None }, "released")]).await;
    assert!(record.verify().await.notes.is_empty());
}

#[tokio::test]
async fn what_is_gone_from_the_beginning_is_accounted_for_by_runs_of_retention_alone() {
    // Retention takes the first ones away, and says so; nobody else does.
    let record = Record::of(10, &[5, 9]).await;
    record.prune(3).await;
    let found = record.verify().await;
    assert_eq!((found.verdict, found.pruned), (Verdict::Intact, 3), "{:?}", found.findings);
    record.change("DELETE FROM audit_log WHERE sequence <= 5");
    assert_eq!(short(&record.verify().await.findings), ["gap 4-5"]);
    // A run that began accounts for what it said until one says what was removed, and only retention does.
    let (record, from_sequence) = (Record::of(10, &[5, 9]).await, 1);
    let begun = AuditPruneStarted { from_sequence, to_sequence: 5, older_than_days: 1 };
    let mut strangers = announced(begun.clone(), "strangers").into_envelope();
    strangers.actor = Some(Actor::system("stranger"));
    record.append(&[AuditEntry::new(strangers)]).await;
    record.change("DELETE FROM audit_log WHERE sequence <= 2");
    assert_eq!(short(&record.verify().await.findings), ["gap 1-2"]);
    record.append(&[announced(begun, "begun")]).await;
    assert_eq!(record.verify().await.verdict, Verdict::Intact, "killed, or under way");
    let over = AuditPruned {
        from_sequence,
        to_sequence: 2,
        entries: 2,
        older_than_days: 1,
        archive: None,
        archive_digest: None,
    };
    record.append(&[announced(over.clone(), "over")]).await;
    let verified = record.verify().await;
    assert_eq!(verified.verdict, Verdict::Intact);
    let by_one = "removed by a run of retention that is on record; the last is entry 13";
    assert_eq!(verified.notes, [by_one]);
    record.append(&[announced(over, "over again")]).await;
    let by_two = "removed by 2 runs of retention that are on record; the last is entry 14";
    assert_eq!(record.verify().await.notes, [by_two]);
    record.change("DELETE FROM audit_log WHERE sequence <= 5");
    assert_eq!(short(&record.verify().await.findings), ["gap 3-5"]);
    // Of several at work each is ended by its own announcement.
    for (cause, expected) in [(None, &[][..]), (Some("first"), &["gap 3-5"]), (Some("second"), &[])]
    {
        let record = Record::of(10, &[5, 9]).await;
        for (run, to_sequence) in [("first", 5), ("second", 2)] {
            let begun = AuditPruneStarted { from_sequence, to_sequence, older_than_days: 1 };
            record.append(&[announced(begun, run)]).await;
        }
        let to_sequence = 2;
        let over = AuditPruned {
            from_sequence,
            to_sequence,
            entries: 2,
            older_than_days: 1,
            ..AuditPruned::sample()
        };
        let mut over = announced(over, "over").into_envelope();
        over.causation_id = cause.map(str::to_owned);
        record.append(&[AuditEntry::new(over)]).await;
        record.change("DELETE FROM audit_log WHERE sequence <= 5");
        let verified = record.verify().await;
        assert_eq!(short(&verified.findings), expected, "{cause:?}");
        let note = verified.notes.iter().find(|note| note.contains("about to remove"));
        assert!(note.is_some(), "{:?}", verified.notes);
    }
    // An end that an earlier version wrote names none: it is that of the run whose range it lies in.
    let record = Record::of(10, &[5, 9]).await;
    for (run, from_sequence, to_sequence) in [("first", 1, 3), ("second", 5, 9)] {
        let begun = AuditPruneStarted { from_sequence, to_sequence, older_than_days: 1 };
        record.append(&[announced(begun, run)]).await;
    }
    let to_sequence = 3;
    let over = AuditPruned { from_sequence, to_sequence, entries: 3, ..AuditPruned::sample() };
    record.append(&[announced(over, "over")]).await;
    record.change("DELETE FROM audit_log WHERE sequence <= 9");
    assert_eq!(record.verify().await.verdict, Verdict::Intact, "the second is under way still");
}
