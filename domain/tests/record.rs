//! The pure rules over the record: which entries a question means, what they are counted by, which
//! of them may go, and reading one back as the type it is.

use std::error::Error;

use chrono::{DateTime, TimeDelta, Utc};
use indelible_domain::audit::retention::{
    Hold, Need, Prefix, RetentionPolicy, holds, prefix_that_may_go,
};
use indelible_domain::audit::{Page, TallyBy, TimeSpan, WrongEventType};
use indelible_domain::events::{PlanApplied, PlanCreated};
use indelible_domain::proof::CommittedField;
use indelible_domain::subscription::{DeadLetter, SubscriptionState, SubscriptionStatus};
use indelible_domain::{
    Actor, AuditEntry, AuditFilter, DomainEvent, ErasedFields, EventDraft, EventEnvelope, LogSpan,
    RecordedEvent, Sequence, SubscriptionName, TypePattern,
};
use proptest::prelude::*;
use serde_json::json;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap_or_default()
}

fn envelope() -> EventEnvelope {
    let event = PlanCreated {
        name: "a \"tidy\" plan".into(),
        goal: "main".into(),
        automation_profile: None,
    };
    EventDraft::from(event)
        .about("p1")
        .in_plan("p1")
        .in_project("store")
        .in_session("s1")
        .by(Actor::agent("planner"))
        .for_user("ann@example.org")
        .correlated_by("run-1")
        .occurred_at(at("2026-07-01T09:00:00Z"))
        .seal(at("2026-07-01T09:00:00Z"), || "e1".to_owned(), "/tests")
        .unwrap_or_else(|error| panic!("{error}"))
}

fn recorded() -> RecordedEvent {
    RecordedEvent {
        sequence: Sequence(7),
        recorded_at: at("2026-07-01T10:30:00Z"),
        envelope: envelope(),
        erased: ErasedFields::NONE,
    }
}

/// The same entry with nothing known of where it belongs.
fn bare() -> RecordedEvent {
    let mut event = recorded();
    event.envelope = EventDraft::from(PlanCreated::sample())
        .seal(at("2026-07-01T09:00:00Z"), || "e2".to_owned(), "/tests")
        .unwrap_or_else(|error| panic!("{error}"));
    event
}

type Change = fn(&mut AuditFilter);

#[test]
fn a_filter_means_the_entries_that_fit_every_part_of_it() {
    let (fits, does_not): (Vec<Change>, Vec<Change>) = (
        vec![
            |_| (),
            |f| f.types = vec![TypePattern::new("tool.*"), TypePattern::new("plan.cr*")],
            |f| f.contexts = vec!["tool".into(), "plan".into()],
            |f| f.plan_id = Some("p1".into()),
            |f| f.project_name = Some("store".into()),
            |f| f.session_id = Some("s1".into()),
            |f| f.actor = Some("agent:planner".into()),
            |f| f.user_identity = Some("ann@example.org".into()),
            |f| f.correlation_id = Some("run-1".into()),
            |f| f.recorded.since = Some(at("2026-07-01T10:30:00Z")),
            |f| f.occurred.until = Some(at("2026-07-01T09:00:01Z")),
            |f| f.contains = Some("a \"tidy\"".into()),
            |f| f.contains = Some("\"".into()),
        ],
        vec![
            |f| f.types = vec![TypePattern::new("tool.*")],
            |f| f.contexts = vec!["pla".into()],
            |f| f.plan_id = Some("p2".into()),
            |f| f.project_name = Some("stor".into()),
            |f| f.session_id = Some("s".into()),
            |f| f.actor = Some("planner".into()),
            |f| f.user_identity = Some("bob@example.org".into()),
            |f| f.correlation_id = Some("run-2".into()),
            |f| f.recorded.until = Some(at("2026-07-01T10:30:00Z")),
            |f| f.occurred.since = Some(at("2026-07-01T09:00:01Z")),
            |f| f.contains = Some("untidy".into()),
        ],
    );
    let everything_that_fits = {
        let mut filter = AuditFilter::default();
        for change in &fits {
            change(&mut filter);
        }
        filter
    };
    assert!(everything_that_fits.matches(&recorded()));
    for (n, change) in fits.iter().enumerate() {
        let mut filter = AuditFilter::default();
        change(&mut filter);
        assert!(filter.matches(&recorded()), "part {n} fits alone");
    }
    for (n, change) in does_not.iter().enumerate() {
        let mut filter = everything_that_fits.clone();
        change(&mut filter);
        assert!(!filter.matches(&recorded()), "part {n} does not fit, and so nothing does");
    }
}

