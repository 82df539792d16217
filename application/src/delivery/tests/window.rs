//! The window against a model: whatever fails and in whichever order handlers return.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::DateTime;
use domain::events::PlanCreated;
use domain::subscription::{Effect, NewDeadLetter};
use domain::{DomainEvent, ErasedFields, EventDraft, RecordedEvent, Sequence};
use proptest::prelude::*;

use crate::delivery::RetryPolicy;
use crate::delivery::window::{Verdict, Window};

pub(super) fn event(sequence: u64) -> Arc<RecordedEvent> {
    let now = DateTime::UNIX_EPOCH;
    let envelope = EventDraft::from(PlanCreated::sample()).seal(now, String::new, "/t").unwrap();
    Arc::new(RecordedEvent {
        sequence: Sequence(sequence),
        recorded_at: now,
        envelope,
        erased: ErasedFields::NONE,
    })
}

/// What happens next to one of the handlers at work, or to the window.
#[derive(Clone, Copy, Debug)]
enum Act {
    Succeed(usize),
    Fail(usize),
    GiveWayAfterPause,
    Note,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => any::<usize>().prop_map(Act::Succeed),
        2 => any::<usize>().prop_map(Act::Fail),
        1 => Just(Act::GiveWayAfterPause),
        2 => Just(Act::Note),
    ]
}

proptest! {
    #[test]
    fn every_event_is_done_once_in_the_order_of_its_key_and_the_cursor_leaves_no_gap(
        keys in proptest::collection::vec(0_u8..4, 1..30),
        gaps in proptest::collection::vec(1_u64..4, 30),
        acts in proptest::collection::vec(act(), 0..200),
        width in 1_usize..5,
    ) {
        let retry = RetryPolicy { attempts: 3, jitter: false, ..RetryPolicy::default() };
        let mut window = Window::new(Sequence(10), Sequence(10), retry);
        let mut place = 10;
        let events: Vec<(Option<String>, Arc<RecordedEvent>)> = keys
            .iter()
            .zip(&gaps)
            .map(|(key, gap)| { place += gap; (Some(key.to_string()), event(place)) })
            .collect();
        let key_of: HashMap<Sequence, Option<String>> =
            events.iter().map(|(key, event)| (event.sequence, key.clone())).collect();
        let end = Sequence(place + 2);
        window.read(events.clone(), end);

        let (mut running, mut pausing) = (Vec::<Sequence>::new(), Vec::new());
        let mut finished: BTreeMap<Sequence, bool> = BTreeMap::new();
        let mut order: HashMap<Option<String>, Vec<Sequence>> = HashMap::new();
        let mut effects: Vec<Sequence> = Vec::new();
        let mut dead: Vec<Sequence> = Vec::new();
        // After what was drawn, everything comes to its end by itself.
        let ending = std::iter::repeat_n(
            [Act::Note, Act::Succeed(0), Act::GiveWayAfterPause], 200
        ).flatten();
        for act in acts.into_iter().chain(ending) {
            while running.len() < width {
                let Some((event, _)) = window.hand_out() else { break };
                prop_assert!(event.sequence <= window.reach(), "handed out before it was noted");
                let same = |other: &&Sequence| key_of[other] == key_of[&event.sequence];
                prop_assert_eq!(running.iter().find(same), None, "two of one key at once");
                running.push(event.sequence);
            }
            prop_assert_eq!(running.len(), window.running());
            match act {
                Act::Succeed(which) if !running.is_empty() => {
                    let one = running.remove(which % running.len());
                    window.handled(one, vec![Effect::new("x")]);
                    finished.insert(one, true);
                    order.entry(key_of[&one].clone()).or_default().push(one);
                }
                Act::Fail(which) if !running.is_empty() => {
                    let one = running.remove(which % running.len());
                    match window.failed(one) {
                        Verdict::Again(_) => pausing.push(one),
                        Verdict::Exhausted(attempts) => {
                            prop_assert_eq!(attempts, 3);
                            let errors = vec!["no".to_owned()];
                            let failed_at = DateTime::UNIX_EPOCH;
                            window.dead(NewDeadLetter { sequence: one, attempts, errors, failed_at });
                            finished.insert(one, false);
                        }
                    }
                }
                Act::GiveWayAfterPause => pausing.drain(..).for_each(|one| window.again(one)),
                Act::Note => {
                    let done = window.done();
                    let open = events.iter().map(|(_, it)| it.sequence)
                        .find(|it| !finished.contains_key(it));
                    let expected = open.map_or(end, |open| Sequence(open.0 - 1));
                    prop_assert_eq!(done.cursor, expected);
                    effects.extend(done.effects.iter().map(|it| it.sequence));
                    dead.extend(done.dead_letters.iter().map(|it| it.sequence));
                    let reach = window.wanted_reach();
                    window.note(done.cursor, reach);
                }
                Act::Succeed(_) | Act::Fail(_) => {}
            }
        }
        prop_assert_eq!(window.len(), 0);
        prop_assert_eq!(window.noted(), end);
        let all: BTreeSet<Sequence> = key_of.keys().copied().collect();
        prop_assert_eq!(finished.keys().copied().collect::<BTreeSet<_>>(), all);
        for handled in order.values() {
            prop_assert!(handled.is_sorted(), "out of order within a key: {:?}", handled);
        }
        let with = |well: bool| finished.iter().filter(move |(_, it)| **it == well).map(|(it, _)| *it);
        prop_assert_eq!(effects, with(true).collect::<Vec<_>>());
        prop_assert_eq!(dead, with(false).collect::<Vec<_>>());
    }
}

