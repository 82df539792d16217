//! Each promise broken once, by hand: the check must say so.

use domain::{ErasedFields, Receipt, ReceiptStatus, Sequence};

use super::super::ledger::Pruning;
use super::super::workload::{event, moment, sealed};
use super::*;

const END: Moment = Moment(usize::MAX);

fn left(number: usize, sequence: u64) -> RecordedEvent {
    let envelope = sealed(event(number));
    RecordedEvent {
        sequence: Sequence(sequence),
        recorded_at: moment(0),
        envelope,
        erased: ErasedFields::NONE,
    }
}

fn receipt(number: usize, sequence: u64) -> Receipt {
    Receipt {
        event_id: sealed(event(number)).event_id,
        sequence: Sequence(sequence),
        recorded_at: moment(0),
        status: ReceiptStatus::Recorded,
    }
}

/// Events 0 to 2, acknowledged at 1 to 3 when ten changes were made; then 3 to 5, begun at twenty
/// and refused.
fn ledger() -> Ledger {
    let events = |numbers: std::ops::Range<usize>| numbers.map(|n| sealed(event(n))).collect();
    let receipts = vec![receipt(0, 1), receipt(1, 2), receipt(2, 3)];
    let acked =
        Emission { events: events(0..3), begun: Moment(0), answer: Some((Moment(10), receipts)) };
    let refused = Emission { events: events(3..6), begun: Moment(20), answer: None };
    Ledger { emissions: vec![acked, refused], ..Ledger::default() }
}

fn says(problems: &[Found], text: &str) {
    let found = problems.iter().any(|problem| problem.what.contains(text));
    assert!(found, "`{text}` not in {problems:?}");
}

#[test]
fn what_may_be_left_is_let_through() {
    let acked = [left(0, 1), left(1, 2), left(2, 3)];
    let all = [&acked[..], &[left(3, 4), left(4, 5), left(5, 6)]].concat();
    let none: [Found; 0] = [];
    assert_eq!(problems(&ledger(), END, &acked), none, "what was refused is gone");
    assert_eq!(problems(&ledger(), END, &all), none, "or there whole");
    assert_eq!(problems(&ledger(), Moment(9), &[]), none, "not acknowledged yet");
    assert_eq!(problems(&ledger(), Moment(9), &acked), none, "and yet on record");
}

#[test]
fn a_lost_event_is_found() {
    says(
        &problems(&ledger(), END, &[left(0, 1), left(1, 2)]),
        "event-000002, acknowledged at 3, is lost",
    );
    says(&problems(&ledger(), Moment(10), &[]), "event-000000, acknowledged at 1, is lost");
}

#[test]
fn a_gap_a_double_and_another_place_are_found() {
    says(&problems(&ledger(), END, &[left(0, 1), left(2, 3)]), "gap");
    says(&problems(&ledger(), END, &[left(0, 2), left(1, 3), left(2, 4)]), "begins at 2");
    let twice = [left(0, 1), left(1, 2), left(2, 3), left(0, 4)];
    says(&problems(&ledger(), END, &twice), "event-000000 is there twice: 1 and 4");
    says(&problems(&ledger(), END, &[left(1, 1), left(0, 2), left(2, 3)]), "is at 2");
    let mut late = [left(0, 1), left(1, 2), left(2, 3)];
    late[1].recorded_at = moment(5);
    says(&problems(&ledger(), END, &late), "its receipt says");
}

#[test]
fn a_torn_event_and_a_part_of_a_batch_are_found() {
    let mut torn = vec![left(0, 1), left(1, 2), left(2, 3)];
    torn[2].envelope.plan_id = None;
    says(&problems(&ledger(), END, &torn), "event-000002 is not what was emitted");
    let acked = [left(0, 1), left(1, 2), left(2, 3)];
    let part = [&acked[..], &[left(3, 4), left(4, 5)]].concat();
    says(&problems(&ledger(), END, &part), "only 2 of 3 events are there");
    let end = [&acked[..], &[left(4, 4), left(5, 5)]].concat();
    says(&problems(&ledger(), END, &end), "lacks its beginning");
}

#[test]
fn an_event_from_nowhere_or_from_the_future_is_found() {
    let acked = [left(0, 1), left(1, 2), left(2, 3)];
    says(&problems(&ledger(), END, &[&acked[..], &[left(7, 4)]].concat()), "nobody had emitted");
    let early = [&acked[..], &[left(3, 4), left(4, 5), left(5, 6)]].concat();
    says(&problems(&ledger(), Moment(20), &early), "nobody had emitted");
}

#[test]
fn the_record_begins_after_what_was_removed_or_may_have_been() {
    let mut ledger = ledger();
    let (begun, through) = (Moment(30), 2);
    ledger.prunings.push(Pruning { through, begun, answer: None });
    let whole = [left(0, 1), left(1, 2), left(2, 3)];
    assert!(
        problems(&ledger, END, &whole).is_empty() && problems(&ledger, END, &whole[2..]).is_empty()
    );
    says(&problems(&ledger, END, &whole[1..]), "begins at 2, and not at one of [1, 3]");
    says(&problems(&ledger, Moment(30), &whole[2..]), "begins at 3");
    ledger.prunings[0].answer = Some((Moment(40), 2));
    says(&problems(&ledger, END, &whole), "begins at 1, and not at one of [3]");
    assert!(problems(&ledger, END, &whole[2..]).is_empty());
}

#[test]
fn what_subscribers_were_told_is_held_against_what_emitters_were() {
    let told = |events: Vec<RecordedEvent>| {
        Ledger { told: events, ..ledger() }.problems_with_what_was_told()
    };
    assert!(told(vec![left(0, 1), left(1, 2), left(2, 3)]).is_empty());
    says(&told(vec![left(0, 1), left(1, 2)]), "not told of event-000002");
    says(&told(vec![left(0, 1), left(2, 3), left(1, 2)]), "out of order");
    says(
        &told(vec![left(0, 1), left(1, 2), left(2, 3), left(3, 4)]),
        "told of event-000003, which was not",
    );
}
