//! What a recorder's receipts must be, to be believed.

use domain::EventDraft;
use domain::events::PlanCreated;

use super::*;

fn entries(ids: &[&str]) -> Vec<AuditEntry> {
    let now = "2026-01-02T03:04:05Z".parse().unwrap();
    let seal = |id: &&str| {
        let (name, goal) = ("plan".to_owned(), "main".to_owned());
        let draft = EventDraft::from(PlanCreated { name, goal, automation_profile: None });
        AuditEntry::new(draft.seal(now, || (*id).to_owned(), "/here").unwrap())
    };
    ids.iter().map(seal).collect()
}

fn receipt(event_id: &str, sequence: u64, status: ReceiptStatus) -> Receipt {
    let recorded_at = "2026-01-02T03:04:05Z".parse().unwrap();
    Receipt { event_id: event_id.to_owned(), sequence: Sequence(sequence), recorded_at, status }
}

#[test]
fn new_entries_follow_what_was_handed_on_and_one_another() {
    use ReceiptStatus::{AlreadyOnRecord as Old, Recorded as New};
    for (given, problem) in [
        (vec![("a", 6, New), ("b", 7, New)], None),
        (vec![("a", 9, New), ("b", 10, New)], None),
        (vec![("a", 2, Old), ("b", 6, New)], None),
        (vec![("a", 6, New), ("b", 2, Old)], None),
        (vec![("a", 5, Old), ("b", 5, Old)], None),
        (vec![("a", 5, New), ("b", 6, New)], Some("it put event a at 5, which does not follow 5")),
        (vec![("a", 4, New), ("b", 5, New)], Some("it put event a at 4, which does not follow 5")),
        (vec![("a", 6, New), ("b", 6, New)], Some("it put event b at 6, which does not follow 6")),
        (vec![("a", 6, New), ("b", 8, New)], Some("it put event b at 8, which does not follow 6")),
        (vec![("a", 6, New)], Some("it returned 1 receipts for 2 events")),
        (
            vec![("b", 6, New), ("a", 7, New)],
            Some("it returned the receipt of event b for event a"),
        ),
    ] {
        let receipts: Vec<_> =
            given.iter().map(|(id, sequence, status)| receipt(id, *sequence, *status)).collect();
        let found = problem_with(&receipts, &entries(&["a", "b"]), Sequence(5));
        assert_eq!(found.as_deref(), problem, "{given:?}");
    }
}