#[test]
fn an_entry_without_a_field_is_not_meant_by_a_filter_on_it() {
    let parts: [Change; 6] = [
        |f| f.plan_id = Some(String::new()),
        |f| f.project_name = Some(String::new()),
        |f| f.session_id = Some(String::new()),
        |f| f.actor = Some(String::new()),
        |f| f.user_identity = Some(String::new()),
        |f| f.correlation_id = Some(String::new()),
    ];
    for change in parts {
        let mut filter = AuditFilter::default();
        change(&mut filter);
        assert!(!filter.matches(&bare()));
    }
    assert!(AuditFilter::default().matches(&bare()));
}

#[test]
fn a_span_of_time_includes_its_beginning_and_excludes_its_end() {
    let (since, until) = (at("2026-07-01T09:00:00Z"), at("2026-07-01T10:00:00Z"));
    let span = TimeSpan { since: Some(since), until: Some(until) };
    assert!(span.contains(since) && !span.contains(until));
    assert!(!span.contains(since - TimeDelta::nanoseconds(1)));
    assert!(span.contains(until - TimeDelta::nanoseconds(1)));
    assert!(TimeSpan::default().contains(DateTime::<Utc>::MIN_UTC));
}

#[test]
fn a_page_admits_what_lies_strictly_between_its_bounds() {
    let within = |page: Page| (1..=6).filter(|n| page.admits(Sequence(*n))).collect::<Vec<_>>();
    assert_eq!(within(Page::first(10)), [1, 2, 3, 4, 5, 6]);
    assert_eq!(within(Page::after(Sequence(4), 10)), [5, 6]);
    assert_eq!(within(Page { before: Some(Sequence(3)), ..Page::latest(10) }), [1, 2]);
    let both = Page { after: Some(Sequence(2)), before: Some(Sequence(5)), ..Page::first(1) };
    assert_eq!(within(both), [3, 4]);
    assert!(Page::latest(1).reverse && !Page::first(1).reverse);
}

#[test]
fn entries_are_counted_by_what_they_carry() {
    let keys = |event: RecordedEvent| {
        [
            TallyBy::Type,
            TallyBy::Context,
            TallyBy::Plan,
            TallyBy::Project,
            TallyBy::Actor,
            TallyBy::User,
            TallyBy::Hour,
            TallyBy::Day,
        ]
        .map(|by| by.key(&event).unwrap_or_default())
    };
    assert_eq!(
        keys(recorded()),
        [
            "plan.created",
            "plan",
            "p1",
            "store",
            "agent:planner",
            "ann@example.org",
            "2026-07-01T10",
            "2026-07-01"
        ]
    );
    assert_eq!(keys(bare())[2..6], ["", "", "", ""]);
}

#[test]
fn a_pattern_stands_for_one_name_or_for_many() {
    assert!(TypePattern::context("tool").matches("tool.invoked"));
    assert!(!TypePattern::context("tool").matches("toolbox.opened"));
    assert!(TypePattern::new("*.errored").has_wildcard());
    assert!(TypePattern::new("tool.?").has_wildcard());
    assert!(!TypePattern::new("tool.invoked").has_wildcard());
    assert_eq!(TypePattern::new("tool.*").to_string(), TypePattern::context("tool").as_str());
}

/// The same rule, written the slow and obvious way.
fn naive(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), None) => naive(rest, name),
        (Some((b'*', rest)), Some((_, tail))) => naive(rest, name) || naive(pattern, tail),
        (Some((b'?', rest)), Some((_, tail))) => naive(rest, tail),
        (Some((a, rest)), Some((b, tail))) => a == b && naive(rest, tail),
        _ => false,
    }
}

#[test]
fn a_pattern_of_many_stars_is_answered_at_once() {
    let pattern = TypePattern::new("*a".repeat(500));
    assert!(!pattern.matches(&format!("{}b", "a".repeat(20_000))));
}

#[test]
fn sequences_are_read_shown_and_counted_up() {
    assert_eq!("41".parse::<Sequence>().map(Sequence::next), Ok(Sequence(42)));
    assert_eq!(Sequence(42).to_string(), "42");
    assert!("minus one".parse::<Sequence>().is_err());
}

