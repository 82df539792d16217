//! What is no longer in a record went as the record itself says.

use application::proof::Verdict;
use domain::events::AuditHoldReleased;

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
