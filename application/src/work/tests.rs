//! The rule by which ends find their beginnings.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::events::{
    ActorCompleted, ActorInvoked, BudgetWarning, CATALOGUE, PlanCancelled, SessionClosed,
    SessionCreated, ToolCompleted, ToolErrored, ToolInvoked, ToolRetried,
};
use domain::{DomainEvent, ErasedFields, EventDraft, RecordedEvent, Sequence};
use proptest::prelude::*;

use super::Step::{Continued, Opened, Reopened};
use super::{Matching, Step};

fn invoked(id: &str) -> EventDraft {
    ToolInvoked { invocation_id: id.into(), ..ToolInvoked::sample() }.into()
}

fn completed(id: &str) -> EventDraft {
    ToolCompleted { invocation_id: id.into(), ..ToolCompleted::sample() }.into()
}

fn errored(id: &str) -> EventDraft {
    ToolErrored { invocation_id: id.into(), ..ToolErrored::sample() }.into()
}

fn retried(id: &str) -> EventDraft {
    ToolRetried { invocation_id: id.into(), ..ToolRetried::sample() }.into()
}

fn recorded(n: usize, draft: EventDraft) -> RecordedEvent {
    let now = DateTime::<Utc>::UNIX_EPOCH;
    let envelope = draft.seal(now, || format!("e{n}"), "/tests").unwrap();
    RecordedEvent {
        sequence: Sequence(n as u64),
        recorded_at: now,
        envelope,
        erased: ErasedFields::NONE,
    }
}

/// What each event of a record did; beginnings are known by their places, from 1. Then what is open.
fn played(drafts: Vec<EventDraft>) -> (Vec<Step<u64>>, Vec<u64>) {
    let mut matching = Matching::new(CATALOGUE);
    let steps = drafts
        .into_iter()
        .enumerate()
        .map(|(n, draft)| {
            let event = recorded(n + 1, draft);
            matching.take(&event, |_| event.sequence.0)
        })
        .collect();
    let mut open: Vec<u64> = matching.into_open().collect();
    open.sort_unstable();
    (steps, open)
}

fn ended(begun: u64, completed: bool) -> Step<u64> {
    Step::Ended { begun, completed }
}

const UNMATCHED: Step<u64> = Step::Unmatched { opener: "tool.invoked" };

#[test]
fn an_end_finds_the_newest_open_beginning_of_its_key() {
    let (steps, open) = played(vec![
        invoked("a"),
        invoked("b"),
        invoked("a"),
        completed("a"),
        errored("a"),
        completed("a"),
        completed("c"),
    ]);
    let expected = [Opened, Opened, Opened, ended(3, true), ended(1, false), UNMATCHED, UNMATCHED];
    assert_eq!(steps, expected);
    assert_eq!(open, [2]);
}

#[test]
fn what_failed_is_open_again_when_it_is_resumed_and_only_then() {
    let (steps, open) = played(vec![
        invoked("a"),
        retried("a"),
        errored("a"),
        retried("a"),
        completed("a"),
        invoked("b"),
        errored("b"),
        retried("b"),
    ]);
    let expected = [Opened, Continued, ended(1, false), Reopened, ended(4, true)];
    assert_eq!(steps[..5], expected);
    assert_eq!(open, [8]);
}

#[test]
fn an_end_of_another_plan_or_session_ends_nothing_and_one_that_says_neither_does() {
    let elsewhere = [completed("a").in_plan("q"), completed("a").in_session("t")];
    for end in elsewhere {
        let begin = invoked("a").in_plan("p").in_session("s");
        assert_eq!(played(vec![begin, end]).0[1], UNMATCHED);
    }
    let here = [completed("a"), completed("a").in_plan("p"), completed("a").in_session("s")];
    for end in here {
        let begin = invoked("a").in_plan("p").in_session("s").correlated_by("r");
        assert_eq!(played(vec![begin, end]).0[1], ended(1, true));
    }
}