#[test]
fn an_entry_holds_the_texts_that_are_stored() {
    let entry = AuditEntry::new(envelope());
    assert_eq!(entry.details_json(), r#"{"name":"a \"tidy\" plan","goal":"main"}"#);
    assert_eq!(entry.extensions_json(), None);
    let mut envelope = envelope();
    envelope.extensions.insert("vendorkey".to_owned(), json!(1));
    let entry = AuditEntry::new(envelope.clone());
    assert_eq!(entry.extensions_json(), Some(r#"{"vendorkey":1}"#));
    assert_eq!(entry.envelope(), &envelope);
    assert_eq!(entry.into_envelope(), envelope);
}

#[test]
fn a_recorded_event_is_read_as_the_type_it_is_and_no_other() {
    let event = recorded();
    assert!(event.is::<PlanCreated>() && !event.is::<PlanApplied>());
    assert_eq!(event.decode::<PlanCreated>().map(|plan| plan.goal), Ok("main".to_owned()));

    let other = event.decode::<PlanApplied>().unwrap_err();
    assert_eq!(
        other.to_string(),
        "event 7 is a `plan.created`, not a `plan.applied`: ask `is` first"
    );

    let mut redacted = recorded();
    redacted.envelope.details.insert("goal".to_owned(), json!(false));
    let unreadable = redacted.decode::<PlanCreated>().unwrap_err();
    assert!(matches!(unreadable, WrongEventType::Details { sequence: Sequence(7), .. }));
    assert_eq!(unreadable.to_string(), "event 7 cannot be read as `plan.created`");
    assert_eq!(
        unreadable.source().map(ToString::to_string),
        Some("field `goal` must be a string, not the boolean false".to_owned())
    );

    let mut from_the_future = recorded();
    from_the_future.envelope.schema_version = 2;
    assert!(from_the_future.decode::<PlanCreated>().is_err());
}

fn span(first: u64, last: u64) -> LogSpan {
    let moment = DateTime::UNIX_EPOCH;
    LogSpan {
        first: Some((Sequence(first), moment)),
        last: Some((Sequence(last), moment)),
        entries: last - first + 1,
    }
}

#[test]
fn nothing_may_go_from_an_empty_record_or_when_nothing_expired() {
    assert_eq!(prefix_that_may_go(&LogSpan::default(), Some(Sequence(9)), None), None);
    assert_eq!(prefix_that_may_go(&span(1, 9), None, None), None);
    assert_eq!(prefix_that_may_go(&span(5, 9), Some(Sequence(4)), None), None, "gone already");
}

#[test]
fn the_newest_entry_stays_even_when_all_have_expired() {
    let prefix = prefix_that_may_go(&span(3, 9), Some(Sequence(9)), None);
    assert_eq!(prefix, Some(Prefix { from: Sequence(3), through: Sequence(8) }));
    assert_eq!(prefix.map(|prefix| prefix.entries()), Some(6));
    assert_eq!(prefix_that_may_go(&span(9, 9), Some(Sequence(9)), None), None);
}

fn named(name: &str) -> SubscriptionName {
    SubscriptionName::new(name).unwrap_or_else(|error| panic!("{error}"))
}

fn subscription(name: &str, cursor: u64) -> SubscriptionStatus {
    SubscriptionStatus {
        name: named(name),
        cursor: Sequence(cursor),
        reach: Sequence(cursor),
        state: SubscriptionState::Halted,
        holder: None,
        token: 0,
        failure: None,
        dead_letters: 0,
        created_at: DateTime::UNIX_EPOCH,
    }
}

fn dead_letter(name: &str, sequence: u64) -> DeadLetter {
    DeadLetter {
        subscription: named(name),
        sequence: Sequence(sequence),
        attempts: 1,
        errors: Vec::new(),
        failed_at: DateTime::UNIX_EPOCH,
        retry_requested: false,
    }
}

#[test]
fn a_subscription_needs_what_it_has_not_come_to_and_its_dead_letters() {
    let subscriptions = [subscription("billing", 122), subscription("mail", 40)];
    let letters = [dead_letter("mail", 45), dead_letter("billing", 7), dead_letter("billing", 9)];
    let needed = holds(&subscriptions, &letters);
    let hold = |name, sequence, need| Hold {
        subscription: named(name),
        sequence: Sequence(sequence),
        need,
    };
    assert_eq!(
        needed,
        [hold("billing", 7, Need::DeadLetter), hold("mail", 41, Need::ToCome)],
        "of each the oldest, the oldest of all first"
    );
    assert_eq!(
        needed[0].to_string(),
        "held back by a dead letter of subscription `billing` at 7: retry or discard it"
    );
    assert_eq!(
        holds(&subscriptions, &[])[1].to_string(),
        "held back by subscription `billing` at 123: resume or remove it"
    );
    assert_eq!(holds(&[], &[]), []);
}

proptest! {
    #[test]
    fn no_entry_goes_that_a_subscription_has_not_come_to_or_has_as_a_dead_letter(
        cursors in prop::collection::vec(0..60_u64, 0..4),
        letters in prop::collection::vec((0..4_usize, 0..60_u64), 0..4),
        expired in 0..60_u64,
    ) {
        const NAMES: [&str; 4] = ["a", "b", "c", "d"];
        let subscriptions: Vec<_> =
            cursors.iter().zip(NAMES).map(|(cursor, name)| subscription(name, *cursor)).collect();
        let letters: Vec<_> =
            letters.iter().map(|(name, sequence)| dead_letter(NAMES[*name], *sequence)).collect();
        let needed = holds(&subscriptions, &letters).first().map(|hold| hold.sequence);
        let gone = prefix_that_may_go(&span(1, 50), Some(Sequence(expired)), needed)
            .map_or(0, |prefix| prefix.through.0);
        prop_assert!(cursors.iter().all(|cursor| gone <= *cursor), "what is to come");
        prop_assert!(letters.iter().all(|letter| gone < letter.sequence.0.max(1)), "dead letters");
        let all_done = cursors.iter().all(|cursor| *cursor >= 49) && letters.is_empty();
        prop_assert!(!all_done || gone == expired.min(49), "nobody else holds anything back");
    }

    #[test]
    fn a_pattern_matches_what_the_obvious_rule_matches(
        pattern in "[ab.*?]{0,8}", name in "[ab.]{0,10}",
    ) {
        prop_assert_eq!(
            TypePattern::new(pattern.clone()).matches(&name),
            naive(pattern.as_bytes(), name.as_bytes())
        );
    }

    #[test]
    fn a_text_is_found_in_a_payload_however_json_writes_it(
        before in any::<String>(), text in any::<String>(), after in any::<String>(),
    ) {
        let mut event = recorded();
        event.envelope.details.insert("goal".into(), json!(format!("{before}{text}{after}")));
        let filter = AuditFilter { contains: Some(text.clone()), ..AuditFilter::default() };
        prop_assert!(filter.matches(&event));
        prop_assert_eq!(format!("\"{}\"", AuditFilter::as_stored(&text)), json!(text).to_string());
    }

    #[test]
    fn what_may_go_is_a_prefix_that_never_reaches_the_newest_entry_or_one_that_is_needed(
        first in 1..1000_u64, more in 0..1000_u64, expired in prop::option::of(0..3000_u64),
        needed in prop::option::of(0..3000_u64),
    ) {
        let last = first + more;
        let may_go =
            prefix_that_may_go(&span(first, last), expired.map(Sequence), needed.map(Sequence));
        if let Some(prefix) = may_go {
            prop_assert_eq!(prefix.from, Sequence(first), "contiguous from the oldest on");
            prop_assert!(prefix.through < Sequence(last), "never the newest");
            prop_assert!(Some(prefix.through.0) <= expired, "nothing before its time");
            prop_assert!(needed.is_none_or(|n| prefix.through.0 < n), "nothing that is needed");
            let next = prefix.through.0 + 1;
            prop_assert!(
                Some(next) == needed || next == last || Some(next) > expired,
                "all that may go"
            );
            prop_assert_eq!(
                prefix.entries(),
                (first..=last).filter(|n| *n <= prefix.through.0).count() as u64
            );
        } else {
            let nothing = expired.is_none_or(|e| e < first) || needed.is_some_and(|n| n <= first);
            prop_assert!(nothing || first == last, "all that may go");
        }
    }

    #[test]
    fn no_number_of_days_panics_and_zero_keeps_everything(
        days in any::<u32>(), seconds in -62_000_000_000..253_000_000_000_i64,
    ) {
        let now = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        prop_assert_eq!(RetentionPolicy::from_days(0).cutoff(now), None);
        let days = days.max(1);
        prop_assert_eq!(RetentionPolicy::from_days(days), RetentionPolicy::KeepDays(days));
        if let Some(cutoff) = RetentionPolicy::from_days(days).cutoff(now) {
            prop_assert_eq!(now - cutoff, TimeDelta::days(days.into()));
        } else {
            prop_assert!(days > 80_000_000, "only beyond the calendar is there no moment");
        }
    }
}

#[test]
fn erased_details_are_said_to_be_erased_and_not_to_be_wrong() {
    let mut event = bare();
    event.erased = ErasedFields::NONE.with(CommittedField::Actor);
    assert!(event.decode::<PlanCreated>().is_ok(), "what was said is still there");
    event.erased = event.erased.with(CommittedField::Details);
    let wrong = event.decode::<PlanCreated>().unwrap_err();
    assert!(matches!(wrong, WrongEventType::Erased { sequence: Sequence(7), .. }), "{wrong:?}");
    assert!(wrong.to_string().contains("were erased"), "{wrong}");
    let wrong = event.decode::<PlanApplied>().unwrap_err();
    assert!(matches!(wrong, WrongEventType::Other { .. }), "{wrong:?}");
}
