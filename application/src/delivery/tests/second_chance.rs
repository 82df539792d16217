//! Which dead letters are tried again, and how often.

use chrono::DateTime;
use domain::Sequence;
use domain::subscription::{DeadLetter, Effect, EventEffects, NewDeadLetter, RetriedLetter};

use super::window::event;
use crate::delivery::second_chance::SecondChances;

/// Dead letters as a look finds them: those that are asked for, and those that are not.
fn found(asked_for: &[u64], others: &[u64]) -> Vec<DeadLetter> {
    let letter = |sequence: &u64, retry_requested: bool| DeadLetter {
        subscription: "billing".parse().unwrap(),
        sequence: Sequence(*sequence),
        attempts: 1,
        errors: Vec::new(),
        failed_at: DateTime::UNIX_EPOCH,
        retry_requested,
    };
    let asked_for = asked_for.iter().map(|it| letter(it, true));
    asked_for.chain(others.iter().map(|it| letter(it, false))).collect()
}

fn failed(sequence: u64) -> NewDeadLetter {
    NewDeadLetter {
        sequence: Sequence(sequence),
        attempts: 1,
        errors: vec!["no".to_owned()],
        failed_at: DateTime::UNIX_EPOCH,
    }
}

fn asked(second: &mut SecondChances, letters: &[u64]) {
    let look = second.look();
    second.ask(look, found(letters, &[]));
}

/// Has the next one found and handed out.
fn tried(second: &mut SecondChances) -> Option<u64> {
    let next = second.next()?;
    second.found(event(next.0));
    second.hand_out().map(|event| event.sequence.0)
}

#[test]
fn what_is_asked_for_is_tried_one_at_a_time_in_order() {
    let mut second = SecondChances::default();
    let look = second.look();
    second.ask(look, found(&[9, 4], &[7]));
    assert_eq!((second.len(), second.is_at_work()), (2, false));
    assert_eq!(second.next(), Some(Sequence(4)));
    assert_eq!((second.next(), second.len()), (None, 2));
    assert!(!second.is_at_work() && !second.has_found() && second.hand_out().is_none());
    second.found(event(4));
    assert!(!second.is_at_work() && second.has_found() && second.next().is_none());
    assert_eq!(second.hand_out().unwrap().sequence, Sequence(4));
    assert!(second.is_at_work() && !second.has_found() && second.hand_out().is_none());
    assert_eq!((second.next(), second.len()), (None, 2));
    second.handled(Sequence(4), Vec::new());
    assert_eq!((tried(&mut second), second.len(), second.outcomes()), (Some(9), 2, 1));
    second.failed(failed(9));
    assert_eq!((second.next(), second.is_at_work(), second.outcomes()), (None, false, 2));
    let handled = EventEffects { sequence: Sequence(4), effects: Vec::new() };
    let outcomes = [RetriedLetter::Handled(handled), RetriedLetter::Failed(failed(9))];
    assert_eq!(second.to_note(), outcomes);
    second.note(&[Sequence(4)]);
    assert_eq!(second.to_note(), outcomes[1..]);
    second.note(&[Sequence(9)]);
    assert_eq!((second.len(), second.outcomes()), (0, 0));
}

#[test]
fn one_that_is_under_way_is_not_asked_for_once_more() {
    let mut second = SecondChances::default();
    asked(&mut second, &[4]);
    asked(&mut second, &[4]);
    assert_eq!(second.len(), 1, "it waits already");
    assert_eq!(second.next(), Some(Sequence(4)));
    asked(&mut second, &[4]);
    assert_eq!(second.len(), 1, "it is looked up");
    second.found(event(4));
    asked(&mut second, &[4]);
    assert_eq!(second.len(), 1, "it is found");
    second.hand_out();
    asked(&mut second, &[4]);
    assert_eq!(second.len(), 1, "it is being tried");
    second.handled(Sequence(4), Vec::new());
    asked(&mut second, &[4]);
    assert_eq!(second.len(), 1, "it waits to be noted");
    second.note(&[Sequence(4)]);
    asked(&mut second, &[4]);
    assert_eq!(tried(&mut second), Some(4), "it is asked for anew");
    second.given_up();
    assert_eq!((second.is_at_work(), second.len()), (false, 0), "as if it had not been tried");
}

#[test]
fn a_look_from_before_an_outcome_was_noted_does_not_have_it_tried_twice() {
    let mut second = SecondChances::default();
    asked(&mut second, &[4, 5]);
    tried(&mut second);
    let before = second.look();
    second.handled(Sequence(4), vec![Effect::new("x")]);
    second.note(&[Sequence(4)]);
    let after = second.look();
    second.ask(before, found(&[4, 5, 6], &[]));
    assert_eq!(second.len(), 2, "what was noted since that look began is none of it");
    second.ask(after, found(&[4], &[]));
    assert_eq!(second.next(), Some(Sequence(4)), "somebody asked for it after that");
}

#[test]
fn what_was_noted_while_nobody_looked_is_of_no_account() {
    let mut second = SecondChances::default();
    let first = second.look();
    second.note(&[Sequence(4)]);
    second.ask(first, Vec::new());
    second.note(&[Sequence(5)]);
    asked(&mut second, &[4, 5]);
    assert_eq!(second.len(), 2);
}

#[test]
fn when_one_was_noted_is_remembered_no_longer_than_somebody_looks() {
    let mut second = SecondChances::default();
    second.note(&[Sequence(1)]);
    assert_eq!(second.remembered(), 0, "nobody looks");
    let [first, last] = [second.look(), second.look()];
    second.note(&[Sequence(2), Sequence(3)]);
    second.ask(first, Vec::new());
    assert_eq!(second.remembered(), 2, "one still looks");
    second.ask(last, Vec::new());
    assert_eq!(second.remembered(), 0);
}

#[test]
fn effects_that_are_refused_make_a_failure_of_what_was_handled_and_stop_nothing_else() {
    let mut second = SecondChances::default();
    asked(&mut second, &[4, 5, 6]);
    tried(&mut second);
    second.handled(Sequence(4), Vec::new());
    tried(&mut second);
    assert_eq!(second.with_effects(), None);
    second.handled(Sequence(5), vec![Effect::new("x")]);
    assert_eq!(second.with_effects(), Some(Sequence(5)));
    assert!(second.has_effects(Sequence(5)) && !second.has_effects(Sequence(4)));
    assert_eq!(tried(&mut second), Some(6));
    second.failed(failed(5));
    assert!(second.is_at_work(), "another one is still being tried");
    assert_eq!((second.next(), second.with_effects()), (None, None));
    assert_eq!(second.to_note()[1], RetriedLetter::Failed(failed(5)));
}