#[test]
fn of_several_beginnings_that_fit_the_one_of_the_same_run_is_ended() {
    let runs = |run: &str| invoked("a").correlated_by(run);
    let (steps, open) =
        played(vec![runs("r"), runs("s"), invoked("a"), completed("a").correlated_by("r")]);
    assert_eq!((&steps[3], &*open), (&ended(1, true), &[2, 3][..]));
    // A session is closed in another run than the one that created it.
    let created = SessionCreated { session_id: "x".into(), client: None };
    let closed = SessionClosed { session_id: "x".into(), reason: "done".into() };
    let (steps, _) = played(vec![
        EventDraft::from(created).correlated_by("login"),
        EventDraft::from(closed).correlated_by("logout"),
    ]);
    assert_eq!(steps[1], ended(1, true));
}

#[test]
fn without_an_id_work_is_told_apart_by_the_next_key_that_is_declared() {
    let begin = |id: Option<&str>, actor: &str| -> EventDraft {
        let id = id.map(str::to_owned);
        ActorInvoked { invocation_id: id, actor: actor.into(), ..ActorInvoked::sample() }.into()
    };
    let end = |id: Option<&str>, actor: &str| -> EventDraft {
        let id = id.map(str::to_owned);
        ActorCompleted { invocation_id: id, actor: actor.into(), ..ActorCompleted::sample() }.into()
    };
    let (steps, open) = played(vec![
        begin(None, "coder"),
        begin(Some("i1"), "coder"),
        begin(Some("coder"), "planner"),
        begin(Some(""), "tester"),
        end(None, "coder"),
        end(Some("i1"), "coder"),
        end(None, "tester"),
    ]);
    assert_eq!(steps[4..], [ended(1, true), ended(2, true), ended(4, true)]);
    assert_eq!(open, [3], "a name is no id, even where it reads like one");
}

#[test]
fn what_plays_no_part_or_has_no_key_is_left_alone() {
    let mut odd = recorded(1, invoked("a"));
    let take = |event: &RecordedEvent| {
        let mut matching = Matching::new(CATALOGUE);
        matching.take(event, |_| ())
    };
    odd.envelope.details.insert("invocation_id".into(), serde_json::json!(["a"]));
    assert_eq!(take(&odd), Step::Unrelated);
    odd.envelope.details.insert("invocation_id".into(), 7.into());
    assert_eq!(take(&odd), Step::Opened, "a number is a key");
    odd.envelope.schema_version = 2;
    assert_eq!(take(&odd), Step::Unrelated, "a version from the future cannot be read");
    assert_eq!(take(&recorded(1, PlanCancelled::sample().into())), Step::Unrelated);
    assert_eq!(take(&recorded(1, BudgetWarning::sample().into())), Step::Unrelated);
}

/// The rule as it is written, looking at all that is open: what an end ends, by its place.
fn ended_by_the_rule(
    live: &BTreeSet<u64>,
    events: &[RecordedEvent],
    end: &RecordedEvent,
) -> Option<u64> {
    let begun = |n: &u64| &events[usize::try_from(*n).unwrap() - 1];
    let fitting = || live.iter().rev().filter(|n| agree(begun(n), end));
    let run = &end.envelope.correlation_id;
    let same_run = |n: &&u64| run.is_some() && begun(n).envelope.correlation_id == *run;
    fitting().find(same_run).or_else(|| fitting().next()).copied()
}

#[test]
fn what_is_open_of_one_key_is_not_looked_through_for_each_end() {
    // None is of the run of another, and the oldest ends first.
    let took = |calls: usize| {
        let of_call = |draft: EventDraft, n: usize| {
            draft.in_session(format!("s{n}")).correlated_by(format!("r{n}"))
        };
        let begins = (0..calls).map(|n| of_call(invoked("1"), n));
        let ends =
            (0..calls).map(|n| completed("1").in_session(format!("s{n}")).correlated_by("other"));
        let drafts = begins.chain(ends).collect();
        let began = std::time::Instant::now();
        let (steps, open) = played(drafts);
        let took = began.elapsed();
        let mut ends = steps[calls..].iter().enumerate();
        assert!(ends.all(|(n, step)| *step == ended(n as u64 + 1, true)));
        assert_eq!(open, Vec::<u64>::new());
        took
    };
    // Looking at all of them each time takes 16 times as long for four times as many. A machine that has
    // other things to do may disturb some of the attempts.
    let grew = || took(20_000).as_secs_f64() / took(5_000).as_secs_f64();
    let growth: Vec<f64> = (0..5).map(|_| grew()).collect();
    assert!(growth.iter().any(|growth| *growth < 8.0), "{growth:?}");
}