#[test]
fn an_event_whose_effects_were_refused_is_handed_out_again_though_its_key_went_on() {
    let mut window = Window::new(Sequence(0), Sequence(0), RetryPolicy::attempts(2));
    window.read([(None, event(1)), (None, event(2))], Sequence(2));
    assert!(window.hand_out().is_none(), "not before its reach is noted");
    window.note(Sequence(0), Sequence(2));
    let (first, attempt) = window.hand_out().unwrap();
    assert_eq!((first.sequence, attempt), (Sequence(1), 1));
    window.handled(Sequence(1), vec![Effect::new("x")]);
    assert_eq!(window.hand_out().unwrap().0.sequence, Sequence(2));
    assert!(window.has_effects(Sequence(1)) && !window.is_open(Sequence(1)));

    assert!(matches!(window.failed(Sequence(1)), Verdict::Again(_)));
    assert_eq!((window.running(), window.done().cursor), (1, Sequence(0)));
    window.again(Sequence(1));
    let (again, attempt) = window.hand_out().unwrap();
    assert_eq!((again.sequence, attempt), (Sequence(1), 2));
    window.handled(Sequence(1), Vec::new());
    window.given_up(Sequence(2));
    assert_eq!((window.running(), window.done().cursor), (0, Sequence(1)));
    assert_eq!(window.failed(Sequence(9)), Verdict::Exhausted(0), "what is not there");
}

#[test]
fn an_event_is_open_until_it_is_done_and_has_effects_only_where_there_are_any() {
    let mut window = Window::new(Sequence(0), Sequence(2), RetryPolicy::once());
    window.read([(None, event(1)), (None, event(2))], Sequence(2));
    let state = |window: &Window, place| {
        (window.is_open(Sequence(place)), window.has_effects(Sequence(place)))
    };
    assert_eq!(state(&window, 1), (true, false), "it waits");
    window.hand_out().unwrap();
    assert_eq!(state(&window, 1), (true, false), "it is being handled");
    window.handled(Sequence(1), Vec::new());
    assert_eq!(state(&window, 1), (false, false));
    window.hand_out().unwrap();
    window.handled(Sequence(2), vec![Effect::new("x")]);
    assert_eq!(state(&window, 2), (false, true));
    assert_eq!(state(&window, 9), (false, false), "it is not there");
}

#[test]
fn a_key_that_is_held_hands_nothing_out_and_others_go_on() {
    let key = |text: &str| Some(text.to_owned());
    let mut window = Window::new(Sequence(0), Sequence(0), RetryPolicy::once());
    let keys = ["a", "a", "b"].map(key);
    window.read((1..).zip(keys).map(|(place, key)| (key, event(place))), Sequence(3));
    window.note(Sequence(0), Sequence(3));
    assert!(!window.holds_up(), "no key is held");
    assert_eq!(window.hand_out().unwrap().0.sequence, Sequence(1));
    window.hold(Some(key("b")));
    assert!(!window.holds_up() && window.hand_out().is_none(), "one of b waits");
    window.hold(Some(key("a")));
    assert!(window.holds_up(), "one of a is at work");
    assert_eq!(window.hand_out().unwrap().0.sequence, Sequence(3));
    window.handled(Sequence(1), Vec::new());
    assert!(!window.holds_up() && window.hand_out().is_none(), "the next of a waits");
    window.hold(None);
    assert_eq!(window.hand_out().unwrap().0.sequence, Sequence(2));
    assert!(!window.holds_up());
    window.handled(Sequence(3), Vec::new());
    assert_eq!(window.done().handled, [Sequence(1)]);
    window.handled(Sequence(2), Vec::new());
    assert_eq!(window.done().handled, [1, 2, 3].map(Sequence));
}

#[test]
fn those_without_a_key_are_held_as_well() {
    let mut window = Window::new(Sequence(0), Sequence(2), RetryPolicy::once());
    window.read([(None, event(1))], Sequence(1));
    window.hold(Some(None));
    assert!(window.hand_out().is_none() && !window.holds_up());
    window.hold(None);
    assert!(window.hand_out().is_some());
}