/// Any event of work, and some that are none.
fn any_draft() -> impl Strategy<Value = EventDraft> {
    let place = || prop::option::of(prop::sample::select(vec!["p", "q"]));
    (0..5_u8, 0..3_u8, place(), place(), place()).prop_map(|(kind, key, plan, session, run)| {
        let key = format!("k{key}");
        let mut draft = match kind {
            0 => invoked(&key),
            1 => completed(&key),
            2 => errored(&key),
            3 => retried(&key),
            _ => SessionCreated { session_id: key, client: None }.into(),
        };
        if let Some(plan) = plan {
            draft = draft.in_plan(plan);
        }
        if let Some(session) = session {
            draft = draft.in_session(session);
        }
        if let Some(run) = run {
            draft = draft.correlated_by(run);
        }
        draft
    })
}

/// Whether an end may end a beginning: the same work, as far as both say.
fn agree(begin: &RecordedEvent, end: &RecordedEvent) -> bool {
    let (a, b) = (&begin.envelope, &end.envelope);
    let same = |a: &Option<String>, b: &Option<String>| a.is_none() || b.is_none() || a == b;
    a.details.get("invocation_id") == b.details.get("invocation_id")
        && a.event_type.context() == b.event_type.context()
        && same(&a.plan_id, &b.plan_id)
        && same(&a.session_id, &b.session_id)
}

proptest! {
    #[test]
    fn each_beginning_ends_at_most_once_by_an_end_after_it_and_none_is_passed_over(
        drafts in prop::collection::vec(any_draft(), 0..40),
    ) {
        let events: Vec<_> =
            drafts.iter().cloned().enumerate().map(|(n, draft)| recorded(n + 1, draft)).collect();
        let (steps, open) = played(drafts);
        let mut live: BTreeSet<u64> = BTreeSet::new();
        for (event, step) in events.iter().zip(&steps) {
            let begun = |n: &u64| &events[usize::try_from(*n).unwrap() - 1];
            let mut fitting = live.iter().filter(|n| agree(begun(n), event));
            match step {
                Step::Opened => prop_assert!(live.insert(event.sequence.0)),
                Step::Reopened => {
                    prop_assert_eq!(fitting.next(), None);
                    prop_assert!(live.insert(event.sequence.0));
                }
                Step::Continued => prop_assert!(fitting.next().is_some()),
                Step::Ended { begun: ended, .. } => {
                    prop_assert!(*ended < event.sequence.0);
                    prop_assert_eq!(Some(*ended), ended_by_the_rule(&live, &events, event));
                    prop_assert!(live.remove(ended), "ended twice");
                }
                Step::Unmatched { .. } => prop_assert_eq!(fitting.next(), None),
                Step::Unrelated => prop_assert!(false, "all of these play a part"),
            }
        }
        prop_assert_eq!(open, live.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn what_stands_between_them_changes_nothing(
        drafts in prop::collection::vec((any_draft(), any::<bool>()), 0..30),
    ) {
        let matched = |drafts: Vec<EventDraft>| {
            let mut matching = Matching::new(CATALOGUE);
            let mut number = 0;
            let mut steps = Vec::new();
            for draft in drafts {
                let step = matching.take(&recorded(1, draft), |_| {
                    number += 1;
                    number
                });
                if step != Step::Unrelated {
                    steps.push(step);
                }
            }
            steps
        };
        let alone = matched(drafts.iter().map(|(draft, _)| draft.clone()).collect());
        let mixed = drafts.into_iter().flat_map(|(draft, noise)| {
            [noise.then(|| PlanCancelled::sample().into()), Some(draft)].into_iter().flatten()
        });
        prop_assert_eq!(alone, matched(mixed.collect()));
    }
}
